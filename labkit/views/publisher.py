"""The thread that sends frames of a run to the pages, at most ten per second.

The interval between frames grows when pages do not acknowledge them, and when sending exceeds its
share of the budget. The rows that accumulate are reduced before they are sent, so a slow or closed
browser does not slow the training loop. The thread also sends the replies that depend on the
training thread, so that no other thread has to wait for it.

If the browser shares few cores with the loop, rendering is the largest cost. Measured on two cores
(2026-11-21): with ten frames per second, the time of an MLP with 0.6 ms per step grew by a factor
of 1.27 to 1.31; with 0.5 ms per step, by 1.11 with two frames per second and by 1.04 with one. The
rate is therefore one frame per second on up to two cores, except for the first frames.

A loop that waits for its pace of at most ten steps per second has a frame for each step, sent when
the step ends: it is not slowed down.

The thread and the run refer to the channel weakly.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from labkit.run import Run
from labkit.run.error_text import described

MIN_INTERVAL_SECONDS = 0.1
"""Shortest interval between frames, in s."""
FEW_CORES_SECONDS = 1.0
"""Shortest interval between frames on a machine with few cores, in s."""
_FIRST_FRAMES_SECONDS = 0.5
"""The same for the first frames, in s."""
_FIRST_FRAMES = 5
_PACED_INTERVAL_SECONDS = 1.5
"""Interval, in s, after which a frame is sent though no step of a slow loop has ended."""
_MAX_INTERVAL_SECONDS = 10.0
_UNACKNOWLEDGED_TOLERATED = 3
_UNACKNOWLEDGED_UNTIL_MAX_INTERVAL = 30
_SHARE_OF_BUDGET = 0.25
_FEW_CORES = 2
_JOIN_SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class _PendingReply:
    """A reply that is sent when a future is done, or at the deadline.

    Attributes
    ----------
    future : Future or None
        None for a reply without a condition.
    deadline : float
        Reading of the monotonic clock, in s.
    send : callable
    """

    future: Future[Any] | None
    deadline: float
    send: Callable[[], None]

    @property
    def due(self) -> bool:
        """Whether the reply can be sent now."""
        done = self.future is None or self.future.done()
        return done or time.monotonic() >= self.deadline


class Publisher:
    """Calls a method periodically while a run is open, and once after it has ended.

    Parameters
    ----------
    run : Run
    publish : bound method
        Sends one frame; called on the publisher thread. The thread ends when the object of the
        method is garbage-collected.

    Attributes
    ----------
    unacknowledged : int
        Number of frames sent since the last acknowledgement of a page.
    is_one_way : bool
        Whether acknowledgements cannot arrive while a cell is running, so that their absence does
        not mean that no page is there.
    """

    def __init__(self, run: Run, publish: Callable[[], None]) -> None:
        self.unacknowledged = 0
        self.is_one_way = False
        self._run = weakref.ref(run)
        self._publish = weakref.WeakMethod(publish)
        self._signals: SimpleQueue[None] = SimpleQueue()
        """Wakes the thread, which then reads the attributes. Safe to use in a finalizer."""
        self._new_replies: SimpleQueue[_PendingReply] = SimpleQueue()
        self._waiting: list[_PendingReply] = []
        self._ending = False
        self._publish_due = False
        self._has_few_cores = _cores() <= _FEW_CORES
        self._frames = 0
        run.viewers.acknowledge()
        run.control.paced_step_ended = self._paced_step_ended
        weakref.finalize(publish.__self__, self._end).atexit = False  # type: ignore[attr-defined]
        self._ended = False
        self._remove_callback: Callable[[], None] = _nothing
        self._thread = threading.Thread(target=self._work, name="labkit-publisher", daemon=True)
        self._thread.start()
        self._remove_callback = run.on_close(self.finish)

    @property
    def alive(self) -> bool:
        """Whether the thread sends frames and replies."""
        return not self._ending and self._thread.is_alive()

    @property
    def pending_replies(self) -> int:
        """Number of replies that have not been sent yet."""
        return self._new_replies.qsize() + len(self._waiting)

    def finish(self, *, wait: bool = True) -> None:
        """Send a last frame and end the thread.

        Parameters
        ----------
        wait : bool
            Whether to wait until the thread has ended, for at most five seconds.
        """
        self._end()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join(timeout=_JOIN_SECONDS)

    def publish_soon(self) -> None:
        """Send a frame without waiting for the end of the interval."""
        self._publish_due = True
        self._signals.put(None)

    def _paced_step_ended(self) -> None:
        run = self._run()
        is_taken = self.unacknowledged <= _UNACKNOWLEDGED_UNTIL_MAX_INTERVAL and not self._ending
        if is_taken and run is not None and run.control.pace.draws_each_step:
            self.publish_soon()

    def acknowledge(self) -> None:
        """Record that a page has received the last frame."""
        self.unacknowledged = 0
        self.is_one_way = False
        run = self._run()
        if run is not None:
            run.viewers.acknowledge()

    def reply_later(
        self,
        send: Callable[[], None],
        future: Future[Any] | None = None,
        timeout: float = 0.0,
    ) -> None:
        """Call a function on the publisher thread, or on this thread if the publisher has ended.

        Parameters
        ----------
        send : callable
            Takes no arguments.
        future : Future, optional
            `send` is called when it is done.
        timeout : float
            Time after which `send` is called even if the future is not done, in s.
        """
        self._new_replies.put(_PendingReply(future, time.monotonic() + timeout, send))
        if future is not None:
            future.add_done_callback(lambda _: self._signals.put(None))
        self._signals.put(None)
        if self._ended:
            self._send(self._take_new_replies())

    def _end(self) -> None:
        self._ending = True
        self._signals.put(None)

    # ── the thread ───────────────────────────────────────────────────────────

    def _work(self) -> None:
        next_frame = time.monotonic() + MIN_INTERVAL_SECONDS  # a page requests a snapshot first
        while not self._ending:
            self._send_due_replies()
            if self._publish_due or time.monotonic() >= next_frame:
                self._publish_due = False
                next_frame = self._publish_once() + time.monotonic()
            self._wait_until(min([next_frame, *(reply.deadline for reply in self._waiting)]))
        self._publish_once()
        self._ended = True
        waiting, self._waiting = self._waiting, []  # their functions refer to the channel
        self._send([*waiting, *self._take_new_replies()])
        self._remove_callback()

    def _wait_until(self, moment: float) -> None:
        try:
            self._signals.get(timeout=max(0.0, moment - time.monotonic()))
            while True:  # the attributes are read once for all signals
                self._signals.get_nowait()
        except Empty:
            return

    def _send_due_replies(self) -> None:
        replies = [*self._waiting, *self._take_new_replies()]
        due = [reply for reply in replies if reply.due]
        self._waiting = [reply for reply in replies if reply not in due]
        self._send(due)

    def _take_new_replies(self) -> list[_PendingReply]:
        replies = []
        while True:
            try:
                replies.append(self._new_replies.get_nowait())
            except Empty:
                return replies

    def _send(self, replies: list[_PendingReply]) -> None:
        for reply in replies:
            try:
                reply.send()
            except Exception as error:  # noqa: BLE001 - the thread must continue
                self._add_notice(f"A page was not answered: {described(error)}.")

    def _add_notice(self, text: str) -> None:
        run = self._run()
        if run is not None:
            run.add_notice("views", text)

    def _publish_once(self) -> float:
        """Send a frame; return the time until the next one, in s."""
        run, publish = self._run(), self._publish()
        if run is None or publish is None:
            return _MAX_INTERVAL_SECONDS
        began = time.thread_time_ns()
        try:
            publish()
        except Exception as error:  # noqa: BLE001 - the thread must continue
            self._add_notice(
                f"A frame could not be sent: {described(error)}. The run is still recorded."
            )
        spent = time.thread_time_ns() - began
        if self.is_one_way:
            run.viewers.acknowledge()
        else:
            self.unacknowledged += 1
        self._frames += 1
        pace = run.control.pace
        if not run.control.paused and not pace.has_spare_time:  # a waiting loop is not slowed down
            run.cost_totals.add_publishing(spent)
        interval = self._interval(run.budget, spent / 1e9)
        follows_steps = pace.draws_each_step and pace.has_spare_time
        return max(interval, _PACED_INTERVAL_SECONDS) if follows_steps else interval

    def _interval(self, budget: float, cost_seconds: float) -> float:
        affordable = cost_seconds / (_SHARE_OF_BUDGET * budget)
        if self.unacknowledged > _UNACKNOWLEDGED_UNTIL_MAX_INTERVAL:
            return _MAX_INTERVAL_SECONDS
        if self.unacknowledged > _UNACKNOWLEDGED_TOLERATED:
            return max(1.0, affordable)
        return min(max(self._shortest_interval(), affordable), 1.0)

    def _shortest_interval(self) -> float:
        if not self._has_few_cores:
            return MIN_INTERVAL_SECONDS
        return _FIRST_FRAMES_SECONDS if self._frames <= _FIRST_FRAMES else FEW_CORES_SECONDS


def _nothing() -> None:
    """Do nothing."""


def _cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
