"""A thread that does the work of a view: regularly, and when a page requests something."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

_MAX_SHARE_OF_TIME = 0.2
"""Largest share of the time for the regular work, so that a slow disk has rests."""


class BackgroundWork:
    """Calls methods of an object on a thread, until the object is garbage-collected.

    Parameters
    ----------
    poll : bound method
        Takes no arguments; the regular work. Refers weakly to its object.
    interval : float
        Time between two calls, in s; longer if the call takes long.
    """

    def __init__(self, poll: Callable[[], None], interval: float) -> None:
        self._poll = weakref.WeakMethod(poll)
        self._interval = interval
        self._requests: SimpleQueue[Callable[[Any], None] | None] = SimpleQueue()
        self._ending = False
        self._is_polling = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        # A finalizer must not wait, nor send messages: it only wakes the thread.
        weakref.finalize(poll.__self__, self.end).atexit = False  # type: ignore[attr-defined]

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def start_polling(self) -> None:
        """Begin with the regular work; later calls have no effect."""
        self._is_polling = True
        self._start()
        self._requests.put(_nothing)

    def request(self, work: Callable[[Any], None]) -> None:
        """Do some work soon: a function that takes the object."""
        self._requests.put(work)
        self._start()

    def end(self) -> None:
        """End the thread after its present work."""
        self._ending = True
        self._requests.put(None)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._ending:
                self._thread = threading.Thread(target=self._work, name="labkit-runs", daemon=True)
                self._thread.start()

    # ── the thread ───────────────────────────────────────────────────────────

    def _work(self) -> None:
        rest = self._interval
        next_poll = time.monotonic() + rest
        while True:
            work = self._next_request(next_poll)
            poll = self._poll()
            if self._ending or poll is None:
                return
            if work is not None:
                work(poll.__self__)  # type: ignore[attr-defined]
            elif self._is_polling:
                began = time.monotonic()
                poll()
                rest = max(self._interval, (time.monotonic() - began) / _MAX_SHARE_OF_TIME)
                next_poll = time.monotonic() + rest
            del poll, work  # while the thread waits, it does not keep the object alive

    def _next_request(self, next_poll: float) -> Callable[[Any], None] | None:
        """Wait for a request; return None when the regular work is due."""
        if not self._is_polling:
            return self._requests.get()
        try:
            return self._requests.get(timeout=max(0.0, next_poll - time.monotonic()))
        except Empty:
            return None


def _nothing(_: object) -> None:
    """Do nothing."""
