"""Exercise 4 of chapter 01: the place in the storage that an index reads."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from labkit.learn.checks import Case, Exercise, Mistake, Trial


def _products(index: Sequence[int], stride: Sequence[int]) -> list[int]:
    return [i * s for i, s in zip(index, stride, strict=True)]


def _loops_over_an_argument(trial: Trial) -> bool:
    """Whether there is a loop as in ``for d in index``, and `d` is used as a place."""
    tree = trial.source.tree
    nodes = list(ast.walk(tree)) if tree is not None else []
    counters = {
        node.target.id
        for node in nodes
        if isinstance(node, ast.For | ast.comprehension)
        and isinstance(node.iter, ast.Name)
        and isinstance(node.target, ast.Name)
    }
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Name)
        and node.slice.id in counters
        for node in nodes
    )


STORAGE_PLACE = Exercise(
    name="storage_place",
    task=(
        "Write `storage_place(index, stride, offset)`: the place in the storage that this index "
        "reads, for any number of dimensions."
    ),
    solution=lambda index, stride, offset: offset + sum(_products(index, stride)),
    cases=(
        Case((2, 1), (1, 4), 0),
        Case((1, 2, 3), (20, 5, 1), 7),
        Case((0, 0), (4, 1), 6),
        Case((3,), (2,), 5),
    ),
    praise=(
        "This sum is all there is to indexing. Transposing, slicing and expanding only change its "
        "numbers."
    ),
    mistakes=(
        Mistake(
            "no_offset",
            "Right for tensors that begin at the storage's start. A slice begins further in: that "
            "is the offset.",
            like=lambda index, stride, offset: sum(_products(index, stride)),
        ),
        Mistake(
            "two_dimensions",
            "Right for two dimensions, and only for two: the number of dimensions is written into "
            "it. Go over all of them.",
            like=lambda index, stride, offset: index[0] * stride[0] + index[1] * stride[1] + offset,
        ),
        Mistake(
            "indices_taken_for_dimensions",
            "A loop over `index` gives the indices themselves, here first 2 and then 1. As places "
            "in `index` and `stride` they are too large: `range(len(index))` counts the "
            "dimensions, `zip(index, stride)` pairs them.",
            raises="index out of range",
            seen_in=_loops_over_an_argument,
        ),
        Mistake(
            "fixed_number",
            "This works for one number of dimensions only: how many there are is written into it. "
            "Go over all of them, whatever their number is.",
            raises="values to unpack|index out of range",
        ),
        Mistake(
            "last_left_out",
            "The last dimension was left out: `range(n)` ends *before* n.",
            like=lambda index, stride, offset: offset + sum(_products(index, stride)[:-1]),
        ),
        Mistake(
            "reversed",
            "Each index goes with the stride of its own dimension; here they are paired from the "
            "other end.",
            like=lambda index, stride, offset: offset + sum(_products(index, stride[::-1])),
        ),
        Mistake(
            "strides_ignored",
            "The indices are added up as they are: each has to be multiplied by its stride first.",
            like=lambda index, stride, offset: offset + sum(index),
        ),
        Mistake(
            "indices_ignored",
            "The strides are added up as they are: each has to be taken as many times as its "
            "index says.",
            like=lambda index, stride, offset: offset + sum(stride),
        ),
        Mistake(
            "multiplied",
            "The jumps along the dimensions were multiplied. They are made one after the other, so "
            "they add up.",
            like=lambda index, stride, offset: offset + math.prod(_products(index, stride)),
        ),
        Mistake(
            "offset_every_time",
            "The offset was added once for each dimension. Counting begins there, once.",
            like=lambda index, stride, offset: len(index) * offset + sum(_products(index, stride)),
        ),
        Mistake(
            "offset_subtracted",
            "The offset was subtracted. The tensor begins that much *later* in the storage.",
            like=lambda index, stride, offset: sum(_products(index, stride)) - offset,
        ),
        Mistake(
            "first_dimension_only",
            "Only the first dimension counts: is there a `return` inside the loop, or is the sum "
            "started again each time?",
            like=lambda index, stride, offset: offset + index[0] * stride[0],
        ),
        Mistake(
            "last_dimension_only",
            "Only the last dimension counts: does the loop replace the sum (`=`), where it should "
            "add to it (`+=`)?",
            like=lambda index, stride, offset: offset + index[-1] * stride[-1],
        ),
        Mistake(
            "counted_from_one",
            "Indices count from 0 here: index 0 makes no jump at all.",
            like=(
                lambda index, stride, offset: (
                    offset + sum((i - 1) * s for i, s in zip(index, stride, strict=True))
                ),
                lambda index, stride, offset: (
                    offset + sum((i + 1) * s for i, s in zip(index, stride, strict=True))
                ),
            ),
        ),
        Mistake(
            "not_summed",
            "A list came back: the jump along each dimension. The place is their sum.",
            seen_in=lambda trial: all(
                isinstance(result, list | tuple) and len(result) == len(call.arguments[0])
                for call, result in zip(trial.calls, trial.results, strict=True)
            ),
        ),
        Mistake(
            "tuples_multiplied",
            "Two tuples cannot be multiplied with `*`. `zip(index, stride)` gives their items in "
            "pairs.",
            raises="can't multiply sequence",
        ),
    ),
    hints=(
        "One step along a dimension jumps by its stride. How far do `i` steps jump?",
        "Multiply each index by its stride, add all of that up. Where does counting begin?",
        "Return `offset + sum(i * s for i, s in zip(index, stride))`.",
    ),
)
