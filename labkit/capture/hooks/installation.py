"""Installs the hooks with the first watch and removes them with the last.

A watch may be closed by the garbage collector in the middle of anything, another opening or
closing included. So changes go through a queue, and nobody waits for a lock that the same thread
may hold: whoever finds the lock taken leaves the change to the one who holds it.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from labkit.capture.hooks import (
    backward_passes,
    innermost_hooks,
    loaders,
    optimizer_steps,
    registry,
)
from labkit.capture.hooks.listener import LoopListener

_MAX_SECONDS = 1.0
"""How long an opening watch waits for another thread that is just applying changes."""

_waiting: deque[tuple[bool, LoopListener]] = deque()
_lock = threading.Lock()


def open_(listener: LoopListener) -> None:
    """Begin to call a listener."""
    _waiting.append((True, listener))
    _apply()
    deadline = time.monotonic() + _MAX_SECONDS
    while listener not in registry.listeners() and time.monotonic() < deadline:
        time.sleep(0)
        _apply()


def close(listener: LoopListener) -> None:
    """Stop calling a listener; harmless when repeated, and in a finalizer."""
    _waiting.append((False, listener))
    _apply()


def _apply() -> None:
    while _waiting and _lock.acquire(blocking=False):
        try:
            while _waiting:
                _change(*_waiting.popleft())
        finally:
            _lock.release()


def _change(opens: bool, listener: LoopListener) -> None:  # noqa: FBT001 - one entry of the queue
    before = registry.listeners()
    after = tuple(each for each in before if each is not listener)
    if opens:
        after = (*after, listener)
    if after and not before:
        backward_passes.install()
        optimizer_steps.install()
        loaders.install()
    registry.set_listeners(after)
    if not opens:
        innermost_hooks.remove_all()
    if before and not after:
        registry.OPTIMIZERS.clear()
        backward_passes.uninstall()
        optimizer_steps.uninstall()
        loaders.uninstall()
