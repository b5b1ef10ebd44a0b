"""Two shapes, as they were typed, and what PyTorch does with tensors that have them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch

MOST_DIMENSIONS = 5
LARGEST_SIZE = 4096
_SHOWN = 40
_INDICES = "ijklm"

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Outcome:
    """What PyTorch does with two tensors.

    Attributes
    ----------
    result : tuple of int, or None
        The shape of the result; None where the shapes clash.
    strides : tuple of tuple of int
        The strides of both, stretched to the result.
    error : str
        PyTorch's message where the shapes clash.
    clash : int
        The dimension that the message names, -1 if it names none.
    """

    result: Shape | None
    strides: tuple[Shape, ...] = ()
    error: str = ""
    clash: int = -1


def typed_shape(text: str) -> Shape:
    """Return the shape that was typed.

    Raises
    ------
    ValueError
        With a sentence for the learner, if it is none that can be shown.

    Examples
    --------
    >>> typed_shape("(3, 1)"), typed_shape("4,"), typed_shape("")
    ((3, 1), (4,), ())
    >>> typed_shape("3 x 4")
    Traceback (most recent call last):
    ValueError: A shape is written as whole numbers with commas, as in 3, 4. Yours is: 3 x 4
    """
    inside = text.strip().removeprefix("(").removesuffix(")").strip().removesuffix(",").strip()
    parts = re.split(r"\s*,\s*|\s+", inside) if inside else []
    if not all(re.fullmatch(r"-?\d{1,9}", part) for part in parts):
        raise ValueError(
            "A shape is written as whole numbers with commas, as in 3, 4. "
            f"Yours is: {text[:_SHOWN]}"
        )
    return checked_shape(tuple(int(part) for part in parts))


def checked_shape(shape: Shape) -> Shape:
    """Return a shape that can be shown; raises ValueError, with a sentence, for another."""
    if any(size < 0 for size in shape):
        raise ValueError("A dimension cannot have a negative size.")
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"Up to {MOST_DIMENSIONS} dimensions can be shown here.")
    if any(size > LARGEST_SIZE for size in shape):
        raise ValueError(f"Sizes up to {LARGEST_SIZE} can be shown here.")
    return shape


def outcome_of(first: Shape, second: Shape) -> Outcome:
    """Return what PyTorch does with two tensors of these shapes.

    Examples
    --------
    >>> outcome_of((3, 1), (4,))
    Outcome(result=(3, 4), strides=((1, 0), (0, 1)), error='', clash=-1)
    >>> outcome_of((3,), (4,)).clash
    0
    """
    shapes = (first, second)
    try:
        result = torch.broadcast_shapes(*shapes)  # type: ignore[no-untyped-call]
    except RuntimeError:
        return _clash(first, second)
    # Tensors on "meta" have strides, and take no memory.
    tensors = (torch.empty(shape, device="meta") for shape in shapes)
    return Outcome(tuple(result), tuple(tensor.expand(result).stride() for tensor in tensors))


def _clash(first: Shape, second: Shape) -> Outcome:
    # The words for tensors on "meta" are others. Stretched from one number, these take no memory.
    one = torch.zeros((), device="cpu")
    try:
        one.expand(first) + one.expand(second)
    except RuntimeError as error:
        message = str(error)
        found = re.search(r"non-singleton dimension (\d+)", message)
        return Outcome(None, error=message, clash=int(found[1]) if found else -1)
    raise AssertionError(f"{first} and {second} clash and can be added")


def element_text(names: Sequence[str], shapes: Sequence[Shape], depth: int) -> str:
    """Say which elements of two tensors an element of their result comes from.

    Examples
    --------
    >>> element_text(("a", "b"), ((3, 1), (4,)), 2)
    'result[i, j] comes from a[i, 0] and b[j]'
    """
    indices = _INDICES[:depth]
    parts = []
    for name, shape in zip(names, shapes, strict=True):
        own = indices[depth - len(shape) :]
        items = ["0" if size == 1 else index for index, size in zip(own, shape, strict=True)]
        parts.append(f"{name}[{', '.join(items)}]" if items else f"{name} itself")
    result = f"result[{', '.join(indices)}]" if depth else "result"
    return f"{result} comes from {' and '.join(parts)}"


def said_of(names: Sequence[str], shapes: Sequence[Shape], outcome: Outcome) -> str:
    """Describe what happens to two tensors.

    Examples
    --------
    >>> said_of(("a", "b"), ((3, 1), (4,)), outcome_of((3, 1), (4,)))
    'They fit: the result has shape (3, 4), 12 elements. Both are stretched. Is that what you want?'
    """
    if outcome.result is None:
        return _said_of_clash(names, shapes, outcome.clash)
    count = math.prod(outcome.result)
    elements = "1 element" if count == 1 else f"{count:,} elements"
    stretched = [
        (name, math.prod(shape))
        for name, shape in zip(names, shapes, strict=True)
        if math.prod(shape) != count
    ]
    return f"They fit: the result has shape {outcome.result}, {elements}. {_stretched(stretched)}"


def _stretched(stretched: Sequence[tuple[str, int]]) -> str:
    if not stretched:
        return "Nothing is stretched."
    if len(stretched) > 1:
        return "Both are stretched. Is that what you want?"
    ((name, count),) = stretched
    numbers = "1 number" if count == 1 else f"{count:,} numbers"
    return f"{name} is stretched, and nothing is copied: it still holds {numbers}."


def _said_of_clash(names: Sequence[str], shapes: Sequence[Shape], clash: int) -> str:
    depth = max(len(shape) for shape in shapes)
    sizes = [shape[clash - depth] for shape in shapes]
    return (
        f"They clash in dimension {clash} (from the right, {clash - depth}): {sizes[0]} and "
        f"{sizes[1]} differ, and neither is 1. For PyTorch {names[0]} is tensor a, and {names[1]} "
        "is tensor b."
    )
