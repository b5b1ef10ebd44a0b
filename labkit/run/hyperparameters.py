"""Hyperparameters of parameter groups: their present values, and checks of new ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.run.run_event import QUANTITIES, Quantity, Schedule, Value

_EXAMPLE = 'Example: run.adjust("0", lr=0.01)'
_RANGES: Mapping[Quantity, str] = {
    "lr": "0 or more",
    "momentum": "from 0 to below 1",
    "betas": "two numbers, each from 0 to below 1",
    "weight_decay": "0 or more",
}
_MAX_LISTED = 12


@dataclass(frozen=True)
class ParameterGroup:
    """A parameter group of an optimizer.

    Attributes
    ----------
    name : str
        As in the series ``"lr/<name>"``.
    parameters : int
        Number of parameters in the group.
    values : mapping of str to float or tuple of float
        What the next step uses, by ``"lr"``, ``"momentum"``, ``"betas"`` and ``"weight_decay"``,
        as far as the optimizer has these; as of the last change or the last 0.5 s.
    own : mapping of str to float or tuple of float
        What the optimizer's group contains, which differs where `Run.adjust` is in force.
    reason : str or None
        Why the values cannot be changed; None if they can.
    varying : frozenset of str
        The hyperparameters whose own values have changed during the run.
    """

    name: str
    parameters: int
    values: Mapping[Quantity, Value]
    own: Mapping[Quantity, Value]
    reason: str | None = None
    varying: frozenset[Quantity] = frozenset()


@dataclass(frozen=True)
class TunableModule:
    """A module with parameters, which can be frozen.

    Attributes
    ----------
    path : str
    parameters : int
        Number of its scalar parameters, with those of the modules in it.
    frozen : int
        Number of these that require no gradient.
    frozen_here : int
        Number of these that `Run.freeze` has frozen.
    type : str
        Name of its class; ``""`` if unknown.
    """

    path: str
    parameters: int
    frozen: int
    frozen_here: int
    type: str = ""


@dataclass(frozen=True)
class Adjustment:
    """New hyperparameters.

    Attributes
    ----------
    group : str or None
        Name of a parameter group; None for all that have them.
    values : mapping of str to float or tuple of float
    schedule : str
        ``"scale"`` or ``"hold"``.
    """

    group: str | None
    values: Mapping[Quantity, Value]
    schedule: Schedule


def checked_adjustment(group: object, values: Mapping[Quantity, Any], schedule: Any) -> Adjustment:
    """Return an adjustment without the values that are None.

    Raises
    ------
    TypeError, ValueError
        If there is no value, or one is of the wrong type or out of range.

    Examples
    --------
    >>> checked_adjustment(0, {"lr": 0.1, "betas": None}, "scale")
    Adjustment(group='0', values={'lr': 0.1}, schedule='scale')
    """
    given = {name: value for name, value in values.items() if value is not None}
    if not given:
        raise TypeError(
            f"run.adjust() was given nothing to change; it takes {', '.join(QUANTITIES)}. "
            f"{_EXAMPLE}"
        )
    if schedule not in ("scale", "hold"):
        raise ValueError(
            f"schedule={schedule!r} is neither 'scale' (all later values of a schedule are "
            "multiplied by new over old) nor 'hold' (the value remains fixed). "
            'Example: run.adjust("0", lr=0.01, schedule="hold")'
        )
    return Adjustment(
        _group_name(group), {n: checked_value(n, v) for n, v in given.items()}, schedule
    )


def checked_value(name: Quantity, value: Any) -> Value:
    """Return a hyperparameter as a float, or of betas as two; raise if it is out of range."""
    if name == "betas":
        try:
            first, second = value
        except (TypeError, ValueError):
            raise TypeError(_wrong(name, value)) from None
        return tuple(_number(name, each, value, below=1.0) for each in (first, second))
    return _number(name, value, value, below=1.0 if name == "momentum" else math.inf)


def choose_groups(
    groups: Sequence[ParameterGroup], adjustment: Adjustment
) -> dict[Quantity, tuple[ParameterGroup, ...]]:
    """Return the groups that an adjustment changes, by hyperparameter.

    Raises
    ------
    ValueError
        If there is no group of that name, or none with such a hyperparameter.
    RuntimeError
        If the values of the groups cannot be changed.
    """
    if not groups:
        raise RuntimeError(
            "There are no parameter groups: no optimizer of this run is known yet, several are and "
            "have no names before their first steps, or the updates are made by hand. Wait for the "
            "first step, or pass a single optimizer: lk.watch(model, optimizer)."
        )
    named = [each for each in groups if adjustment.group in (None, each.name)]
    if not named:
        raise ValueError(
            f"There is no parameter group {adjustment.group!r}; there is: {_listed(groups)}. "
            f"{_EXAMPLE}"
        )
    chosen: dict[Quantity, tuple[ParameterGroup, ...]] = {}
    for name in adjustment.values:
        having = tuple(each for each in named if name in each.values)
        if not having:
            raise ValueError(
                f"{_subject(named)} no {QUANTITIES[name]}; there is: {_listed(named)}. {_EXAMPLE}"
            )
        refused = next((each for each in having if each.reason is not None), None)
        if refused is not None:
            raise RuntimeError(f"Parameter group {refused.name!r}: {refused.reason}")
        chosen[name] = having
    return chosen


def _group_name(group: object) -> str | None:
    if group is None:
        return None
    if isinstance(group, bool) or not isinstance(group, (str, int)):
        raise TypeError(
            f"run.adjust({group!r}) takes the name or the number of a parameter group, as in the "
            f"series 'lr/<group>', or None for all, not {type(group).__name__}. {_EXAMPLE}"
        )
    return str(group).removeprefix("lr/")


def _number(name: Quantity, number: Any, value: Any, *, below: float) -> float:
    if isinstance(number, (bool, str, bytes)):
        raise TypeError(_wrong(name, value))
    try:
        found = float(number)
    except OverflowError:
        raise ValueError(_wrong(name, value)) from None
    except (TypeError, ValueError, RuntimeError):  # torch's, for several elements or a meta tensor
        raise TypeError(_wrong(name, value)) from None
    if not 0 <= found < below:
        raise ValueError(_wrong(name, value))
    return abs(found)  # -0.0 is 0


def _wrong(name: Quantity, value: object) -> str:
    example = "(0.9, 0.99)" if name == "betas" else "0.9" if name == "momentum" else "0.01"
    return (
        f"{name}={value!r} was given, but the {QUANTITIES[name]} must be {_RANGES[name]}. "
        f"Example: run.adjust({name}={example})"
    )


def _subject(groups: Sequence[ParameterGroup]) -> str:
    if len(groups) == 1:
        return f"Parameter group {groups[0].name!r} has"
    return "The parameter groups have"


def _listed(groups: Sequence[ParameterGroup]) -> str:
    shown = [f"{each.name!r} with {', '.join(each.values)}" for each in groups[:_MAX_LISTED]]
    more = len(groups) - len(shown)
    return "; ".join([*shown, f"{more} more"] if more else shown)
