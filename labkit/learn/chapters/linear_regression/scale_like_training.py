"""Exercise 4 of chapter 03: scale two tables by the columns of the first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, either_deviation

_Pair = tuple[Tensor, ...]


def _case(n_train: int, n_test: int, scales: list[float]) -> Case:
    generator = torch.Generator().manual_seed(n_train)
    spread = torch.tensor(scales)
    train = torch.randn(n_train, len(scales), generator=generator) * spread + spread / 2
    test = torch.randn(n_test, len(scales), generator=generator) * spread * 1.5 + 4
    return Case(train, test)


def _scaled(table: Tensor, by: Tensor, *, correction: int = 1) -> Tensor:
    return (table - by.mean(dim=0)) / by.std(dim=0, correction=correction)


def _solution(train: Tensor, test: Tensor) -> _Pair:
    return _scaled(train, train), _scaled(test, train)


def _own(train: Tensor, test: Tensor, *, correction: int = 1) -> _Pair:
    """Scale each table by itself; without the correction as NumPy and scikit-learn do."""
    return tuple(_scaled(table, table, correction=correction) for table in (train, test))


def _by_test(train: Tensor, test: Tensor, *, correction: int = 1) -> _Pair:
    return tuple(_scaled(table, test, correction=correction) for table in (train, test))


def _joint(train: Tensor, test: Tensor, *, correction: int = 1) -> _Pair:
    both = torch.cat([train, test])
    return tuple(_scaled(table, both, correction=correction) for table in (train, test))


def _mixed(train: Tensor, test: Tensor) -> _Pair:
    return _scaled(train, train), (test - train.mean(dim=0)) / test.std(dim=0)


def _rows(train: Tensor, test: Tensor) -> _Pair:
    return _scaled(train.T, train.T).T, _scaled(test.T, test.T).T


def _both(scale: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], _Pair]:
    return lambda train, test: (scale(train, train), scale(test, train))


def _min_max(table: Tensor, by: Tensor) -> Tensor:
    low, high = by.min(dim=0).values, by.max(dim=0).values
    return (table - low) / (high - low)


def _test_unscaled(train: Tensor, test: Tensor) -> _Pair:
    return _scaled(train, train), test


SCALE_LIKE_TRAINING = Exercise(
    name="scale_like_training",
    task=(
        "Write `scale_like_training(train, test)`: both tables scaled by the mean and standard "
        "deviation of the training table's columns."
    ),
    solution=_solution,
    cases=(
        _case(30, 10, [1.0, 9, 50]),
        _case(8, 5, [3.0, 0.2]),
        _case(50, 4, [1.0, 2, 4, 8, 16]),
    ),
    same=either_deviation,
    praise=(
        "The test rows are measured with the training rows' ruler, as tomorrow's rows will have "
        "to be."
    ),
    mistakes=(
        Mistake(
            "in_place",
            "Your function changed the training table itself: `-=` and `/=` write into the table "
            "of whoever called it. Compute new tables.",
            changes="train",
        ),
        Mistake(
            "overwritten",
            "`train` was overwritten before its ruler was used on the test table: the mean and "
            "standard deviation of the *scaled* table are 0 and 1, and those leave the test table "
            "as it is. Take both numbers first.",
            like=_test_unscaled,
            seen_in=lambda trial: trial.source.assigns("train"),
        ),
        Mistake(
            "own_ruler",
            "The test table was scaled by its own mean or deviation: the same person gets other "
            "numbers, and a shift between the two tables, which you would want to see, is gone. "
            "(With scikit-learn: `fit` belongs to the training table alone.)",
            like=(_own, partial(_own, correction=0), _mixed),
        ),
        Mistake(
            "ruler_of_the_test",
            "Both tables were measured with the test table's ruler. Tomorrow's rows are not there "
            "yet while you train: the ruler has to come from the training table.",
            like=(_by_test, partial(_by_test, correction=0)),
        ),
        Mistake(
            "joint",
            "The means were taken over both tables: the test has leaked into the training.",
            like=(_joint, partial(_joint, correction=0)),
        ),
        Mistake(
            "rows",
            "Each row was scaled: one person's age, pressure and sugar have no meaningful mean.",
            like=_rows,
        ),
        Mistake(
            "rows_that_clash",
            "The mean over `dim=1` has one value per row, and that does not fit the table's "
            "columns. `dim=0` is the dimension that has to disappear.",
            raises="size of tensor a .* must match",
        ),
        Mistake(
            "whole_table",
            "A mean or a deviation was taken of the whole table, without `dim=0`: the columns keep "
            "their different places or sizes.",
            like=(
                _both(lambda table, by: (table - by.mean()) / by.std()),
                _both(lambda table, by: (table - by.mean()) / by.std(dim=0)),
                _both(lambda table, by: (table - by.mean(dim=0)) / by.std()),
            ),
        ),
        Mistake(
            "only_training",
            "The test table is unscaled: the model would see numbers of a size that it never met.",
            like=_test_unscaled,
        ),
        Mistake(
            "only_test",
            "The test table is right, but the training table came back as it was.",
            like=lambda train, test: (train, _scaled(test, train)),
        ),
        Mistake(
            "only_centred",
            "The means are subtracted, but the columns still have very different widths: divide "
            "by the standard deviation as well.",
            like=_both(lambda table, by: table - by.mean(dim=0)),
        ),
        Mistake(
            "not_centred",
            "The columns are divided by their standard deviation, but their means were not "
            "subtracted. (Are there round brackets around the subtraction?)",
            like=(
                _both(lambda table, by: table / by.std(dim=0)),
                _both(lambda table, by: table - by.mean(dim=0) / by.std(dim=0)),
            ),
        ),
        Mistake(
            "variance",
            "This divides by the variance, which is the standard deviation squared.",
            like=_both(lambda table, by: (table - by.mean(dim=0)) / by.var(dim=0)),
        ),
        Mistake(
            "multiplied",
            "The columns were multiplied by their standard deviation: wide ones got wider still. "
            "Divide.",
            like=_both(lambda table, by: (table - by.mean(dim=0)) * by.std(dim=0)),
        ),
        Mistake(
            "min_max",
            "This brings the columns between 0 and 1, by their smallest and largest value. It is "
            "another way of scaling; the task asks for mean and standard deviation.",
            like=_both(_min_max),
        ),
        Mistake(
            "swapped",
            "Both tables are right, but the test table came back first.",
            like=lambda train, test: _solution(train, test)[::-1],
        ),
        Mistake(
            "one_table",
            "One table came back; the task asks for two: `return scaled_train, scaled_test`.",
            seen_in=lambda trial: all(isinstance(result, Tensor) for result in trial.results),
        ),
    ),
    hints=(
        "Which table may the mean and the standard deviation come from?",
        "Take `mean = train.mean(dim=0)` and `std = train.std(dim=0)` once, and use them twice.",
        "Return `(train - mean) / std, (test - mean) / std`.",
    ),
)
