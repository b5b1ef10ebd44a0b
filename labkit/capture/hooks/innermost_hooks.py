"""Hooks on an optimizer that has step hooks of the user.

torch calls global step hooks first before a step and last after it, around the hooks of the
optimizer itself. What the user's hooks do (clip gradients, change the learning rate, run the next
pass) is not part of the recorded step: a pre-hook may change the gradients that the optimizer uses,
and a post-hook runs when the update is done. Therefore, while a watch is open, labkit registers
hooks on such an optimizer that are called innermost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from labkit.capture import torch_compat
from labkit.capture.hooks.registry import OPTIMIZERS, KnownOptimizer

StepHook = Callable[..., Any]


def put_innermost(
    known: KnownOptimizer, optimizer: torch.optim.Optimizer, before: StepHook, after: StepHook
) -> bool:
    """Register two hooks as the last before and the first after an optimizer's step.

    To be called before torch begins to call the hooks of the optimizer.

    Returns
    -------
    bool
        False if no other hooks are registered any more; then these two are removed.
    """
    if known.bracket is not None:
        known.bracket.place_hooks(optimizer)
    if not _are_registered(known):  # also if the user has cleared all hooks
        remove(known)
        known.innermost = (
            optimizer.register_step_pre_hook(before),
            optimizer.register_step_post_hook(after),
        )
    elif len(known.own_before) == len(known.own_after) == 1:
        remove(known)
        return False
    first, last = known.innermost  # type: ignore[misc]  # registered above, if not before
    known.own_before.move_to_end(first.id)
    known.own_after.move_to_end(last.id, last=False)
    return True


def _are_registered(known: KnownOptimizer) -> bool:
    if known.innermost is None:
        return False
    first, last = known.innermost
    return first.id in known.own_before and last.id in known.own_after


def remove_all() -> None:
    """Remove these hooks from all optimizers, except from those whose step is under way.

    torch iterates over the hooks of an optimizer during its step. Hooks that remain there have no
    effect, and are deleted with the optimizer.
    """
    under_way = torch_compat.steps_under_way_anywhere()
    for key, known in list(OPTIMIZERS.items()):
        if key in under_way:
            continue
        if known.bracket is not None and known.bracket.is_empty:
            known.bracket.remove_hooks()
        if known.innermost is not None:
            remove(known)


def remove(known: KnownOptimizer) -> None:
    """Remove these hooks from one optimizer."""
    handles, known.innermost = known.innermost or (), None
    for handle in handles:
        handle.remove()
