"""Exercise 3 of chapter 00: the mean of the last tenth of a series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.learn.checks import Case, Exercise, Mistake

_Array = np.ndarray[Any, Any]


def _case(n: int, every: int) -> Case:
    steps = np.arange(0, n * every, every)
    return Case(steps, 2.0 * np.exp(-3 * np.arange(n) / n) + 0.1 * np.cos(np.arange(n)))


def _tail(values: _Array) -> _Array:
    return values[-(len(values) // 10) :]


def _rounded(digits: int) -> Callable[[_Array, _Array], float]:
    return lambda steps, values: round(float(_tail(values).mean()), digits)


TAIL_MEAN = Exercise(
    name="tail_mean",
    task="Write `tail_mean(steps, values)`: the mean of the last tenth of a series' values.",
    solution=lambda steps, values: _tail(values).mean(),
    cases=(_case(100, 7), _case(250, 1), _case(40, 10)),
    unneeded=("steps",),
    praise=(
        "One batch's loss jumps about; the mean of the last tenth says where training has got to."
    ),
    mistakes=(
        Mistake(
            "whole_series",
            "This is the mean of the whole series: the high losses of the first steps are still "
            "in it.",
            like=lambda steps, values: values.mean(),
        ),
        Mistake(
            "steps_not_values",
            "This averages the step numbers. `series` gives two arrays: first the steps, then the "
            "values.",
            like=lambda steps, values: _tail(steps).mean(),
        ),
        Mistake(
            "last_only",
            "This is the last value alone: the loss of one batch, and it may have been an easy "
            "one.",
            like=lambda steps, values: values[-1],
        ),
        Mistake(
            "first_tenth",
            "This is the first tenth. A slice that ends the array begins with a negative number.",
            like=lambda steps, values: values[: len(values) // 10].mean(),
        ),
        Mistake(
            "all_but_the_tail",
            "This is everything *but* the last tenth: the colon is on the wrong side of the "
            "negative number.",
            like=lambda steps, values: values[: -(len(values) // 10)].mean(),
        ),
        Mistake(
            "summed",
            "The right values, but added up: the number would grow with the length of the run.",
            like=lambda steps, values: _tail(values).sum(),
        ),
        Mistake(
            "not_averaged",
            "The right values, but all of them: their mean is one number.",
            like=lambda steps, values: _tail(values),
        ),
        Mistake(
            "always_ten",
            "This takes the last ten values, whatever the length. That is a tenth of a hundred; a "
            "longer run has more.",
            like=lambda steps, values: values[-10:].mean(),
        ),
        Mistake(
            "fixed_place",
            "This begins at place 90 of every series. That is the last tenth of a hundred values "
            "only: compute the place from the length.",
            like=(
                lambda steps, values: values[90:100].mean(),
                lambda steps, values: values[90:].mean(),
            ),
        ),
        Mistake(
            "last_left_out",
            "The very last value is missing: a slice ends *before* the place after its colon. "
            "Leave that place empty.",
            like=lambda steps, values: values[-(len(values) // 10) : -1].mean(),
        ),
        Mistake(
            "one_value",
            "This is a single value, the first of the last tenth. Is the colon of the slice "
            "missing, or is there a `return` inside a loop?",
            like=lambda steps, values: values[-(len(values) // 10)],
        ),
        Mistake(
            "all_but_the_first",
            "This is everything *but* the first tenth. A slice from the end begins with a negative "
            "number.",
            like=lambda steps, values: values[len(values) // 10 :].mean(),
        ),
        Mistake(
            "divided_by_all",
            "The right values were added up, and divided by the number of *all* values. Divide by "
            "how many you added.",
            like=lambda steps, values: _tail(values).sum() / len(values),
        ),
        Mistake(
            "lowest",
            "This is the lowest of the right values. The task asks for their mean.",
            like=lambda steps, values: _tail(values).min(),
        ),
        Mistake(
            "rounded",
            "The right number, but rounded. Return it as it is; whoever prints it can shorten it.",
            like=tuple(_rounded(digits) for digits in (1, 2, 3)),
        ),
        Mistake(
            "one_too_many",
            "There is one value too many in it, the one before the last tenth.",
            like=lambda steps, values: values[-(len(values) // 10) - 1 :].mean(),
        ),
        Mistake(
            "one_too_few",
            "There is one value too few in it: the first of the last tenth is missing.",
            like=lambda steps, values: values[-(len(values) // 10) + 1 :].mean(),
        ),
        Mistake(
            "divided_by_ten",
            "The right values were added up, and divided by 10. That is their number if there are "
            "a hundred values in all: divide by how many you added.",
            like=lambda steps, values: _tail(values).sum() / 10,
        ),
        Mistake(
            "highest",
            "This is the highest of the right values. The task asks for their mean.",
            like=lambda steps, values: _tail(values).max(),
        ),
        Mistake(
            "median",
            "This is the median, the value in the middle; the task asks for the mean.",
            like=lambda steps, values: np.median(_tail(values)),
        ),
        Mistake(
            "fraction_as_a_place",
            "`/` gives a fraction, and a slice needs whole numbers: divide with `//`.",
            raises="slice indices must be integers",
        ),
        Mistake(
            "method_of_a_number",
            "`len(values)` is a plain number, and so is a single value. Take the slice first, "
            "then its `.mean()`.",
            raises="'(int|float)' object (has no attribute 'mean'|is not subscriptable)",
        ),
    ),
    hints=(
        "How many values are a tenth of them? Which slice takes that many from the end?",
        "`len(values) // 10` is the count; `values[-count:]` are the last ones.",
        "Return `values[-(len(values) // 10):].mean()`.",
    ),
)
