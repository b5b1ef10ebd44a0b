"""Finds the watches that a call concerns: by its thread, and by the optimizer that steps.

All tables are replaced as a whole, never changed in place, so that reading them needs no lock.
"""

from __future__ import annotations

import threading
import weakref

import torch
from torch.utils.hooks import RemovableHandle

from labkit.capture import torch_compat
from labkit.capture.hooks.listener import LoopListener, OptimizerListener
from labkit.capture.hooks.step_bracket import StepBracket

_FIRST_SEARCHES = 8
"""Number of a thread's passes that are searched for parameters which other threads train."""
_SEARCHED_EVERY = 16
"""After these, one pass in this many is searched, as the thread may begin to train another model.
"""


class ThreadPasses:
    """The watches that the backward passes of one thread concern.

    Attributes
    ----------
    stamp : int
        Value of `STATE.stamp` when the listeners were looked up.
    are_searched : bool
        Whether some passes are searched, because there are watches of other threads.
    listeners : tuple of LoopListener
        The watches whose training thread this is.
    listener : LoopListener or None
        The only one of these; None if there are none or several.
    """

    __slots__ = ("are_searched", "count", "listener", "listeners", "stamp", "until_search")

    def __init__(self) -> None:
        self.stamp = -1
        self.are_searched = True
        self.listeners: tuple[LoopListener, ...] = ()
        self.listener: LoopListener | None = None
        self.count = 0
        """Number of searched passes since `STATE.stamp` changed."""
        self.until_search = 0
        """Number of passes until the next one that is searched."""


class _Thread(threading.local):
    """The data of the calling thread."""

    def __init__(self) -> None:
        self.passes = ThreadPasses()


class KnownOptimizer:
    """The recorders and the step hooks of one optimizer."""

    __slots__ = (
        "bracket",
        "groups",
        "innermost",
        "own_after",
        "own_before",
        "recorders",
        "reference",
        "stamp",
    )

    def __init__(self, optimizer: torch.optim.Optimizer, key: int) -> None:
        def on_deleted(reference: weakref.ref[torch.optim.Optimizer]) -> None:
            known = OPTIMIZERS.get(key)
            if known is not None and known.reference is reference:
                OPTIMIZERS.pop(key, None)

        self.reference = weakref.ref(optimizer, on_deleted)
        self.recorders: tuple[OptimizerListener, ...] = ()
        self.own_before, self.own_after = torch_compat.own_step_hooks(optimizer)
        """The hooks that are registered on this optimizer."""
        self.innermost: tuple[RemovableHandle, RemovableHandle] | None = None
        """The hooks of labkit among these; see `innermost_hooks`."""
        self.bracket: StepBracket | None = None
        """Replaces hyperparameters during its steps; see `step_bracket`."""
        self.groups = -1
        self.stamp = -1


class _State:
    """The open watches; the stamp changes when they or their parameters do."""

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
    """Invalidate what was looked up for threads and optimizers: watched parameters changed."""
    STATE.stamp += 1


def listeners_here() -> tuple[LoopListener, ...]:
    """Return the listeners whose training thread is the calling thread."""
    ident = threading.get_ident()
    return tuple(each for each in STATE.open if each.thread == ident)


def look_up(passes: ThreadPasses, tensors: object) -> None:
    """Look up the listeners that a backward pass on the calling thread concerns.

    A watch of another thread is concerned if the pass reaches its parameters; the calling thread
    then becomes its training thread. This needs a search of the graph, so it is done for the first
    passes of a thread and for some later ones.
    """
    if passes.stamp != STATE.stamp:
        passes.count = passes.until_search = 0
    elif passes.until_search:
        passes.until_search -= 1
        return
    ident = threading.get_ident()
    for each in STATE.open:
        if each.thread != ident and each.claim(ident, tensors, None):
            parameters_changed()
    passes.stamp, passes.count = STATE.stamp, passes.count + 1
    passes.listeners = here = listeners_here()
    passes.listener = here[0] if len(here) == 1 else None
    passes.are_searched = len(here) != len(STATE.open)
    passes.until_search = 0 if passes.count < _FIRST_SEARCHES else _SEARCHED_EVERY - 1


def look_up_optimizer(optimizer: torch.optim.Optimizer) -> KnownOptimizer:
    """Look up the recorders of an optimizer that is new, or after watched parameters changed."""
    key = id(optimizer)
    known = OPTIMIZERS.get(key)
    if known is None or known.reference() is not optimizer:
        known = OPTIMIZERS[key] = KnownOptimizer(optimizer, key)
    known.stamp, known.groups = STATE.stamp, len(optimizer.param_groups)
    found = (each.recorder_of(optimizer) for each in STATE.open)
    known.recorders = tuple(recorder for recorder in found if recorder is not None)
    is_placed = known.bracket is None or known.bracket.is_placed
    known.stamp = STATE.stamp if is_placed else -1  # looked up again where it can be placed
    return known
