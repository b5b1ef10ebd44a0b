"""Exercise 4 of chapter 00: the run with the lowest loss at its end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.learn.checks import Case, Exercise, Mistake, Trial
from labkit.run import Run

_Runs = dict[str, Run]
_Array = np.ndarray[Any, Any]
_HUNDRED = 100  # steps, of which the last ten are a tenth


def _losses(n: int) -> dict[str, _Array]:
    """Return losses of which "steady" is lowest at its end, on average over the last tenth.

    The first has the lowest numbers there, but some that are NaN.
    """
    falling = np.linspace(1.0, 0.2, n)
    return {
        "broken": np.append(np.linspace(1.0, 0.1, n - n // 20), np.full(n // 20, np.nan)),
        "base": np.full(n, 0.9),
        "lucky": np.append(np.linspace(1.0, 0.6, n - 2), [0.01, 0.01]),
        "spiky": np.append(np.full(n - n // 10, 0.5), _spikes(n // 10)),
        "dipped": np.repeat([0.8, 0.001, 0.7], [n // 2, n // 10, n - n // 2 - n // 10]),
        "even": np.full(n, 0.3),
        "rising": np.linspace(0.05, 0.95, n),
        "late": np.append(np.full(n - 10, 0.5), np.full(10, 0.1 if n > _HUNDRED else 0.5)),
        "steady": falling,
        "slow": np.linspace(1.0, 0.96, n),
        "wild": np.full(n, 0.8),
    }


def _spikes(n: int) -> _Array:
    """Return low losses with two high ones between them, so that their median is low."""
    values = np.full(n, 0.05)
    values[[n // 2, -1]] = 3.0
    return values


def _case(n: int, suffix: str, first: int) -> Case:
    """Make a case whose dictionary begins with this run of `_losses`, and ends with those before.

    Whether a comparison with NaN goes wrong depends on the place of the run that has it.
    """
    losses = list(_losses(n).items())
    losses = losses[first:] + losses[:first]

    def make() -> tuple[_Runs]:
        runs = {}
        for name, values in losses:
            run = runs[f"{name}{suffix}"] = Run(f"{name}{suffix}")
            run.add_table("loss", "loss", ["loss"]).extend(range(1, n + 1), values)
            run.advance_to(n)
        return (runs,)

    names = ", ".join(f"`{name}{suffix}`" for name, _ in losses)
    return Case(make=make, shown=f"the runs {names}, each of {n} steps")


def _values(run: Run) -> _Array:
    return run.series("loss")[1]


def _tail(run: Run) -> _Array:
    return _values(run)[-(len(_values(run)) // 10) :]


def _lowest(number: Callable[[Run], Any]) -> Callable[[_Runs], str]:
    """Return the function that picks the run with the lowest finite number."""

    def pick(runs: _Runs) -> str:
        numbers = {name: float(number(run)) for name, run in runs.items()}
        return min((name for name in runs if math.isfinite(numbers[name])), key=numbers.__getitem__)

    return pick


def _is_a_broken_one(trial: Trial) -> bool:
    wrong = [
        got for got, wanted in zip(trial.results, trial.expected, strict=True) if got != wanted
    ]
    return bool(wrong) and all(str(name).startswith("broken") for name in wrong)


_solution = _lowest(lambda run: _tail(run).mean())

BEST_RUN = Exercise(
    name="best_run",
    task=(
        "Write `best_run(runs)`: it gets a dictionary of runs, and returns the name of the one "
        "whose loss is lowest at the end, on average over the last tenth of its steps."
    ),
    solution=_solution,
    cases=(_case(100, "", 0), _case(200, "_2", -1), _case(60, "_3", 1), _case(40, "_4", 0)),
    praise="This is what you do by eye in `lk.compare`. With a hundred runs, code is quicker.",
    mistakes=(
        Mistake(
            "last_only",
            "This run had an easy batch or two at its very end. Average over the last tenth.",
            like=(
                _lowest(lambda run: _values(run)[-1]),
                _lowest(lambda run: _values(run)[-2:].mean()),
            ),
        ),
        Mistake(
            "lowest_anywhere",
            "This run was lowest for a while and got worse. Look at the end of the curve.",
            like=_lowest(lambda run: np.nanmin(_values(run))),
        ),
        Mistake(
            "whole_series",
            "This run has the lowest mean over *all* steps. Training is about the end: take the "
            "last tenth.",
            like=_lowest(lambda run: _values(run).mean()),
        ),
        Mistake(
            "at_the_start",
            "This run began lowest, and got worse. The last tenth is at the other end of the "
            "array.",
            like=(
                _lowest(lambda run: _values(run)[0]),
                _lowest(lambda run: _values(run)[: len(_values(run)) // 10].mean()),
            ),
        ),
        Mistake(
            "always_ten",
            "This takes the same number of values of every run, ten or so. That is a tenth of a "
            "hundred; the lengths of runs differ.",
            like=_lowest(lambda run: _values(run)[-10:].mean()),
        ),
        Mistake(
            "not_a_number",
            "The loss of one run is NaN at its end, and this is its name. Comparisons with NaN are "
            "always false, even `nan == nan`, so it gets past a `min` and past an `if`; `nanmean` "
            "and `nan_to_num` only hide what went wrong. Leave such runs out, with "
            "`math.isfinite`.",
            seen_in=_is_a_broken_one,
        ),
        Mistake(
            "by_name",
            "This compares the *names*: the first or last in the alphabet. `min(runs, key=...)` "
            "takes a function that returns the number to compare.",
            like=(min, max),
        ),
        Mistake(
            "by_place",
            "This is the first or the last in the dictionary, whatever its loss is.",
            like=(lambda runs: next(iter(runs)), lambda runs: list(runs)[-1]),
        ),
        Mistake(
            "median",
            "This run has the lowest median. Some of its batches were bad, and they count in the "
            "mean, which the task asks for.",
            like=_lowest(lambda run: np.median(_tail(run))),
        ),
        Mistake(
            "highest",
            "This is the run with the highest loss. The best one has the lowest: `min`.",
            like=_lowest(lambda run: -_tail(run).mean()),
        ),
        Mistake(
            "run_returned",
            "This is the run itself. Return its name, the key in the dictionary.",
            seen_in=lambda trial: all(isinstance(result, Run) for result in trial.results),
        ),
        Mistake(
            "loss_returned",
            "This is a loss. Return the name of the run that has it.",
            seen_in=lambda trial: all(
                isinstance(result, float | np.floating) for result in trial.results
            ),
        ),
        Mistake(
            "place_returned",
            "This is a place in a list, a whole number. Return the name that stands there.",
            seen_in=lambda trial: all(
                isinstance(result, int | np.integer) for result in trial.results
            ),
        ),
        Mistake(
            "name_and_loss",
            "A tuple came back. The task asks for the name alone, a piece of text.",
            seen_in=lambda trial: all(isinstance(result, tuple) for result in trial.results),
        ),
        Mistake(
            "all_names",
            "A list came back. The task asks for one name: the first, if they are sorted by their "
            "loss.",
            seen_in=lambda trial: all(isinstance(result, list) for result in trial.results),
        ),
        Mistake(
            "steps_taken_for_values",
            "`series` returns two arrays, the steps and the values. Take the second: "
            '`steps, values = run.series("loss")`.',
            raises="'tuple' object has no attribute|missing 1 required positional argument: 'v",
        ),
        Mistake(
            "name_taken_for_the_run",
            "A loop over a dictionary gives its *names*. The run is `runs[name]`; `runs.items()` "
            "gives both.",
            raises="'str' object has no attribute|string indices must be integers",
        ),
        Mistake(
            "arrays_compared",
            "Whole arrays were compared here. To compare runs you need one number for each of "
            "them: the mean of its last tenth.",
            raises="truth value of an (array|empty)",
        ),
        Mistake(
            "fraction_as_a_place",
            "`/` gives a fraction, and a slice needs whole numbers: divide with `//`.",
            raises="slice indices must be integers",
        ),
        Mistake(
            "no_such_attribute",
            'A run has no such attribute. `run.series("loss")` returns two arrays: the steps and '
            "the losses.",
            raises="'Run' object (has no attribute|is not)",
        ),
        Mistake(
            "earlier_answer_is_missing",
            "`tail_mean` is your answer to exercise 3: run its cell first. (After a restart the "
            "kernel knows none of your functions.)",
            raises="name 'tail_mean' is not defined",
        ),
    ),
    hints=(
        "Compute one number for each run with your `tail_mean`. Which name belongs to the lowest?",
        "`min(names, key=...)` returns the name for which the function after `key=` is lowest.",
        (
            "Keep the names for which `math.isfinite(tail_mean(*runs[name].series('loss')))`, then "
            "take `min` of them with the same number as the key."
        ),
    ),
)
