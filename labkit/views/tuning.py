"""Builds what pages display of the changes to a training, and of what can be changed."""

from __future__ import annotations

from typing import cast

from labkit.run import Run
from labkit.run.hyperparameters import ParameterGroup, TunableModule
from labkit.run.run_event import RunEvent, Value
from labkit.views import messages
from labkit.views.message_builders import finite
from labkit.views.messages.tuning import GroupFacts, ModuleFacts, Tuning, TuningChanges

MAX_GROUPS = 64
"""Maximum number of parameter groups that are sent."""
MAX_MODULES = 400
"""Maximum number of modules that are sent; the outermost ones."""
MAX_EVENTS = 200
"""Maximum number of events that are sent; the newest."""


def tuning(run: Run) -> Tuning:
    """Return the parameter groups, modules and events of a run.

    Examples
    --------
    >>> run = Run("demo")
    >>> event = run.event_log.add(40, "freeze", "encoder", text="encoder frozen")
    >>> tuning(run)["events"][0]["text"]
    'encoder frozen'
    """
    return {
        "groups": [_group(group) for group in run.parameter_groups[:MAX_GROUPS]],
        "modules": [_module(module) for module in _outermost(run.tunable_modules)],
        "events": [_event(event) for event in run.events[-MAX_EVENTS:]],
    }


def changes(sent: Tuning, present: Tuning) -> TuningChanges | None:
    """Return the parts that differ from what was sent; None if there are none."""
    parts = dict(sent)
    found = {name: part for name, part in present.items() if part != parts[name]}
    return cast("TuningChanges", found) if found else None


def _group(group: ParameterGroup) -> GroupFacts:
    return {
        "name": group.name,
        "parameters": group.parameters,
        "values": [
            {
                "quantity": name,
                "used": _numbers(used),
                "own": _numbers(group.own[name]),
                "varies": name in group.varying,
            }
            for name, used in group.values.items()
        ],
        "reason": group.reason,
    }


def _numbers(value: Value) -> list[float]:
    """Return a value as numbers of JSON; a NaN that the user has set becomes 0."""
    return [finite(each) or 0.0 for each in (value if isinstance(value, tuple) else (value,))]


def _module(module: TunableModule) -> ModuleFacts:
    return {
        "path": module.path,
        "type": module.type,
        "parameters": module.parameters,
        "frozen": module.frozen,
        "frozen_here": module.frozen_here,
    }


def _outermost(modules: tuple[TunableModule, ...]) -> list[TunableModule]:
    if len(modules) <= MAX_MODULES:
        return list(modules)
    by_depth = sorted(modules, key=lambda module: module.path.count("."))
    chosen = {module.path for module in by_depth[:MAX_MODULES]}
    return [module for module in modules if module.path in chosen]


def _event(event: RunEvent) -> messages.tuning.RunEvent:
    return {
        "id": event.id,
        "step": event.step,
        "kind": event.kind,
        "where": event.where,
        "text": event.text,
        "taken_back": event.taken_back,
    }
