"""Floating point operations of a node, as far as the shapes in the graph determine them.

The formulas are those of `torch.utils.flop_counter`. A graph has no edges for inputs that require
no gradient, so a formula is used only if all possible shapes of these inputs give the same number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from labkit.run.graph.parts import Node
from labkit.run.graph.uncounted_operations import UNCOUNTED

Shape = tuple[int, ...]


class Flops(NamedTuple):
    """Floating point operations of the forward and the backward pass; None if unknown."""

    forward: int | None
    backward: int | None


UNKNOWN = Flops(None, None)


def flops_by_shape(node: Node, inputs: Sequence[Shape | None]) -> Flops:
    """Return the floating point operations of an operation.

    Parameters
    ----------
    node : Node
        Of kind ``"op"``.
    inputs : sequence of (tuple of int or None)
        Shapes of the inputs that require a gradient, in order.

    Examples
    --------
    >>> product = Node("/mm:0", "op", "mm", "", (2, 3), backward="MmBackward0")
    >>> flops_by_shape(product, [(5, 3)])
    Flops(forward=60, backward=60)
    >>> flops_by_shape(Node("/fftr2c:0", "op", "fftr2c", "", (2, 3)), [])
    Flops(forward=None, backward=None)
    """
    if _is_custom(node):
        return UNKNOWN
    if node.op in UNCOUNTED:
        return Flops(0, 0)
    shapes = [shape for shape in inputs if shape is not None]
    result = node.shape
    if result is None or len(shapes) < len(inputs):
        return UNKNOWN
    match node.op:
        case "mm" | "bmm":
            flops = _product(result, shapes, has_summand=False)
        case "addmm" | "baddbmm":
            flops = _product(result, shapes, has_summand=True)
        case _ if node.op.startswith("scaleddotproduct"):
            flops = _attention(result, shapes)
        case _:
            flops = UNKNOWN
    return flops


def _is_custom(node: Node) -> bool:
    """Return whether a node is a user's `torch.autograd.Function`, which may have any name."""
    return node.backward is not None and node.backward.endswith("Backward")


def _product(result: Shape, inputs: Sequence[Shape], *, has_summand: bool) -> Flops:
    found = set(_operands(result, inputs))
    if has_summand and inputs and _broadcasts(inputs[0], result):
        found |= set(_operands(result, inputs[1:]))
    inner = {length for length, _ in found}
    if len(inner) != 1:
        return UNKNOWN
    forward = 2 * prod(result) * inner.pop()
    return Flops(forward, forward * next(iter(found))[1] if len(found) == 1 else None)


def _operands(result: Shape, matrices: Sequence[Shape]) -> Iterator[tuple[int, int]]:
    """Yield each possible inner dimension of a product, and the number of factors with gradient."""
    *batch, rows, columns = result
    match matrices:
        case [first, second]:
            inner = first[-1] if first else 0
            if first == (*batch, rows, inner) and second == (*batch, inner, columns):
                yield inner, 2
        case [only] if len(only) == len(result):
            is_first = only[:-1] == (*batch, rows)
            is_second = (*only[:-2], only[-1]) == (*batch, columns)
            if is_first:
                yield only[-1], 1
            if is_second:
                yield only[-2], 1
            if is_first and is_second and only[-1] == only[-2]:
                yield only[-1], 2  # the same tensor may be both factors
        case _:
            return


def _broadcasts(shape: Shape, result: Shape) -> bool:
    pairs = zip(reversed(shape), reversed(result), strict=False)
    return len(shape) <= len(result) and all(size in (1, length) for size, length in pairs)


def convolution_flops(
    result: Shape, given: Shape | None, weight: Shape | None, groups: int, *, transposed: bool
) -> Flops:
    """Return the floating point operations of a convolution.

    `given` and `weight` are the shapes of the inputs, None if they require no gradient.

    Examples
    --------
    >>> convolution_flops((1, 4, 2, 2), None, (4, 3, 3, 3), 1, transposed=False)
    Flops(forward=864, backward=864)
    """
    if weight is None or (transposed and given is None):
        return UNKNOWN
    places = prod((given if transposed and given is not None else result)[2:])
    forward = 2 * result[0] * places * prod(weight)
    # As in torch, the gradient of the weight is that of a dense one, whatever the groups are.
    of_weight = forward * groups
    return Flops(forward, of_weight if given is None else forward + of_weight)


def _attention(result: Shape, inputs: Sequence[Shape]) -> Flops:
    match inputs:
        case [(_, _, _, _) as query, (_, _, _, _) as key, (_, _, _, _) as value, *_]:
            pass
        case _:
            return UNKNOWN
    if result != (*query[:-1], value[-1]) or key[2] != value[2] or key[-1] != query[-1]:
        return UNKNOWN
    pairs = 2 * prod(query[:-1]) * key[2]
    return Flops(
        pairs * (query[-1] + value[-1]),
        pairs * (3 * query[-1] + 2 * value[-1]),  # the scores are computed again
    )
