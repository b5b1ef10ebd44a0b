"""Private names of optimizers: step hooks, and the steps that are under way."""

from __future__ import annotations

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Literal

import torch
from torch.optim import optimizer as optimizer_module
from torch.utils.hooks import RemovableHandle


def global_step_hooks() -> tuple[Any, Any] | None:
    """Return torch's registries of global step hooks; None if they do not exist."""
    before = getattr(optimizer_module, "_global_optimizer_pre_hooks", None)
    after = getattr(optimizer_module, "_global_optimizer_post_hooks", None)
    return None if before is None or after is None else (before, after)


def remove_global_step_hook(which: Literal["pre", "post"], handle: RemovableHandle) -> None:
    """Remove a global step hook while other threads may be calling it.

    If the registry changes, a thread that iterates over it raises. Therefore a registry with no
    other hook is replaced by an empty one, and iterations over the old one can continue.
    """
    name = f"_global_optimizer_{which}_hooks"
    registry = getattr(optimizer_module, name, None)
    if registry is not None and list(registry) == [handle.id]:
        setattr(optimizer_module, name, type(registry)())
    else:
        handle.remove()


StepHooks = tuple[OrderedDict[int, Callable[..., Any]], OrderedDict[int, Callable[..., Any]]]


def own_step_hooks(optimizer: torch.optim.Optimizer) -> StepHooks:
    """Return the registries of an optimizer's step hooks; empty ones if they do not exist."""
    before = getattr(optimizer, "_optimizer_step_pre_hooks", None)
    after = getattr(optimizer, "_optimizer_step_post_hooks", None)
    return (
        OrderedDict() if before is None else before,
        OrderedDict() if after is None else after,
    )


def takes_step_hooks(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether hooks for steps and for saved states can be registered on an optimizer.

    A wrapper that was made without the initialisation of its base class has no registries.
    """
    names = (
        "_optimizer_step_pre_hooks",
        "_optimizer_step_post_hooks",
        "_optimizer_state_dict_post_hooks",
    )
    return all(isinstance(getattr(optimizer, name, None), OrderedDict) for name in names)


def _code_around_steps() -> CodeType | None:
    """Return the code of the wrapper of every optimizer's step; None if there is none."""
    around = getattr(torch.optim.Optimizer, "profile_hook_step", None)
    return getattr(around(lambda: None), "__code__", None) if callable(around) else None


_AROUND_STEPS = _code_around_steps()


def steps_under_way(thread: int) -> Counter[int] | None:
    """Return the number of ``step`` calls under way on a thread, by the optimizers' identities.

    None if this cannot be determined. No hook is called after a step that raises, so this is the
    only way to find out whether a step is still under way.
    """
    if _AROUND_STEPS is None:
        return None
    own = thread == threading.get_ident()
    return _stepping_in(sys._getframe(1) if own else sys._current_frames().get(thread))


def steps_under_way_anywhere() -> set[int]:
    """Return the identities of the optimizers whose ``step`` is under way, on any thread."""
    return set().union(*map(_stepping_in, sys._current_frames().values()))


def _stepping_in(frame: FrameType | None) -> Counter[int]:
    found: Counter[int] = Counter()
    while frame is not None:
        if frame.f_code is _AROUND_STEPS:
            found[id((frame.f_locals.get("args") or (None,))[0])] += 1
        frame = frame.f_back
    return found


def scaler_factor(scaler: torch.amp.GradScaler) -> torch.Tensor | None:
    """Return the factor that a gradient scaler applies to the loss; None before its first use."""
    factor = getattr(scaler, "_scale", None)
    return factor if isinstance(factor, torch.Tensor) else None
