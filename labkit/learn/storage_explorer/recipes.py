"""A shape, a stride and an offset as they were typed, and whether they fit a storage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.learn.pictures.storage import MOST_DIMENSIONS, MOST_ELEMENTS

_LARGEST = 10**6
_SHOWN = 40


@dataclass(frozen=True)
class Recipe:
    """How a tensor reads a storage.

    Attributes
    ----------
    shape, stride : tuple of int
    offset : int
    """

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int

    def place(self, index: Sequence[int]) -> int:
        """Return the place in the storage that an index reads.

        Examples
        --------
        >>> Recipe((3, 4), (4, 1), 0).place((1, 2))
        6
        """
        return self.offset + sum(i * step for i, step in zip(index, self.stride, strict=True))

    def sum_of(self, index: Sequence[int]) -> str:
        """Return how the place of an index comes about.

        Examples
        --------
        >>> Recipe((3, 4), (4, 1), 0).sum_of((1, 2))
        '0 + 1 × 4 + 2 × 1 = 6'
        """
        jumps = [f"{i} × {step}" for i, step in zip(index, self.stride, strict=True)]
        return f"{' + '.join([str(self.offset), *jumps])} = {self.place(index)}"


def typed_recipe(shape: str, stride: str, offset: str) -> Recipe:
    """Return the recipe that was typed.

    Raises
    ------
    ValueError
        With a sentence for the learner, if it is none.

    Examples
    --------
    >>> typed_recipe("4, 3", "(1, 4)", "0")
    Recipe(shape=(4, 3), stride=(1, 4), offset=0)
    >>> typed_recipe("4, x", "1, 4", "0")
    Traceback (most recent call last):
    ValueError: The shape is written as whole numbers with commas, as in 3, 4. Yours is: 4, x
    """
    offsets = _numbers("offset", offset)
    if len(offsets) != 1:
        raise ValueError(f"The offset is one whole number, as in 0. Yours is: {offset[:_SHOWN]}")
    return Recipe(_numbers("shape", shape), _numbers("stride", stride), offsets[0])


def _numbers(what: str, text: str) -> tuple[int, ...]:
    inside = text.strip().removeprefix("(").removesuffix(")").strip().removesuffix(",")
    parts = re.split(r"\s*,\s*|\s+", inside.strip()) if inside.strip() else []
    if not all(re.fullmatch(r"-?\d{1,9}", part) for part in parts):
        example = "0" if what == "offset" else "3, 4"
        raise ValueError(
            f"The {what} is written as whole numbers with commas, as in {example}. "
            f"Yours is: {text[:_SHOWN]}"
        )
    return tuple(int(part) for part in parts)


def problem_of(recipe: Recipe, size: int) -> str:
    """Say why a recipe cannot be read from a storage of this size; empty if it can.

    Examples
    --------
    >>> problem_of(Recipe((3, 4), (4, 1), 0), 12)
    ''
    >>> problem_of(Recipe((3, 4), (5, 1), 0), 12)
    'The last element, [2, 3], would be at place 0 + 2 × 5 + 3 × 1 = 13. The storage ends at 11.'
    """
    return _wrong_numbers(recipe) or _too_large(recipe) or _beyond(recipe, size)


def _wrong_numbers(recipe: Recipe) -> str:
    n_sizes, n_strides = len(recipe.shape), len(recipe.stride)
    if n_sizes != n_strides:
        return (
            f"The shape has {_dimensions(n_sizes)}, the stride has {_dimensions(n_strides)}. "
            "There is one stride for each dimension."
        )
    if any(size < 0 for size in recipe.shape):
        return "A dimension cannot have a negative size."
    if any(step < 0 for step in recipe.stride):
        return (
            "PyTorch has no negative strides: reading backwards, with torch.flip, makes a copy. "
            "(In NumPy a stride may be negative.)"
        )
    if recipe.offset < 0:
        return "The offset counts from the start of the storage, so it cannot be negative."
    return ""


def _dimensions(number: int) -> str:
    return "1 dimension" if number == 1 else f"{number} dimensions"


def _too_large(recipe: Recipe) -> str:
    count = 1
    for size in recipe.shape:
        count = min(count * size, _LARGEST)
    if len(recipe.shape) > MOST_DIMENSIONS:
        return f"Up to {MOST_DIMENSIONS} dimensions can be drawn here."
    if count > MOST_ELEMENTS:
        return f"Up to {MOST_ELEMENTS} elements can be drawn here."
    return ""


def _beyond(recipe: Recipe, size: int) -> str:
    if 0 in recipe.shape:
        return ""
    last = [size_of - 1 for size_of in recipe.shape]
    if recipe.place(last) < size:
        return ""
    return (
        f"The last element, {last}, would be at place {recipe.sum_of(last)}. "
        f"The storage ends at {size - 1}."
    )
