"""Hooks around the steps of an optimizer that has hooks of the user's own.

torch calls the hooks of every optimizer first before a step and last after it, so around those of
the user's. What these do (clip gradients, change the rate, begin the next pass) belongs outside
what is recorded as the step: before it, it changes the gradients that the optimizer uses; after it,
the step is over. So labkit's are put innermost, on that optimizer, while a watch is open.
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
    """Have two hooks called as the last before and the first after an optimizer's step.

    To be called before torch begins to call the optimizer's own hooks.

    Returns
    -------
    bool
        False where nothing but these two is registered any more: they are removed then.
    """
    if not _are_registered(known):  # also where the user has cleared all hooks
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
    """Remove these hooks from all optimizers but one whose step is under way just now.

    torch iterates over an optimizer's hooks meanwhile. What is left there does nothing, and goes
    with the optimizer.
    """
    under_way = torch_compat.steps_under_way_anywhere()
    for key, known in list(OPTIMIZERS.items()):
        if known.innermost is not None and key not in under_way:
            remove(known)


def remove(known: KnownOptimizer) -> None:
    """Remove these hooks from one optimizer."""
    handles, known.innermost = known.innermost or (), None
    for handle in handles:
        handle.remove()
