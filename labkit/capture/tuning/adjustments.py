"""Changes hyperparameters of parameter groups, and takes the changes back."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch

from labkit.capture import hooks
from labkit.capture.steps import StepMachine
from labkit.capture.tuning.group_table import LiveGroup, live_groups
from labkit.run import Run
from labkit.run.hyperparameters import Adjustment, choose_groups
from labkit.run.run_event import (
    MAX_EVENTS,
    QUANTITIES,
    Quantity,
    RunEvent,
    Schedule,
    Value,
    number_text,
)

_LIMITED = ("momentum", "betas")
_WITH_LATE_MOMENTUM = (torch.optim.SGD, *filter(None, [getattr(torch.optim, "Muon", None)]))
"""Optimizers that create momentum buffers when they need them."""
_MISSED_STEPS = 8
_REPLACED = (
    "Hyperparameters were changed for an optimizer that steps no more, so these changes have no "
    "effect: the optimizer that steps now has values of its own. Change those with run.adjust()."
)


class Adjustments:
    """The changed hyperparameters of the optimizers of one loop.

    Parameters
    ----------
    loop : StepMachine
    """

    def __init__(self, loop: StepMachine) -> None:
        self._loop = loop
        self._brackets: dict[int, hooks.StepBracket] = {}
        """The brackets with rules of this loop, by the ids of the events."""
        self._stepped: weakref.WeakKeyDictionary[hooks.StepBracket, tuple[int, int]] = (
            weakref.WeakKeyDictionary()
        )
        """Of a bracket whose optimizer is not among the present ones, how often it has stepped, and
        the number of the loop's steps when this was read first."""

    def apply(self, run: Run, adjustment: Adjustment) -> tuple[RunEvent, ...]:
        """Change hyperparameters; see `LiveTuner.adjust`."""
        groups = {group.name: group for group in reversed(live_groups(self._loop))}
        facts = [group.facts() for group in reversed(groups.values())]
        chosen = choose_groups(facts, adjustment)
        changes = [
            (groups[each.name], name, each.values[name], each.own[name])
            for name, found in chosen.items()
            for each in found
        ]
        schedules = [
            _schedule(group, name, own, adjustment) for group, name, _, own in changes
        ]  # raises before anything is changed
        events = tuple(
            self._change(run, group, name, before, own, adjustment.values[name], schedule)
            for (group, name, before, own), schedule in zip(changes, schedules, strict=True)
        )
        self._drop_superseded(run)
        hooks.parameters_changed()
        return events

    def take_back(self, event: RunEvent) -> None:
        """Remove what an event has set."""
        bracket = self._brackets.pop(event.id, None)
        if bracket is not None:
            bracket.remove({event.id})
            hooks.parameters_changed()

    def check(self, groups: Sequence[LiveGroup]) -> None:
        """Add a notice if an optimizer with changed values steps no more, but others do.

        Parameters
        ----------
        groups : sequence of LiveGroup
            The present groups; empty if the steps are not those of an optimizer.
        """
        present = {hooks.existing_bracket(group.optimizer) for group in groups}
        steps = self._loop.steps_done
        for bracket in set(self._brackets.values()) - present if present else ():
            seen = self._stepped.get(bracket)
            if seen is None or seen[0] != bracket.steps:
                self._stepped[bracket] = bracket.steps, steps
            elif steps - seen[1] >= _MISSED_STEPS:
                self._loop.add_notice(_REPLACED)

    def close(self) -> None:
        """Remove all that was set."""
        events, brackets = set(self._brackets), list(self._brackets.values())
        self._brackets = {}
        self._stepped.clear()
        for bracket in brackets:
            bracket.remove(events)

    def _drop_superseded(self, run: Run) -> None:
        """Drop what events have set that cannot be taken back any more, unless it is in force."""
        if len(self._brackets) <= MAX_EVENTS:
            return
        stored = {event.id for event in run.event_log.all()}
        gone = self._brackets.keys() - stored
        for bracket in {id(each): each for each in self._brackets.values()}.values():
            bracket.remove(gone, keeps_newest=True)
        self._brackets = {
            event: bracket
            for event, bracket in self._brackets.items()
            if event in stored or event in bracket.events
        }

    def _change(
        self,
        run: Run,
        group: LiveGroup,
        name: Quantity,
        before: Value,
        own: Value,
        target: Value,
        schedule: Schedule,
    ) -> RunEvent:
        text = (
            f"{QUANTITIES[name]} of group {group.name}: {number_text(before)} → "
            f"{number_text(target)}{', held' if schedule == 'hold' else ''}"
        )
        event = run.event_log.add(
            run.steps, name, group.name, before, target, text=text, schedule=schedule
        )
        bracket = hooks.bracket_of(group.optimizer)
        limit = hooks.MAX_SCALED if name in _LIMITED else None
        needs_buffers = name == "momentum" and not _has_late_momentum(group.optimizer)
        least = hooks.SMALLEST if needs_buffers and own else 0.0
        rule = hooks.Rule(event.id, target, own, schedule == "hold", limit, least)
        bracket.add(group.optimizer, (group.place, name), rule, self._loop.add_notice)
        self._brackets[event.id] = bracket
        return event


def _schedule(group: LiveGroup, name: Quantity, own: Value, adjustment: Adjustment) -> Schedule:
    """Return how a change treats later values of a schedule; raise if it is not possible."""
    target, content = adjustment.values[name], group.content
    value = content[name]
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise ValueError(f"The {QUANTITIES[name]} of group {group.name!r} is itself trained.")
    if name == "momentum" and own == 0 and target and not _has_late_momentum(group.optimizer):
        raise ValueError(
            f"{type(group.optimizer).__name__} was made with momentum 0 and has no momentum "
            "buffers, so its momentum cannot be raised. Make a new optimizer."
        )
    if name == "weight_decay" and own == 0 and target and _has_sparse_gradients(content):
        raise ValueError(
            f"Group {group.name!r} has sparse gradients, with which weight decay is not possible."
        )
    if adjustment.schedule == "hold" or _can_be_scaled(own, target):
        return adjustment.schedule
    if name == "lr":
        raise ValueError(
            f"The learning rate of group {group.name!r} is 0 now, so no factor leads from it to "
            f'{number_text(target)}. Hold it (schedule="hold"), or wait until it is above 0.'
        )
    return "hold"  # other hyperparameters that are 0 usually have no schedule


def _can_be_scaled(own: Value, target: Value) -> bool:
    pairs = (
        zip(own, target, strict=True)
        if isinstance(own, tuple) and isinstance(target, tuple)
        else [(own, target)]
    )
    return all(old != 0 or new == 0 for old, new in pairs)


def _has_late_momentum(optimizer: torch.optim.Optimizer) -> bool:
    return isinstance(optimizer, _WITH_LATE_MOMENTUM)


def _has_sparse_gradients(content: dict[str, Any]) -> bool:
    gradients = (parameter.grad for parameter in content["params"])
    return any(gradient is not None and gradient.is_sparse for gradient in gradients)
