"""Installs the hooks with the first watch and removes them with the last.

The garbage collector may close a watch at any point, even while another watch opens or closes on
the same thread. Therefore changes are put into a queue, and no call blocks on a lock that its own
thread may hold: if the lock is taken, its holder applies the change.
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

_MAX_WAIT_SECONDS = 1.0
"""Maximum time that an opening watch waits for another thread to apply its change."""

_changes: deque[tuple[bool, LoopListener]] = deque()
_lock = threading.Lock()


def open_(listener: LoopListener) -> None:
    """Add a listener, which is called from now on."""
    _changes.append((True, listener))
    _apply()
    deadline = time.monotonic() + _MAX_WAIT_SECONDS
    while listener not in registry.listeners() and time.monotonic() < deadline:
        time.sleep(0)
        _apply()


def close(listener: LoopListener) -> None:
    """Remove a listener; may be called repeatedly, and from a finalizer."""
    _changes.append((False, listener))
    _apply()


def _apply() -> None:
    while _changes and _lock.acquire(blocking=False):
        try:
            while _changes:
                _change(*_changes.popleft())
        finally:
            _lock.release()


def _change(opens: bool, listener: LoopListener) -> None:  # noqa: FBT001 - an entry of the queue
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
