"""Calls the listeners before and after the steps of all torch optimizers."""

from __future__ import annotations

from threading import get_ident
from typing import Any

import torch
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.hooks import RemovableHandle

from labkit.capture import torch_compat
from labkit.capture.hooks.innermost_hooks import put_innermost
from labkit.capture.hooks.registry import OPTIMIZERS, STATE, look_up_optimizer, parameters_changed

is_compiling = torch.compiler.is_dynamo_compiling

_handles: list[RemovableHandle] = []


def install() -> None:
    """Register one hook before and one after every step."""
    _handles.append(register_optimizer_step_pre_hook(before_step))
    _handles.append(register_optimizer_step_post_hook(after_step))


def uninstall() -> None:
    """Remove the hooks; safe while other threads step."""
    if _handles:
        before, after = _handles
        torch_compat.remove_global_step_hook("pre", before)
        torch_compat.remove_global_step_hook("post", after)
        _handles.clear()


def before_step(
    optimizer: torch.optim.Optimizer, args: Any, kwargs: Any, *, innermost: bool = False
) -> Any:
    """Call the watches whose parameters an optimizer holds before its step.

    Parameters
    ----------
    optimizer : Optimizer
    args, kwargs
        Arguments of the step.
    innermost : bool
        Whether the user's hooks have been called; see `innermost_hooks`.

    Returns
    -------
    tuple or None
        Arguments that replace the given ones.
    """
    if is_compiling():
        return None
    known = OPTIMIZERS.get(id(optimizer))
    if known is None or known.stamp != STATE.stamp or known.groups != len(optimizer.param_groups):
        known = look_up_optimizer(optimizer)
        if known.bracket is not None and not innermost:
            known.bracket.place_hooks(optimizer)
    if (
        (known.own_before or known.own_after)
        and not innermost
        and known.recorders
        and put_innermost(known, optimizer, _before_step_innermost, _after_step_innermost)
    ):
        return None
    changed = None
    for recorder in known.recorders:
        if (
            recorder.fast_path is not None
            and recorder.passes
            and not recorder.depth
            and not recorder.stepped
            and recorder.thread == get_ident()
            and len(args) == 1
            and not kwargs
        ):  # the fast path, written out: each further call here would slow down a fast loop
            recorder.depth, recorder.outermost = 1, id(optimizer)
            continue
        loop = recorder.loop
        if loop.thread != get_ident():
            if not loop.claim(get_ident(), (), recorder):
                continue
            parameters_changed()
        given = loop.before_step(recorder, optimizer, args, kwargs)
        if given is not None:
            changed = args, kwargs = given
    return changed


def after_step(
    optimizer: torch.optim.Optimizer, _args: Any, _kwargs: Any, *, innermost: bool = False
) -> None:
    """Call the watches whose parameters an optimizer holds after its step."""
    if is_compiling():
        return
    known = OPTIMIZERS.get(id(optimizer))
    if known is None or known.stamp != STATE.stamp or known.groups != len(optimizer.param_groups):
        known = look_up_optimizer(optimizer)
    if known.innermost is not None and not innermost:
        return
    for recorder in known.recorders:
        fast_path = recorder.fast_path  # another thread may close the watch at any moment
        if fast_path is not None and recorder.thread == get_ident():
            fast_path.end_step(recorder, optimizer)
        elif recorder.loop.thread == get_ident():
            recorder.loop.after_step(recorder, optimizer)


def _before_step_innermost(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> Any:
    if not _is_innermost(optimizer):
        return None
    return before_step(optimizer, args, kwargs, innermost=True)


def _after_step_innermost(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
    if _is_innermost(optimizer):
        after_step(optimizer, args, kwargs, innermost=True)


def _is_innermost(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether the hooks on an optimizer are in use; some may remain after a watch."""
    known = OPTIMIZERS.get(id(optimizer))
    return known is not None and known.innermost is not None


torch_compat.without_compilation(before_step)
torch_compat.without_compilation(after_step)
