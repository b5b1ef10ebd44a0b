"""Exercise 1 of chapter 01: mean 0 and standard deviation 1 for each column."""

from __future__ import annotations

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, either_deviation


def _case(n_rows: int, scales: list[float]) -> Case:
    generator = torch.Generator().manual_seed(n_rows)
    return Case(torch.rand(n_rows, len(scales), generator=generator) * torch.tensor(scales))


def _solution(table: Tensor) -> Tensor:
    return (table - table.mean(dim=0)) / table.std(dim=0)


def _between_zero_and_one(table: Tensor) -> Tensor:
    low, high = table.amin(dim=0), table.amax(dim=0)
    return (table - low) / (high - low)


STANDARDISE = Exercise(
    name="standardise",
    task=(
        "Write `standardise(table)`: a new table, each column with mean 0 and standard deviation 1."
    ),
    solution=_solution,
    cases=(
        _case(20, [1.0, 5, 40]),
        _case(6, [3.0, 12.0]),
        # On a square table a mean over the wrong dimension raises no error.
        _case(4, [1.0, 2, 4, 8]),
    ),
    same=either_deviation,
    praise=(
        "One mean and one standard deviation per column: dimension 0 is gone, and broadcasting "
        "carries both down all rows."
    ),
    mistakes=(
        Mistake(
            "in_place",
            "Your function changed the table it was given: `-=` and `/=` write into it. Whoever "
            "called it still holds that table.",
            changes="table",
        ),
        Mistake(
            "rows",
            "This gives each *row* mean 0: `dim=1` is the dimension that disappears, so one mean "
            "per row is left.",
            like=lambda table: _solution(table.T).T,
        ),
        Mistake(
            "rows_that_clash",
            "The mean over `dim=1` has 20 values, one per row, and 20 does not fit the table's "
            "last dimension of 3. On a square table this would run, and be wrong without a word.",
            raises=r"\(3\) must match .* \(20\)|\(20\) must match .* \(3\)",
        ),
        Mistake(
            "whole_table",
            "This takes one mean of the whole table: the columns keep their different sizes.",
            like=lambda table: (table - table.mean()) / table.std(),
        ),
        Mistake(
            "only_centred",
            "The means are 0 now, but the columns still have very different widths.",
            like=lambda table: table - table.mean(dim=0),
        ),
        Mistake(
            "one_deviation",
            "Each column has its own mean, but all are divided by one standard deviation, that of "
            "the whole table: `std` needs the `dim`, too.",
            like=lambda table: (table - table.mean(dim=0)) / table.std(),
        ),
        Mistake(
            "one_mean",
            "Each column has its own standard deviation, but from all of them one mean is "
            "subtracted, that of the whole table: `mean` needs the `dim`, too.",
            like=lambda table: (table - table.mean()) / table.std(dim=0),
        ),
        Mistake(
            "variance",
            "This divides by the variance, which is the standard deviation squared.",
            like=lambda table: (table - table.mean(dim=0)) / table.var(dim=0),
        ),
        Mistake(
            "divided_too_early",
            "Division comes before subtraction here, so the mean and the values it is subtracted "
            "from are no longer on one scale. Put round brackets around the subtraction.",
            like=(
                lambda table: table - table.mean(dim=0) / table.std(dim=0),
                lambda table: table / table.std(dim=0) - table.mean(dim=0),
            ),
        ),
        Mistake(
            "not_centred",
            "The standard deviations are 1 now, but the means are not 0: they were not subtracted.",
            like=lambda table: table / table.std(dim=0),
        ),
        Mistake(
            "min_max",
            "This brings each column between 0 and 1, by its smallest and largest value. The task "
            "asks for mean 0 and standard deviation 1.",
            like=_between_zero_and_one,
        ),
        Mistake(
            "swapped",
            "Mean and standard deviation have changed places: the mean is subtracted, the standard "
            "deviation divides.",
            like=lambda table: (table - table.std(dim=0)) / table.mean(dim=0),
        ),
        Mistake(
            "by_the_largest",
            "The means are 0 now, but each column was divided by its largest value. Divide by its "
            "standard deviation.",
            like=(
                lambda table: (table - table.mean(dim=0)) / table.amax(dim=0),
                lambda table: (table - table.mean(dim=0)) / table.abs().amax(dim=0),
            ),
        ),
        Mistake(
            "length_one",
            "This divides each column by its length, the root of the sum of its squares. The task "
            "asks for mean 0 and standard deviation 1.",
            like=(
                lambda table: table / table.norm(dim=0),
                lambda table: (table - table.mean(0)) / (table - table.mean(0)).norm(dim=0),
            ),
        ),
        Mistake(
            "columns_became_rows",
            "The numbers are right, but the table is on its side: `torch.stack` puts the "
            "columns in as rows, unless you say `dim=1`.",
            like=lambda table: _solution(table).T,
        ),
        Mistake(
            "unchanged",
            "This is the table as it came in. What was computed has to be returned.",
            like=lambda table: table,
        ),
    ),
    hints=(
        "You need one mean for each of the three columns. Which dimension must disappear?",
        "`table.mean(dim=0)` has shape (3,). How is it aligned with (20, 3)?",
        "Subtract `table.mean(dim=0)`, then divide by `table.std(dim=0)`, and return the result.",
    ),
)
