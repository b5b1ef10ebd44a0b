"""Which watch is concerned by a call: by the thread that makes it, and by the optimizer that steps.

All tables are replaced whole, never changed in place, so readers on any thread need no lock.
"""

from __future__ import annotations

import threading
import weakref

import torch
from torch.utils.hooks import RemovableHandle

from labkit.capture import torch_compat
from labkit.capture.hooks.listener import LoopListener, OptimizerListener

_TRIES = 8
"""Passes of a thread that are searched for watched parameters of other threads' watches."""
_SEARCHED_EVERY = 16
"""One pass in so many is searched after that, as the thread may begin to train another model."""


class Passes:
    """Which watches the backward passes of one thread concern.

    Attributes
    ----------
    stamp : int
        `STATE.stamp` when the listeners were looked up.
    are_searched : bool
        Whether there are watches that other threads train, so that some passes are searched.
    listeners : tuple of LoopListener
        The watches that this thread trains.
    listener : LoopListener or None
        The only one of these, if there is only one.
    """

    __slots__ = ("are_searched", "count", "left", "listener", "listeners", "stamp")

    def __init__(self) -> None:
        self.stamp = -1
        self.are_searched = True
        self.listeners: tuple[LoopListener, ...] = ()
        self.listener: LoopListener | None = None
        self.count = 0
        """Passes that were searched since the listeners were looked up."""
        self.left = 0
        """Passes until one is searched again."""


class _Thread(threading.local):
    """What is known of the calling thread."""

    def __init__(self) -> None:
        self.passes = Passes()


class KnownOptimizer:
    """What is known of one optimizer."""

    __slots__ = (
        "groups",
        "innermost",
        "own_after",
        "own_before",
        "recorders",
        "reference",
        "stamp",
    )

    def __init__(self, optimizer: torch.optim.Optimizer, key: int) -> None:
        def gone(reference: weakref.ref[torch.optim.Optimizer]) -> None:
            known = OPTIMIZERS.get(key)
            if known is not None and known.reference is reference:
                OPTIMIZERS.pop(key, None)

        self.reference = weakref.ref(optimizer, gone)
        self.recorders: tuple[OptimizerListener, ...] = ()
        self.own_before, self.own_after = torch_compat.own_step_hooks(optimizer)
        """The hooks that were registered on this optimizer."""
        self.innermost: tuple[RemovableHandle, RemovableHandle] | None = None
        """labkit's own among these; see `innermost_hooks`."""
        self.groups = -1
        self.stamp = -1


class _State:
    """The open watches; the stamp changes with them."""

    open: tuple[LoopListener, ...] = ()
    stamp = 0


STATE = _State()
THREAD = _Thread()
OPTIMIZERS: dict[int, KnownOptimizer] = {}


def listeners() -> tuple[LoopListener, ...]:
    """Return the listeners of all open watches."""
    return STATE.open


def set_listeners(listeners: tuple[LoopListener, ...]) -> None:
    """Replace the open watches."""
    STATE.open = listeners
    parameters_changed()


def parameters_changed() -> None:
    """Have threads and optimizers looked up anew: what is watched, or by whom, changed."""
    STATE.stamp += 1


def listeners_here() -> tuple[LoopListener, ...]:
    """Return the listeners whose thread is the calling one."""
    ident = threading.get_ident()
    return tuple(each for each in STATE.open if each.thread == ident)


def look_up(passes: Passes, tensors: object) -> None:
    """Look up which listeners a backward pass from some tensors on the calling thread concerns.

    A watch of another thread is concerned if the pass reaches its parameters; then the calling
    thread becomes the one that trains. That takes a search of the graph, so it is done for the
    first passes of a thread and for some of the later ones.
    """
    if passes.stamp != STATE.stamp:
        passes.count = passes.left = 0
    elif passes.left:
        passes.left -= 1
        return
    ident = threading.get_ident()
    for each in STATE.open:
        if each.thread != ident and each.claim(ident, tensors, None):
            parameters_changed()
    passes.stamp, passes.count = STATE.stamp, passes.count + 1
    passes.listeners = here = listeners_here()
    passes.listener = here[0] if len(here) == 1 else None
    passes.are_searched = len(here) != len(STATE.open)
    passes.left = 0 if passes.count < _TRIES else _SEARCHED_EVERY - 1


def look_up_optimizer(optimizer: torch.optim.Optimizer) -> KnownOptimizer:
    """Look up what records an optimizer's steps: it is new, or what is watched changed."""
    key = id(optimizer)
    known = OPTIMIZERS.get(key)
    if known is None or known.reference() is not optimizer:
        known = OPTIMIZERS[key] = KnownOptimizer(optimizer, key)
    known.stamp, known.groups = STATE.stamp, len(optimizer.param_groups)
    found = (each.recorder_of(optimizer) for each in STATE.open)
    known.recorders = tuple(recorder for recorder in found if recorder is not None)
    known.stamp = STATE.stamp
    return known
