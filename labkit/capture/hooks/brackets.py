"""The brackets of optimizers whose hyperparameters were changed."""

from __future__ import annotations

from typing import Any

import torch

from labkit.capture.hooks.registry import OPTIMIZERS, look_up_optimizer
from labkit.capture.hooks.step_bracket import Key, StepBracket
from labkit.capture.hooks.step_rule import Rule


def bracket_of(optimizer: torch.optim.Optimizer) -> StepBracket:
    """Return the bracket of an optimizer; create it if there is none."""
    known = OPTIMIZERS.get(id(optimizer))
    if known is None or known.reference() is not optimizer:
        known = look_up_optimizer(optimizer)
    if known.bracket is None:
        known.bracket = StepBracket()
    return known.bracket


def existing_bracket(optimizer: torch.optim.Optimizer) -> StepBracket | None:
    """Return the bracket of an optimizer; None if there is none."""
    known = OPTIMIZERS.get(id(optimizer))
    return None if known is None or known.reference() is not optimizer else known.bracket


def restore_own_values(optimizer: torch.optim.Optimizer) -> None:
    """Put back an optimizer's own values after its step, before other hooks have been called."""
    bracket = existing_bracket(optimizer)
    if bracket is not None:
        bracket.restore()


def groups_with_rules() -> dict[int, tuple[torch.optim.Optimizer, int]]:
    """Return the optimizers whose brackets have rules, and the places of their groups.

    The keys are the identities of the parameter groups, as a wrapper and the optimizer that it
    wraps may have the same ones.
    """
    found: dict[int, tuple[torch.optim.Optimizer, int]] = {}
    for known in list(OPTIMIZERS.values()):
        optimizer = known.reference()
        if optimizer is None or known.bracket is None or known.bracket.is_empty:
            continue
        for place, group in enumerate(optimizer.param_groups):
            found.setdefault(id(group), (optimizer, place))
    return found


def own_value(optimizer: torch.optim.Optimizer, group: dict[str, Any], name: str) -> Any:
    """Return an optimizer's own value of a hyperparameter, also at the end of its step."""
    bracket = existing_bracket(optimizer)
    return group.get(name) if bracket is None else bracket.own(group, name)


def rule_of(optimizer: torch.optim.Optimizer, key: Key) -> Rule | None:
    """Return the rule in force for a hyperparameter of an optimizer; None if there is none."""
    bracket = existing_bracket(optimizer)
    if bracket is None:
        return None
    bracket.follow_groups(optimizer)
    return bracket.rule(key)


def used_rates(optimizer: torch.optim.Optimizer) -> list[Any]:
    """Return the learning rates that the newest step of an optimizer has used."""
    groups = optimizer.param_groups
    known = OPTIMIZERS.get(id(optimizer))
    if known is None or known.bracket is None or known.bracket.is_empty:
        return [group["lr"] for group in groups if "lr" in group]
    used = known.bracket.used
    return [
        used.get((place, "lr"), group["lr"]) for place, group in enumerate(groups) if "lr" in group
    ]
