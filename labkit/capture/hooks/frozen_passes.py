"""Leaves out backward passes in which nothing is left to train, as `Run.freeze` has frozen it all.

A part of a model may have a loss of its own, as the critic beside an actor. While that part is
frozen its loss requires no gradient, and torch raises an error on ``backward``. The loop goes on as
if it had passed over the call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch

from labkit.capture.hooks.listener import LoopListener
from labkit.run.background.task import BackgroundTask

_loops: dict[int, tuple[LoopListener, Callable[[str], None]]] = {}
"""The loops with frozen modules, by identity, each with a function that takes a notice."""
_NOTICE = (
    "A call of backward() on a loss in which nothing is left to train has no effect, as modules "
    "are frozen: torch would raise an error. It is a call as before once they are thawed."
)
_GRADIENTS = ("grad_tensors", "grad_variables")


def leave_out_passes(loop: LoopListener, report: Callable[[str], None]) -> None:
    """Leave out the passes of a loop that train nothing, from now on."""
    _loops[id(loop)] = loop, report


def raise_in_passes(loop: LoopListener) -> None:
    """Let torch raise its error again, as nothing is frozen."""
    _loops.pop(id(loop), None)


def trainable_part(
    tensors: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[torch.Tensor, ...], tuple[Any, ...], dict[str, Any]] | None:
    """Return the arguments of a pass that has raised, without the roots that train nothing.

    Returns
    -------
    tuple or None
        Roots, positional and keyword arguments; the roots are empty if nothing is left. None if
        the error has another cause.
    """
    if not _loops:
        return None
    here, begins = threading.get_ident(), BackgroundTask.current() is not None
    # A task may begin with such a pass, before the thread of the loop is known to be its own.
    reports = [report for loop, report in list(_loops.values()) if begins or loop.thread == here]
    roots = tuple(tensors) if isinstance(tensors, (list, tuple)) else (tensors,)
    if not reports or not torch.is_grad_enabled():
        return None
    if not all(isinstance(root, torch.Tensor) for root in roots):
        return None
    trains = [root.requires_grad for root in roots]
    if all(trains):
        return None
    for report in reports:
        report(_NOTICE)

    def left(given: Any) -> Any:
        if not isinstance(given, (list, tuple)) or len(given) != len(roots):
            return given
        return tuple(each for each, trained in zip(given, trains, strict=True) if trained)

    named = {name: left(value) if name in _GRADIENTS else value for name, value in kwargs.items()}
    return left(roots), (*map(left, args[:1]), *args[1:]), named
