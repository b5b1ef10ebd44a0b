"""The plan of chapter 01: storage and stride, views, broadcasting, NumPy's bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.call_result import CallResult, try_out
from labkit.learn.chapters import Plan
from labkit.learn.chapters.tensors_predictions import PREDICTIONS
from labkit.learn.exercise import Exercise, Mistake

_TABLE = torch.rand(20, 3, generator=torch.Generator().manual_seed(1)) * torch.tensor([1.0, 5, 40])
_IMAGE = torch.arange(20.0).reshape(4, 5)
_A, _B = torch.tensor([1.0, 4.0, 9.0]), torch.tensor([2.0, 7.0])


def _gives(expected: Tensor) -> Callable[[CallResult], bool]:
    """Whether the attempt's result has these values and this shape."""
    return lambda attempt: (
        attempt.result.shape == expected.shape
        and torch.allclose(attempt.result, expected, atol=1e-4)
    )


def _shapes_clashed(attempt: CallResult) -> bool:
    return isinstance(attempt.error, RuntimeError) and "must match" in str(attempt.error)


def _brightened(*where: Any) -> Tensor:
    image = _IMAGE.clone()
    image[where] += 1
    return image


def _standardised(attempt: CallResult) -> bool:
    centred = _TABLE - _TABLE.mean(0)
    fits = any(_gives(centred / _TABLE.std(0, correction=c))(attempt) for c in (0, 1))
    return fits and torch.equal(attempt.arguments[0], _TABLE)


_STANDARDISE = Exercise(
    name="standardise",
    task="Write `standardise(table)`: each column with mean 0 and standard deviation 1.",
    evaluate=lambda function: try_out(function, _TABLE),
    is_right=_standardised,
    praise=(
        "The mean over dimension 0 has one value a column, and broadcasting carries it down "
        "all rows."
    ),
    mistakes=(
        Mistake(
            "in_place",
            lambda attempt: not torch.equal(attempt.arguments[0], _TABLE),
            "Your function changed the table it was given: `-=` and `/=` write into it. "
            "Whoever called it still holds that table.",
        ),
        Mistake(
            "rows",
            _gives((_TABLE - _TABLE.mean(1, keepdim=True)) / _TABLE.std(1, keepdim=True)),
            "This makes each row have mean 0: `dim=1` is the dimension that disappears, so one "
            "mean a row is left.",
        ),
        Mistake(
            "rows_that_clash",
            _shapes_clashed,
            "The mean over `dim=1` has 20 values, one a row, and 20 does not fit the table's last "
            "dimension of 3. On a square table this would run, and be wrong in silence.",
        ),
        Mistake(
            "whole_table",
            _gives((_TABLE - _TABLE.mean()) / _TABLE.std()),
            "This takes one mean of the whole table: the columns keep their different sizes.",
        ),
        Mistake(
            "only_centred",
            _gives(_TABLE - _TABLE.mean(0)),
            "The means are 0 now, but the columns are still of very different width.",
        ),
        Mistake(
            "variance",
            _gives((_TABLE - _TABLE.mean(0)) / _TABLE.var(0)),
            "This divides by the variance, which is the standard deviation squared.",
        ),
    ),
    hints=(
        "You need one mean for each of the three columns. Which dimension must disappear?",
        "`table.mean(dim=0)` has shape (3,). How is it aligned with (20, 3)?",
        "Subtract `table.mean(dim=0)`, then divide by `table.std(dim=0)`, and return the result.",
    ),
)

_CORNER = Exercise(
    name="brighten_corner",
    task=(
        "Write `brighten_corner(image)`: a new image whose top left 2 x 2 is one larger; the "
        "old one stays."
    ),
    evaluate=lambda function: try_out(function, _IMAGE),
    is_right=lambda attempt: (
        _gives(_brightened(slice(2), slice(2)))(attempt)
        and torch.equal(attempt.arguments[0], _IMAGE)
    ),
    praise="Copy first, then write through a view of the copy.",
    mistakes=(
        Mistake(
            "writes_through",
            lambda attempt: not torch.equal(attempt.arguments[0], _IMAGE),
            "The image that was given has changed: a slice is a view, and what is added "
            "to a view lands in the storage they share.",
        ),
        Mistake(
            "rows_twice",
            _gives(_brightened(slice(2))),
            "The two top rows were brightened over their whole width: `[:2][:2]` takes rows, "
            "and of those, rows again.",
        ),
        Mistake(
            "diagonal",
            _gives(_brightened([0, 1], [0, 1])),
            "Only two pixels changed: two lists are read in pairs, here (0, 0) and (1, 1), not "
            "as rows and columns.",
        ),
        Mistake(
            "only_the_corner",
            _gives(_IMAGE[:2, :2] + 1),
            "This is the corner alone; the whole image was asked for.",
        ),
        Mistake(
            "everything",
            _gives(_IMAGE + 1),
            "The whole image got brighter.",
        ),
        Mistake(
            "nothing",
            _gives(_IMAGE),
            "Nothing changed: the sum was made and then lost. It has to be written back, as "
            "`+=` does.",
        ),
    ),
    hints=(
        "What has to happen before the first write, so that the old image stays?",
        "`image.clone()` has a storage of its own. Which one index takes two rows and two columns?",
        "`bright = image.clone()`, then `bright[:2, :2] += 1`, then return `bright`.",
    ),
)

_DIFFERENCES = Exercise(
    name="all_differences",
    task=(
        "Write `all_differences(a, b)`: the table of all `a[i] - b[j]`, one row for each of "
        "`a`, without a loop."
    ),
    evaluate=lambda function: try_out(function, _A, _B),
    is_right=_gives(_A[:, None] - _B),
    praise=(
        "(3, 1) and (2,) broadcast to (3, 2). Distances between all pairs of points are found "
        "the same way."
    ),
    mistakes=(
        Mistake(
            "no_new_dimension",
            _shapes_clashed,
            "Shapes (3,) and (2,) clash: both lie along the last dimension. One of them has to "
            "be turned into a column.",
        ),
        Mistake(
            "transposed",
            _gives((_A[:, None] - _B).T),
            "The numbers are right but stand the wrong way: here each row belongs to one of `b`.",
        ),
        Mistake(
            "sign",
            _gives(_B - _A[:, None]),
            "The shape is right; the sign is that of `b - a`.",
        ),
        Mistake(
            "sign_and_transposed",
            _gives((_B - _A[:, None]).T),
            "This is the table of `b[j] - a[i]`, with one row for each of `b`.",
        ),
    ),
    hints=(
        "The result has shape (3, 2). Which shapes of `a` and `b` broadcast to it?",
        "`a[:, None]` has shape (3, 1): None adds a dimension of size 1.",
        "Return `a[:, None] - b`.",
    ),
)

_PLACE_CASES = (((2, 1), (1, 4), 0), ((1, 2, 3), (20, 5, 1), 7), ((0, 0), (4, 1), 6))


def _places(rule: Callable[[Any, Any, int], int]) -> Callable[[tuple[CallResult, ...]], bool]:
    expected = [rule(*case) for case in _PLACE_CASES]
    return lambda tries: [int(attempt.result) for attempt in tries] == expected


def _dot(index: Any, stride: Any) -> int:
    return sum(i * s for i, s in zip(index, stride, strict=True))


_PLACE = Exercise(
    name="storage_place",
    task=(
        "Write `storage_place(index, stride, offset)`: the place in the storage that this "
        "index reads."
    ),
    evaluate=lambda function: tuple(try_out(function, *case) for case in _PLACE_CASES),
    is_right=_places(lambda index, stride, offset: offset + _dot(index, stride)),
    praise=(
        "This sum is all there is to indexing. Transposing, slicing and expanding only change "
        "its numbers."
    ),
    mistakes=(
        Mistake(
            "no_offset",
            _places(lambda index, stride, offset: _dot(index, stride)),
            "Right for tensors that begin at the storage's start. A slice begins further in: "
            "that is the offset.",
        ),
        Mistake(
            "reversed",
            _places(lambda index, stride, offset: offset + _dot(index, stride[::-1])),
            "Each index goes with the stride of its own dimension; here they are paired from "
            "the other end.",
        ),
        Mistake(
            "strides_ignored",
            _places(lambda index, stride, offset: offset + sum(index)),
            "The indices are added up as they are: each has to be multiplied by its stride first.",
        ),
    ),
    hints=(
        "One step along a dimension jumps by its stride. How far do `i` steps jump?",
        "Multiply each index by its stride, add all of that up. Where does counting begin?",
        "Return `offset + sum(i * s for i, s in zip(index, stride))`.",
    ),
)

PLAN = Plan(
    title="Tensors",
    predictions=PREDICTIONS,
    exercises=(_STANDARDISE, _CORNER, _DIFFERENCES, _PLACE),
)
