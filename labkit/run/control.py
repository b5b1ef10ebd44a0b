"""What other threads ask of the training thread: pause, resume, step, stop, and pieces of work.

Whoever asks (a button, a cell, a page's question) sets plain attributes or appends to a queue. The
training thread looks at `Control.pending` after each step and, if it is set, calls `at_step_end`.

There is no lock: every change is one operation that the interpreter does as a whole. So it can be
asked for anywhere, in a finalizer too.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_WAIT_SECONDS = 0.1
"""How long a paused loop sleeps before it lets an interrupt through."""
MOST_REQUESTS = 64
"""How many pieces of work may wait for one step's end."""
_MOST_STEPS_ALLOWED = 1000
_SECONDS_A_STEP = 0.002
"""A loop that goes on gives so much of a step's end to what waits, and the rest at later ones."""


class Stopped(KeyboardInterrupt):
    """Raised in the loop at a step's end when a stop was asked for.

    It is a `KeyboardInterrupt`, so loops and trainers that end in good order on an interrupt
    do so here, and no ``except Exception`` swallows it. ``with lk.watch(...)`` ends quietly on it.

    Attributes
    ----------
    control : Control or None
        That of the run which was stopped.
    """

    control: Control | None = None


class RequestRefusedError(RuntimeError):
    """Set on the `Future` of a request that will not be done; its text says why."""


class Control:
    """The switches of one run, and the work that waits for its training thread.

    Attributes
    ----------
    pending : bool
        True when the training thread has something to do at the end of its step. It may be True
        without need, never False while something waits.
    owner : int or None
        `threading.get_ident` of the training thread; set by what records it.

    Examples
    --------
    >>> control = Control()
    >>> control.pause()
    >>> control.pausing, control.paused, control.pending
    (True, False, True)
    >>> control.resume()
    >>> control.pausing, control.pending
    (False, False)
    """

    def __init__(self) -> None:
        self.pending = False
        self.owner: int | None = None
        self._hold = False
        self._stopping = False
        self._closed = False
        self._held: set[int] = set()
        """The threads whose loops are held now: one, unless several train under one run."""
        self._allowed: deque[None] = deque(maxlen=_MOST_STEPS_ALLOWED)
        """One entry for each step that a held loop may still do."""
        self._requests: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._wake: SimpleQueue[None] = SimpleQueue()

    @property
    def pausing(self) -> bool:
        """Whether a pause was asked for and no loop is held yet."""
        return self._hold and not self._held

    @property
    def paused(self) -> bool:
        """Whether the loop is held now, at the end of a step."""
        return self._hold and bool(self._held)

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping

    def pause(self) -> None:
        """Hold the loop at the end of its step."""
        if not self._closed:
            self._hold = True
            self._changed()

    def resume(self) -> None:
        """Let a held loop go on."""
        self._hold = False
        self._allowed.clear()
        self._changed()

    def step(self) -> None:
        """Let a held loop do one more step; hold a running one first."""
        if self._closed:
            return
        if self._hold:
            self._allowed.append(None)
        self._hold = True
        self._changed()

    def stop(self) -> None:
        """End the loop at the end of its step, by `Stopped`."""
        if not self._closed:
            self._stopping = True
            self._hold = False
            self._changed()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have something done on the training thread, at the end of its step.

        At once while the loop is held, and at once if this is the training thread, which does
        nothing else meanwhile.

        Parameters
        ----------
        work : callable
            Takes nothing. What it raises goes into the future and not into the loop.

        Returns
        -------
        Future
            ``cancel()`` takes the work back as long as it has not begun. Its exception is
            `RequestRefusedError` if the run has ended, or if `MOST_REQUESTS` others wait.

        Examples
        --------
        >>> control = Control()
        >>> future = control.submit(lambda: 6 * 7)
        >>> future.done()
        False
        >>> control.at_step_end()
        >>> future.result()
        42
        """
        future: Future[T] = Future()
        if self._closed:
            _refuse(future, _ENDED)
        elif self.owner == threading.get_ident():
            _do(future, work)
        elif len(self._requests) >= MOST_REQUESTS:
            _refuse(future, f"{MOST_REQUESTS} requests wait already")
        else:
            self._requests.append((future, work))
            self._changed()
        return future

    def take_requests(self) -> None:
        """Do what waits, if this is the training thread."""
        if self.owner == threading.get_ident():
            self._do_waiting()

    def at_step_end(self) -> None:
        """Do what was asked for; called by the training thread between two steps.

        Raises
        ------
        Stopped
            If a stop was asked for.
        """
        self.owner = threading.get_ident()
        if not self._must_wait():
            self._do_waiting(_SECONDS_A_STEP)
        if self._must_wait():
            self._wait()
        if self._hold and self._allowed:
            self._take_allowed()
        self._look_again()
        if self._stopping:
            stopped = Stopped("training was stopped by labkit's Stop")
            stopped.control = self
            raise stopped

    def close(self) -> None:
        """Let a held loop go, take back what was asked for, and refuse what waits."""
        self._closed = True
        self._stopping = self._hold = False
        self._allowed.clear()
        self._refuse_all()
        self._wake_up()
        self.pending = False

    def _wait(self) -> None:
        ident = threading.get_ident()
        self._held.add(ident)
        try:
            while self._must_wait():
                self._do_waiting()
                with suppress(Empty):
                    self._wake.get(timeout=_WAIT_SECONDS)
        finally:
            self._held.discard(ident)

    def _must_wait(self) -> bool:
        return self._hold and not self._stopping and not self._allowed

    def _take_allowed(self) -> None:
        try:
            self._allowed.popleft()
        except IndexError:  # taken back meanwhile
            return

    def _do_waiting(self, seconds: float = math.inf) -> None:
        """Do what waits, one after the other; begin nothing more when so much time has gone."""
        until = time.perf_counter() + seconds
        for _ in range(MOST_REQUESTS):
            try:
                future, work = self._requests.popleft()
            except IndexError:
                return
            _do(future, work)
            if time.perf_counter() >= until:
                return

    def _refuse_all(self) -> None:
        while True:
            try:
                future, _ = self._requests.popleft()
            except IndexError:
                return
            _refuse(future, _ENDED)

    def _changed(self) -> None:
        if self._closed:  # meanwhile: nobody else would take what waits
            self._refuse_all()
        self._look_again()
        self._wake_up()

    def _look_again(self) -> None:
        # Lowered first and raised after a look, so that nothing asked for meanwhile is missed.
        self.pending = False
        if self._hold or self._stopping or self._requests:
            self.pending = True

    def _wake_up(self) -> None:
        if self._held:
            self._wake.put(None)


_ENDED = "The run has ended"


def _do(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
        if not isinstance(error, Exception):  # an interrupt is for the loop
            raise


def _refuse(future: Future[Any], reason: str) -> None:
    if future.set_running_or_notify_cancel():
        future.set_exception(RequestRefusedError(reason))
