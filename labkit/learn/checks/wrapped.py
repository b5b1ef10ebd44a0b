"""Right values that came back in the wrong wrapping: among others, in lists, or as text."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks.trial import Trial

_ORDINALS = ("first", "second", "third", "fourth")


def wrapped(trial: Trial) -> str:
    """Say in which wrapping the right values came back; an empty text if they did not.

    Examples
    --------
    >>> from labkit.learn.checks import Case, Exercise
    >>> from labkit.learn.checks.judging import try_answer
    >>> double = Exercise("double", "Twice a number.", solution=lambda a: 2 * a,
    ...     cases=(Case(2), Case(3)), praise="Yes.", hints=("", "", ""))
    >>> wrapped(try_answer(double, lambda a: (a, 2 * a)))
    'You returned 2 things, and the second is what is asked for. Return it alone.'
    >>> wrapped(try_answer(double, lambda a: a))
    ''
    """
    return _among_others(trial) or _in_lists(trial) or _as_text(trial)


def _each_is_right(trial: Trial, unwrap: Callable[[Any], Any]) -> bool:
    try:
        return all(
            call.error is None and trial.same(unwrap(call.result), expected)
            for call, expected in zip(trial.calls, trial.expected, strict=True)
        )
    except Exception:  # noqa: BLE001 - an answer may be of any type
        return False


def _among_others(trial: Trial) -> str:
    sizes = {len(result) if isinstance(result, tuple) else 0 for result in trial.results}
    size = sizes.pop()
    if sizes or not size:
        return ""
    for place, ordinal in zip(range(size), _ORDINALS, strict=False):
        if _each_is_right(trial, operator.itemgetter(place)):
            if size == 1:
                return (
                    "The value is right, but alone in a tuple: a comma after it makes one. Leave "
                    "it out."
                )
            return (
                f"You returned {size} things, and the {ordinal} is what is asked for. Return it "
                "alone."
            )
    return ""


def _in_lists(trial: Trial) -> str:
    are_lists = all(isinstance(result, list) for result in trial.results)
    if not are_lists or not all(isinstance(expected, Tensor) for expected in trial.expected):
        return ""
    if _each_is_right(trial, torch.tensor):
        return "The numbers are right, but in lists. `torch.tensor(...)` makes a tensor of them."
    if _each_is_right(trial, torch.stack):
        return "The numbers are right, but in a list. `torch.stack(...)` makes one tensor of it."
    return ""


def _as_text(trial: Trial) -> str:
    are_text = all(isinstance(result, str) for result in trial.results)
    if are_text and _each_is_right(trial, float):
        return "The number is right, but it came back as text. Return the number itself."
    return ""
