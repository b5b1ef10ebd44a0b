"""The thread of a playground: works on requests, and between them on what is played."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

_JOIN_SECONDS = 1.2
_IDLE_SECONDS = 20.0
T = TypeVar("T")


class Worker:
    """A thread that calls functions one after the other. It starts with the first of them.

    Without work, the thread ends after a while, so that the playgrounds of cells that were run
    again and again, which IPython does not release, have none. The next request starts another.

    Parameters
    ----------
    play : callable
        Called between requests; returns after how many seconds it wants to be called again, or None
        to wait for the next request.
    """

    def __init__(self, play: Callable[[], float | None]) -> None:
        self._play = play
        self._requests: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self.is_ending = False

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is that of the worker."""
        return self._thread is threading.current_thread()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Let the thread call a function soon; an exception is raised by the future's `result`.

        After `end` the future is cancelled.
        """
        future: Future[T] = Future()

        def call() -> None:
            if self.is_ending or not future.set_running_or_notify_cancel():
                future.cancel()
                return
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - `result` raises it
                future.set_exception(error)

        if self.is_ending:
            future.cancel()
            return future
        self._requests.put(call)
        self._start()
        return future

    def end(self) -> None:
        """End the thread after its present work; returns at once."""
        self.is_ending = True
        self._requests.put(None)

    def wait(self) -> None:
        """Wait a moment for the end of the thread."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="labkit-playground", daemon=True
                )
                self._thread.start()
                _started.add(self)

    def _is_idle(self) -> bool:
        """Return whether there is no request; then the next one starts another thread."""
        with self._starting:
            if self._requests.empty():
                self._thread = None
            return self._thread is None

    # ── the thread ───────────────────────────────────────────────────────────

    def _work(self) -> None:
        wait: float | None = None
        while not self.is_ending:
            try:
                call = self._requests.get(timeout=_IDLE_SECONDS if wait is None else wait)
            except Empty:
                call = None
                if wait is None and self._is_idle():
                    return
            if call is not None:
                call()
                del call
            # After a request too, so that many of them do not stop what is played.
            if not self.is_ending:
                wait = self._play()
        while not self._requests.empty():
            if (left := self._requests.get_nowait()) is not None:
                left()


_started: weakref.WeakSet[Worker] = weakref.WeakSet()


def _end_all() -> None:
    """End all threads, as one that calls torch while Python shuts down could abort the process."""
    workers = list(_started)
    for worker in workers:
        worker.end()
    for worker in workers:
        worker.wait()


atexit.register(_end_all)
