"""Sets hyperparameters of an optimizer for the time of its steps.

Before a step the adjusted values are written into the parameter groups; after it, the optimizer's
own values are put back. Whatever changes the groups between two steps, a scheduler of any kind or a
line of the loop, therefore sees and changes the optimizer's own values only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from labkit.capture import torch_compat
from labkit.capture.hooks.group_anchor import GroupAnchor
from labkit.capture.hooks.step_rule import Replaced, Rule
from labkit.run.error_text import described

Key = tuple[int, str]
"""The place of a parameter group in its optimizer, and the name of a hyperparameter."""


class StepBracket:
    """The rules for the steps of one optimizer, and the hooks that apply them.

    Hooks are registered and removed only before torch begins to call those of the optimizer, as it
    iterates over them.

    Attributes
    ----------
    used : dict
        What the newest step used, by group and hyperparameter.
    """

    def __init__(self) -> None:
        self.used: dict[Key, Any] = {}
        self.steps = 0
        """Number of steps for which values were replaced."""
        self._rules: dict[Key, tuple[Rule, ...]] = {}
        self._anchors: dict[int, GroupAnchor] = {}
        """What identifies the groups with rules, by their places; a negative one is that of a group
        which is not in the optimizer."""
        self._replaced: dict[tuple[int, str], Replaced] = {}
        """What is replaced at the moment, by the identity of the group and the name."""
        self._nested = 0
        """Number of calls of ``step`` within the one that has begun."""
        self._handles: tuple[RemovableHandle, ...] = ()
        self._report: Callable[[str], None] = _nothing

    # ── rules ────────────────────────────────────────────────────────────────

    @property
    def is_empty(self) -> bool:
        """Whether there is no rule."""
        return not self._rules

    @property
    def events(self) -> set[int]:
        """The ids of the events that the rules belong to."""
        return {rule.event for rules in self._rules.values() for rule in rules}

    @property
    def is_placed(self) -> bool:
        """Whether hooks are registered if, and only if, there are rules."""
        return self.is_empty != bool(self._handles)

    def rule(self, key: Key) -> Rule | None:
        """Return the rule in force for a hyperparameter; None if it is the optimizer's own."""
        rules = self._rules.get(key)
        return None if rules is None else rules[-1]

    def own(self, group: dict[str, Any], name: str) -> Any:
        """Return the optimizer's own value of a hyperparameter, also while it is replaced."""
        replaced = self._replaced.get((id(group), name))
        return group.get(name) if replaced is None or not replaced.is_in_place else replaced.own

    def add(
        self,
        optimizer: torch.optim.Optimizer,
        key: Key,
        rule: Rule,
        report: Callable[[str], None],
    ) -> None:
        """Add a rule, which is in force as the newest of its hyperparameter.

        `report` is called with a sentence if the values cannot be set.
        """
        self.follow_groups(optimizer)
        place = key[0]
        self._anchors.setdefault(place, GroupAnchor(optimizer.param_groups[place], place))
        self._rules[key] = (*self._rules.get(key, ()), rule)
        self._report = report

    def remove(self, events: set[int], *, keeps_newest: bool = False) -> None:
        """Remove the rules of some events; with `keeps_newest`, those that are not in force."""
        left = {
            key: tuple(
                rule
                for rule in rules
                if rule.event not in events or (keeps_newest and rule is rules[-1])
            )
            for key, rules in self._rules.items()
        }
        self._rules = {key: rules for key, rules in left.items() if rules}
        self.used = {key: value for key, value in self.used.items() if key in self._rules}
        places = {place for place, _ in self._rules}
        self._anchors = {place: each for place, each in self._anchors.items() if place in places}
        if self.is_empty:
            self._report = _nothing

    def follow_groups(self, optimizer: torch.optim.Optimizer) -> None:
        """Move the rules with their groups, if these were reordered, removed or inserted."""
        moved: dict[int, int] = {}
        for place, anchor in self._anchors.items():
            found = anchor.find(optimizer.param_groups)
            if found is None:
                found = place if place < 0 else min(-1, *moved.values(), *self._anchors) - 1
            moved[place] = found
        if all(before == after for before, after in moved.items()):
            return
        rules, self._rules, self.used = self._rules, {}, {}
        for (place, name), each in rules.items():
            key = moved[place], name
            both = (*self._rules.get(key, ()), *each)
            self._rules[key] = tuple(sorted(both, key=lambda rule: rule.event))
        self._anchors = {moved[place]: anchor for place, anchor in self._anchors.items()}

    # ── hooks ────────────────────────────────────────────────────────────────

    def place_hooks(self, optimizer: torch.optim.Optimizer) -> None:
        """Register the hooks if there are rules, as the last before a step and the first after it.

        To be called before torch begins to call the hooks of the optimizer.
        """
        if self.is_empty:
            self.remove_hooks()
            return
        before, after = torch_compat.own_step_hooks(optimizer)
        if not self._handles or not (
            self._handles[0].id in before and self._handles[1].id in after
        ):  # also if the user has cleared all hooks
            self.remove_hooks()
            self._handles = (
                optimizer.register_step_pre_hook(self.before_step),
                optimizer.register_step_post_hook(self.after_step),
                optimizer.register_state_dict_post_hook(self._put_own_values),
            )
        before.move_to_end(self._handles[0].id)
        after.move_to_end(self._handles[1].id, last=False)

    def remove_hooks(self) -> None:
        """Put back the own values, and remove the hooks."""
        handles, self._handles = self._handles, ()
        self.restore()
        for handle in handles:
            handle.remove()

    def before_step(self, optimizer: torch.optim.Optimizer, _args: Any, _kwargs: Any) -> None:
        """Write what the rules say into the parameter groups."""
        if self._replaced:
            if self._is_nested(optimizer):
                self._nested += 1
                return
            self.restore()  # the step before has raised
        try:
            self.steps += 1
            self.follow_groups(optimizer)
            for key in list(self._rules):
                self._replace(optimizer, key)
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            self.restore()
            self._rules, report = {}, self._report
            report(
                "Hyperparameters that were changed are the optimizer's own again, as they could "
                f"not be set before its step. ({described(error)})"
            )

    def _replace(self, optimizer: torch.optim.Optimizer, key: Key) -> None:
        place, name = key
        rule, groups = self.rule(key), optimizer.param_groups
        if rule is None or not 0 <= place < len(groups) or name not in groups[place]:
            return
        group = groups[place]
        own = group[name]
        self.used[key] = group[name] = value = rule.written(own)
        version = torch_compat.tensor_version(value) if isinstance(value, torch.Tensor) else 0
        self._replaced[id(group), name] = Replaced(group, name, own, value, version)

    def after_step(self, _optimizer: torch.optim.Optimizer, _args: Any, _kwargs: Any) -> None:
        """Put back the own values, unless the step is part of another one of this optimizer."""
        if self._nested:
            self._nested -= 1
        else:
            self.restore()

    def restore(self) -> None:
        """Put back the own values: the step has ended, or it has raised."""
        self._nested = 0
        while self._replaced:
            self._replaced.popitem()[1].restore()

    def _is_nested(self, optimizer: torch.optim.Optimizer) -> bool:
        under_way = torch_compat.steps_under_way(threading.get_ident())
        return under_way is not None and under_way[id(optimizer)] > 1

    def _put_own_values(self, optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
        """Put the own values into a state that is saved within a step, or after one that raised."""
        places = {id(group): place for place, group in enumerate(optimizer.param_groups)}
        for (group, name), replaced in self._replaced.items():
            saved = state["param_groups"][places[group]] if group in places else {}
            if saved.get(name) is replaced.written:
                saved[name] = replaced.own


def _nothing(_text: str) -> None:
    """Do nothing."""


torch_compat.without_compilation(StepBracket.before_step)
torch_compat.without_compilation(StepBracket.after_step)
