"""Exercise 5 of chapter 01: the nearest known point of each new one, without a loop."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from labkit.learn.checks import Case, Exercise, Mistake, close, loops


def _case(n: int, m: int, d: int) -> Case:
    generator = torch.Generator().manual_seed(10 * n + m)
    known = 2 * torch.randn(n, d, generator=generator)
    return Case(known, 2 * torch.randn(m, d, generator=generator))


def _squares(known: Tensor, new: Tensor) -> Tensor:
    """Return the squared differences, shape (m, n, d)."""
    squares: Tensor = (new[:, None] - known) ** 2
    return squares


def _distances(known: Tensor, new: Tensor) -> Tensor:
    return _squares(known, new).sum(dim=2)


_same = close()


def _is_a_pair(result: Any) -> bool:
    return isinstance(result, tuple)


def _same_rows(got: Any, expected: Any) -> bool:
    """Compare row numbers; numbers with a point cannot be used as an index."""
    if all(isinstance(each, Tensor) for each in (got, expected)):
        return got.is_floating_point() == expected.is_floating_point() and _same(got, expected)
    return _same(got, expected)


NEAREST = Exercise(
    name="nearest",
    task=(
        "Write `nearest(known, new)`: for each row of `new` the number of the row of `known` that "
        "is closest to it, without a loop."
    ),
    solution=lambda known, new: _distances(known, new).argmin(dim=1),
    cases=(
        # In the first case the first coordinate decides wrongly, and so does a scalar product.
        Case(
            torch.tensor([[0.0, 0.0], [3.0, 4.0], [9.0, 9.0]]),
            torch.tensor([[2.0, 0.5], [8.0, 7.0], [1.0, 4.5], [3.0, 1.0]]),
        ),
        # Here the sum of the absolute differences, another distance, decides otherwise.
        Case(
            torch.tensor([[3.0, 3.0], [0.0, 5.0], [-6.0, 1.0]]),
            torch.tensor([[0.0, 0.0], [-1.0, 2.0]]),
        ),
        _case(5, 3, 4),
        _case(7, 7, 3),
        _case(4, 6, 6),
    ),
    praise=(
        "That is a nearest-neighbour classifier, but for the labels. A table of all distances "
        "without a loop, and an `argmin` along the right dimension: many methods begin like this."
    ),
    same=_same_rows,
    forbids=(
        loops(
            "There is a loop in it (a comprehension is one, too). Let broadcasting make the table "
            "of all differences: shape (m, n, d) in one operation.",
            sizes=(_case(3, 2, 2), _case(30, 20, 10)),
        ),
    ),
    mistakes=(
        Mistake(
            "no_new_dimension",
            "`new` and `known` clash as they are: (m, d) and (n, d). One of them needs a new "
            "dimension, so that m and n stand in different columns: (m, 1, d) and (n, d).",
            raises=r"size of tensor a .* must match",
        ),
        Mistake(
            "pair",
            "A pair came back: `min` along a dimension returns the smallest values *and* where "
            "they are. You want the second of the two, which is also what `argmin` returns.",
            seen_in=lambda trial: all(_is_a_pair(result) for result in trial.results),
        ),
        Mistake(
            "not_whole",
            "The row numbers are right, but their dtype is that of numbers with a point, which "
            "cannot be used as an index. Leave them as `argmin` returns them.",
            seen_in=lambda trial: all(
                _same(result, wanted)
                for result, wanted in zip(trial.results, trial.expected, strict=True)
            ),
        ),
        Mistake(
            "farthest",
            "This is the row that is *farthest* away.",
            like=lambda known, new: _distances(known, new).argmax(dim=1),
        ),
        Mistake(
            "other_way_round",
            "This has one answer for each row of `known`: the closest row of `new`. The task asks "
            "for the reverse. (Are the arguments in the order `known`, `new`?)",
            like=lambda known, new: _distances(known, new).argmin(dim=0),
        ),
        Mistake(
            "whole_table",
            "`argmin()` without `dim` looks at the whole table and returns one single place. Take "
            "it along the dimension of the known rows.",
            like=(
                lambda known, new: _distances(known, new).argmin(),
                lambda known, new: _squares(known, new).argmin(),
                lambda known, new: torch.cdist(new, known).argmin(),
            ),
        ),
        Mistake(
            "distance_returned",
            "This is *how far* away the closest row is. The task asks *which* row it is.",
            like=(
                lambda known, new: _distances(known, new).amin(dim=1),
                lambda known, new: torch.cdist(new, known).amin(dim=1),
            ),
        ),
        Mistake(
            "all_distances",
            "This is the table of all distances, (m, n). One step is missing: the place of the "
            "smallest in each row.",
            like=(_distances, lambda known, new: torch.cdist(new, known)),
        ),
        Mistake(
            "signed",
            "The differences were added up with their signs, so that they cancel. Square them "
            "before you add.",
            like=lambda known, new: (new[:, None] - known).sum(dim=2).argmin(dim=1),
        ),
        Mistake(
            "absolute",
            "These are the closest by the sum of the *absolute* differences, another distance "
            "(named after the blocks of Manhattan). Square the differences.",
            like=lambda known, new: (new[:, None] - known).abs().sum(dim=2).argmin(dim=1),
        ),
        Mistake(
            "squared_too_late",
            "The differences were added up first and squared then, so that they cancel. Square "
            "each of them, then add.",
            like=lambda known, new: ((new[:, None] - known).sum(dim=2) ** 2).argmin(dim=1),
        ),
        Mistake(
            "not_summed",
            "One answer for each *coordinate* came back: the squares were not added up over the "
            "last dimension.",
            like=lambda known, new: _squares(known, new).argmin(dim=1),
        ),
        Mistake(
            "summed_over_the_points",
            "The squares were added up over the known points. The dimension that has to disappear "
            "is that of the coordinates, the last one.",
            like=lambda known, new: _squares(known, new).sum(dim=1).argmin(dim=1),
        ),
        Mistake(
            "first_coordinate",
            "Only the first coordinate was compared.",
            like=lambda known, new: _squares(known, new)[..., 0].argmin(dim=1),
        ),
        Mistake(
            "scalar_product",
            "This takes the largest scalar product. It says which rows point the same way, and it "
            "favours long ones; the task asks for the smallest distance.",
            like=lambda known, new: (new @ known.T).argmax(dim=1),
        ),
        Mistake(
            "largest_difference",
            "These are the closest by the *largest* of the differences alone. Square all of them, "
            "and add them up.",
            like=lambda known, new: (new[:, None] - known).abs().amax(dim=2).argmin(dim=1),
        ),
        Mistake(
            "direction",
            "This compares directions only: how long the rows are plays no part in it. The task "
            "asks for the smallest distance.",
            like=lambda known, new: cosine_similarity(new[:, None], known, dim=2).argmax(dim=1),
        ),
        Mistake(
            "second_closest",
            "This is the *second* closest row. Places in a sorted list count from 0.",
            like=lambda known, new: _distances(known, new).argsort(dim=1)[:, 1],
        ),
        Mistake(
            "row_itself",
            "These are the closest rows themselves. The task asks for their numbers.",
            like=lambda known, new: known[_distances(known, new).argmin(dim=1)],
        ),
    ),
    hints=(
        "Which shapes of `new` and `known` broadcast to (m, n, d): all differences at once?",
        "`new[:, None] - known` has that shape. Square it. Which dimension has to disappear?",
        "Return `((new[:, None] - known) ** 2).sum(dim=2).argmin(dim=1)`.",
    ),
)
