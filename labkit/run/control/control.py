"""Requests to the training thread: pause, resume, step, stop, pace, and functions to execute.

Other threads set attributes or append to a queue. The training thread reads `Control.pending` after
each step and calls `at_step_end` if it is set.

There is no lock: every change is a single atomic operation of the interpreter. The methods can
therefore be called on any thread, also in a finalizer.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from labkit.run.control.pace import Pace
from labkit.run.control.request_queue import RequestQueue, execute, refuse
from labkit.run.control.stop_request import StopRequest

T = TypeVar("T")

_WAIT_SECONDS = 0.1
"""Interval, in seconds, at which a waiting loop wakes up so that an interrupt can be raised."""
_MAX_STEPS_ALLOWED = 1000
_SECONDS_PER_STEP = 0.002
"""Time, in seconds, after which a running loop starts no further request at the same step end."""


class Stopped(KeyboardInterrupt):
    """Raised in the training loop at the end of a step after `Run.stop` was called.

    It is a `KeyboardInterrupt`: loops and trainers that handle an interrupt handle it likewise, and
    ``except Exception`` does not catch it. ``with lk.watch(...)`` suppresses it.

    Attributes
    ----------
    control : Control or None
        The control of the stopped run.

    Examples
    --------
    >>> control = Control()
    >>> control.stop()
    >>> try:
    ...     control.at_step_end()
    ... except Stopped as stopped:
    ...     print(stopped)
    training was stopped by labkit's Stop
    """

    control: Control | None = None


class Control:
    """The control state of one run, and the queue of requests to its training thread.

    Attributes
    ----------
    pending : bool
        Whether the training thread has to call `at_step_end`. It may be True when there is nothing
        to do; it is never False while a request is queued, a pause or stop is due, or a pace is
        set.
    owner : int or None
        `threading.get_ident` of the training thread; set by capture and by `at_step_end`.
    pause_begins, while_paused : callable
        Called on the training thread when a pause begins, and repeatedly during the pause.
    pace : Pace
        When the next step may begin; changed by `set_pace`.
    stop_request : StopRequest
        The requested end; a trainer sets how its loop is made to end.
    wait_begins : callable
        Called on the training thread when a step has ended and the loop is paused, or waits for
        its pace.

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
        self.pause_begins: Callable[[], None] = _nothing
        self.while_paused: Callable[[], None] = _nothing
        self.pace = Pace()
        self.wait_begins: Callable[[], None] = _nothing
        self.holders: list[int] = []
        """Threads that hold the loop at the end of a step; see `labkit.run.background.holding`."""
        self._pause_requested = False
        self.stop_request = StopRequest()
        self._interrupt: Callable[[], bool] | None = None
        self._closed = False
        self._paused_threads: set[int] = set()
        """Threads whose loop is paused: more than one if several threads train under one run."""
        self._pauses: tuple[float, float | None] = 0.0, None
        """Duration of the pauses that have ended, and when the present one began, in s."""
        self._pacing_threads: set[int] = set()
        """Threads whose loop waits for its pace."""
        self._allowed: deque[None] = deque(maxlen=_MAX_STEPS_ALLOWED)
        """One entry for each single step that a paused loop may execute."""
        self._requests = RequestQueue()
        self._wake: SimpleQueue[None] = SimpleQueue()

    @property
    def pausing(self) -> bool:
        """Whether a pause was requested and the loop has not reached the end of its step."""
        return self._pause_requested and not self._paused_threads

    @property
    def paused(self) -> bool:
        """Whether the loop is blocked at the end of a step."""
        return self._pause_requested and bool(self._paused_threads)

    @property
    def paused_seconds(self) -> float:
        """How long the loop has been paused until now, in s."""
        ended, began = self._pauses
        return ended if began is None else ended + time.monotonic() - began

    @property
    def is_held_here(self) -> bool:
        """Whether the calling thread holds the loop at the end of a step."""
        return threading.get_ident() in self.holders

    @property
    def stopping(self) -> bool:
        """Whether a stop was requested."""
        return self.stop_request.is_made

    def pause(self) -> None:
        """Block the loop at the end of its step."""
        if not self._closed:
            self._pause_requested = True
            self._changed()

    def resume(self) -> None:
        """Continue a paused loop."""
        self._pause_requested = False
        self._allowed.clear()
        self._changed()

    def step(self) -> None:
        """Execute one step of a paused loop; pause a running loop."""
        if self._closed:
            return
        if self._pause_requested:
            self._allowed.append(None)
        self._pause_requested = True
        self._changed()

    def set_pace(self, rate: float | None) -> None:
        """Set the pace in steps per second, None for full speed; also for a step that waits."""
        self.pace.rate = rate
        self._changed()

    def stop(self) -> None:
        """Raise `Stopped` in the loop at the end of its step, or end it as its trainer does."""
        if not self._closed:
            self.stop_request.make()
            self._pause_requested = False
            self._changed()

    def interrupt(self, claim: Callable[[], bool]) -> None:
        """Raise `KeyboardInterrupt` in the loop at the end of its step.

        Parameters
        ----------
        claim : callable
            Called there without arguments; nothing is raised if it returns False, for example
            because the same interrupt was raised elsewhere.
        """
        if not self._closed:
            self._interrupt = claim
            self._changed()

    def submit(self, work: Callable[[], T], *, at_step_end: bool = False) -> Future[T]:
        """Execute a function on the training thread at the end of its step.

        The function is executed without delay while the loop waits, paused or for its pace, and by
        default before this method returns if it is called on the training thread. A thread that
        holds the loop executes it itself.

        Parameters
        ----------
        work : callable
            Takes no arguments. An `Exception` that it raises is set on the future and is not
            raised in the loop.
        at_step_end : bool
            Whether to wait for the end of a step on the training thread, too.

        Returns
        -------
        Future
            ``cancel()`` removes the request if it has not started. The exception of the future is
            `RequestRefusedError` if the run has ended, or if `MAX_REQUESTS` requests are queued.

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
            refuse(future, _ENDED)
        elif self.is_held_here or (self.owner == threading.get_ident() and not at_step_end):
            execute(future, work)
        else:
            self._requests.append(future, work, is_own=self.owner == threading.get_ident())
            self._changed()
        return future

    def execute_requests(self) -> None:
        """Execute the queued requests if this is the training thread."""
        if self.owner == threading.get_ident():
            self._requests.execute()

    def at_step_end(self) -> None:
        """Execute requests, apply pause and stop, and wait for the pace.

        Called on the training thread between steps. Blocks while the loop is paused.

        Raises
        ------
        Stopped
            If a stop was requested, unless a trainer ends its loop by itself.
        KeyboardInterrupt
            If an interrupt was requested, likewise.
        """
        self.owner = threading.get_ident()
        self.pace.end_step()
        if not self._must_wait():
            self._requests.execute(_SECONDS_PER_STEP)
        while (is_paused := self._must_wait()) or self._must_pace():
            if is_paused:
                self._wait()
            else:
                self._keep_pace()
        self.pace.begin_step()
        if self._pause_requested and self._allowed:
            self._use_allowed_step()
        interrupt, self._interrupt = self._interrupt, None
        self._update_pending()
        if interrupt is not None and interrupt():
            self.resume()  # the pause is over, also for a later loop
            if not self.stop_request.takes_interrupts:
                raise KeyboardInterrupt("training was interrupted")
            self.stop_request.make()
        if self.stop_request.is_due and not self._hand_stop_over():
            stopped = Stopped("training was stopped by labkit's Stop")
            stopped.control = self
            raise stopped

    def close(self) -> None:
        """Continue a paused loop, cancel a pause or stop, and refuse the queued requests."""
        self._closed = True
        self._pause_requested = False
        self.stop_request.cancel()
        self.stop_request.ends_by(None)
        self._interrupt = None
        self._allowed.clear()
        self._requests.refuse_all(_ENDED)
        self._wake_up()
        self.pending = False

    def _hand_stop_over(self) -> bool:
        """Let the trainer end its loop; return whether it does."""
        is_handed_over = self.stop_request.hand_over()
        self._update_pending()
        return is_handed_over

    def _wait(self) -> None:
        ident = threading.get_ident()
        self._paused_threads.add(ident)
        if self._pauses[1] is None:
            self._pauses = self._pauses[0], time.monotonic()
        self.pause_begins()
        self.wait_begins()
        try:
            while self._must_wait():
                self._requests.execute()
                self.while_paused()
                with suppress(Empty):
                    self._wake.get(timeout=_WAIT_SECONDS)
        except BaseException:  # an interrupt: the pause is over, also for a later loop
            self.resume()
            raise
        finally:
            self._paused_threads.discard(ident)
            if not self._paused_threads:
                self._pauses = self.paused_seconds, None

    def _keep_pace(self) -> None:
        """Wait until the next step may begin, or until a pause or an end is requested."""
        ident = threading.get_ident()
        self._pacing_threads.add(ident)
        self.wait_begins()
        try:
            while self._must_pace():
                self._requests.execute()
                began_ns = time.perf_counter_ns()
                with suppress(Empty):
                    self._wake.get(timeout=min(_WAIT_SECONDS, max(0.0, self._seconds_left())))
                self.pace.waited_ns += time.perf_counter_ns() - began_ns
        finally:
            self._pacing_threads.discard(ident)

    def _must_pace(self) -> bool:
        waits = not (self._pause_requested or self._ends or self._closed)
        return waits and self.pace.rate is not None and self._seconds_left() > 0

    def _seconds_left(self) -> float:
        return self.pace.left_ns() / 1e9

    @property
    def _ends(self) -> bool:
        return self.stop_request.is_due or self._interrupt is not None

    def _must_wait(self) -> bool:
        return self._pause_requested and not self._ends and not self._allowed

    def _use_allowed_step(self) -> None:
        try:
            self._allowed.popleft()
        except IndexError:  # cleared by another thread
            return

    def _changed(self) -> None:
        if self._closed:  # by another thread: no step end will execute the requests
            self._requests.refuse_all(_ENDED)
        self._update_pending()
        self._wake_up()

    def _update_pending(self) -> None:
        # Reset before the check, so that a request made between the two is not lost.
        self.pending = False
        is_paced = self.pace.rate is not None and not self._closed
        if self._pause_requested or self._ends or self._requests or is_paced:
            self.pending = True

    def _wake_up(self) -> None:
        for _ in range(len(self._paused_threads) + len(self._pacing_threads)):
            self._wake.put(None)


_ENDED = "The run has ended"


def _nothing() -> None:
    """Do nothing."""
