"""The parameter groups of the optimizers of a watched loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from labkit.capture import hooks, torch_compat
from labkit.capture.stand_in import StandInOptimizer
from labkit.capture.steps import StepMachine
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.run.hyperparameters import ParameterGroup
from labkit.run.run_event import QUANTITIES, Quantity, Value
from labkit.run.run_setup import GroupSetup

_WITHOUT_HOOKS = (
    "the step of its optimizer is compiled, so that labkit cannot set hyperparameters for it. "
    "Set them in the loop: group['lr'] = ... for the groups of optimizer.param_groups."
)
_BY_HAND = (
    "the weights are updated without its optimizer, so that its hyperparameters have no effect."
)
_SCHEDULE = (
    "its optimizer computes the learning rate from a schedule of its own library, so that labkit "
    "cannot set it. Give the optimizer a number as its learning rate."
)
_UNKNOWN_TYPE = (
    "its optimizer has no step hooks, as torch's own have, so that labkit cannot set "
    "hyperparameters for it. Set them in the loop."
)

_PARAMETER_LISTS = ("params", "param_names")
"""The members of a group that are no hyperparameters."""
_MAX_TEXT = 200
"""Maximum number of characters of a hyperparameter as text."""


@dataclass(frozen=True)
class LiveGroup:
    """A parameter group of a living optimizer.

    Attributes
    ----------
    name : str
        As in the series of its learning rate.
    optimizer : Optimizer
        The one whose steps use changed values, if another one has the same group.
    place : int
        Its place in the optimizer.
    reason : str or None
        Why its hyperparameters cannot be changed.
    """

    name: str
    optimizer: torch.optim.Optimizer
    place: int
    reason: str | None

    @property
    def content(self) -> dict[str, Any]:
        """The parameters and hyperparameters."""
        return self.optimizer.param_groups[self.place]

    def own(self) -> dict[Quantity, Value]:
        """Return the optimizer's own hyperparameters."""
        content = self.content
        found = {
            name: number_of(name, hooks.own_value(self.optimizer, content, name))
            for name in QUANTITIES
        }
        return {name: value for name, value in found.items() if value is not None}

    def facts(self) -> ParameterGroup:
        """Return what is known of the group, as plain data."""
        own = self.own()
        return ParameterGroup(
            self.name, len(self.content["params"]), self.used(own), own, self.reason
        )

    def setup(self) -> GroupSetup:
        """Return all hyperparameters as text; those of unknown types are left out."""
        texts = {
            str(name): text_of(value)
            for name, value in self.content.items()
            if name not in _PARAMETER_LISTS
        }
        kind = type(self.optimizer).__name__
        return GroupSetup(self.name, kind, {n: text for n, text in texts.items() if text})

    def used(self, own: Mapping[Quantity, Value]) -> dict[Quantity, Value]:
        """Return the hyperparameters that the next step uses, from the optimizer's own ones."""
        used: dict[Quantity, Value] = {}
        for name, value in own.items():
            rule = hooks.rule_of(self.optimizer, (self.place, name))
            used[name] = value if rule is None else rule.value(value)
        return used


def number_of(name: Quantity, value: Any) -> Value | None:
    """Return a hyperparameter as a float or a tuple of floats; None if it is neither."""
    try:
        if name != "betas":
            return None if value is None or isinstance(value, (bool, str)) else _as_float(value)
        first, second = value
        return _as_float(first), _as_float(second)
    except (TypeError, ValueError, RuntimeError):  # a tensor of several elements, and the like
        return None


def text_of(value: Any) -> str:
    """Return a hyperparameter as text; empty if it is no number, text, boolean, tuple or None."""
    try:
        return _as_text(_as_float(value) if isinstance(value, torch.Tensor) else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):  # several elements, 10**400
        return ""


def _as_text(value: Any) -> str:
    if isinstance(value, (tuple, list)) and all(isinstance(each, (int, float)) for each in value):
        return f"({', '.join(map(_as_text, value))})"
    if value is None or isinstance(value, (bool, str)):
        return str(value)[:_MAX_TEXT]
    return f"{value:.6g}" if isinstance(value, (int, float)) else ""


def _as_float(value: Any) -> float:
    # A rate may require grad, and torch warns if such a tensor is converted.
    return float(value.detach() if isinstance(value, torch.Tensor) else value)


def live_groups(loop: StepMachine) -> list[LiveGroup]:
    """Return the parameter groups of all optimizers of a loop, on the training thread.

    Of several optimizers, those that have not stepped yet are left out: the first step gives their
    groups their names.
    """
    recorders = loop.recorders.with_optimizers
    named = tuple(each for each in recorders if each.has_stepped)
    if not named and len(recorders) == 1:
        named = recorders
    return [group for each in named for group in _groups_of(loop, each)]


def _groups_of(loop: StepMachine, recorder: OptimizerRecorder) -> list[LiveGroup]:
    newest = recorder.last_stepped() or recorder.optimizer
    optimizers = loop.recorders.optimizers_of(recorder, newest)
    places = [
        (optimizer, place)
        for optimizer in optimizers
        for place in range(len(optimizer.param_groups))
    ]
    contents = [optimizer.param_groups[place] for optimizer, place in places]
    names = recorder.series.group_names(contents)
    changed = hooks.groups_with_rules()
    return [
        LiveGroup(name, *changed.get(id(content), (optimizer, place)), _reason(recorder, optimizer))
        for name, content, (optimizer, place) in zip(names, contents, places, strict=True)
    ]


def _reason(recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> str | None:
    if recorder.is_manual:
        return _BY_HAND
    if recorder.is_without_hook or recorder.only_end_is_seen:
        return _WITHOUT_HOOKS
    if isinstance(optimizer, StandInOptimizer) and optimizer.has_fixed_rates:
        return _SCHEDULE
    return None if torch_compat.takes_step_hooks(optimizer) else _UNKNOWN_TYPE
