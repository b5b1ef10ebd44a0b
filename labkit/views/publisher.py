"""The thread that sends frames of a run to the pages, at most ten per second.

How often is decided by what the frames cost (`labkit.views.frame_rate`). The rows that accumulate
are reduced before they are sent, so a slow or closed browser does not slow the training loop, and
no frame is sent while too much is on its way to the pages (`labkit.views.flow_control`). The
thread also sends the replies that depend on the training thread, so that no other thread has to
wait for it.

A loop that waits for its pace of at most ten steps per second has a frame for each step, sent when
the step ends: it is not slowed down.

The thread and the run refer to the channel weakly.
"""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from labkit.run import Run
from labkit.run.error_text import described
from labkit.views.acknowledgement_watch import AcknowledgementWatch
from labkit.views.flow_control import FlowControl
from labkit.views.frame_rate import MIN_INTERVAL_SECONDS, FrameRate, PageReport
from labkit.views.lifetimes import weak_call
from labkit.views.pending_replies import PendingReplies

_PACED_INTERVAL_SECONDS = 1.5
"""Interval, in s, after which a frame is sent though no step of a slow loop has ended."""
_STILL_INTERVAL_SECONDS = 1.0
"""Shortest interval while no step ends, in s: only the time that has passed changes."""
_MAX_INTERVAL_SECONDS = 10.0
_JOIN_SECONDS = 5.0


class Publisher:
    """Calls a method periodically while a run is open, and once after it has ended.

    Parameters
    ----------
    run : Run
    publish : bound method
        Sends one frame; called on the publisher thread with whether all views draw it. The thread
        ends when the object of the method is garbage-collected.
    flow : FlowControl
        Delays frames while too much is on its way to the pages.

    Attributes
    ----------
    is_one_way : bool
        Whether acknowledgements cannot arrive while a cell is running, so that their absence does
        not mean that no page is there.
    """

    def __init__(self, run: Run, publish: Callable[[bool], None], flow: FlowControl) -> None:
        self.is_one_way = False
        self._run = weakref.ref(run)
        self._publish = weakref.WeakMethod(publish)
        self._flow = flow
        self._signals: SimpleQueue[None] = SimpleQueue()
        """Wakes the thread, which then reads the attributes. Safe to use in a finalizer."""
        self._replies = PendingReplies(weak_call(self._add_failed_reply))
        self._ending = False
        self._publish_due = self._complete_due = False
        self._rate = FrameRate(time.monotonic())
        self._acknowledgements = AcknowledgementWatch()
        self._used_cores = time.monotonic(), time.process_time()
        """When the last frame was sent, and the processor time of the kernel until then, in s."""
        self._sent_steps = 0
        """Number of completed steps when the last frame was sent."""
        run.viewers.acknowledge()
        run.control.wait_begins = self._wait_begins
        if run.steps == 0:
            run.control.submit(weak_call(self.publish_soon), at_step_end=True)
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
        return len(self._replies)

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

    def publish_soon(self, *, draws_all: bool = True) -> None:
        """Send a frame without waiting for the end of the interval.

        Parameters
        ----------
        draws_all : bool
            Whether all views draw it, even if one that all have drawn is not long ago.
        """
        self._publish_due = True
        self._complete_due |= draws_all
        self._signals.put(None)

    def _wait_begins(self) -> None:
        run = self._run()
        is_taken = not self._ending and self._rate.has_viewer(time.monotonic())
        if is_taken and run is not None:
            control = run.control
            if control.paused or control.pace.draws_each_step:
                self.publish_soon()

    def acknowledge(self, report: PageReport, *, arrives_in_cells: bool = True) -> bool:
        """Record that a page has received a frame, and what it reports.

        Parameters
        ----------
        report : PageReport
        arrives_in_cells : bool
            Whether messages of the page are handled while a cell is running, as far as is known.

        Returns
        -------
        bool
            Whether a view has come into sight.
        """
        self.is_one_way = False
        now = time.monotonic()
        self._acknowledgements.acknowledged(now, arrives_in_cells=arrives_in_cells)
        came_in_sight = self._rate.acknowledged(now, report)
        self._signals.put(None)  # a frame may wait for it
        run = self._run()
        if run is not None:
            run.viewers.acknowledge()
        return came_in_sight

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
        self._replies.add(send, future, timeout)
        if future is not None:
            future.add_done_callback(lambda _: self._signals.put(None))
        self._signals.put(None)
        if self._ended:
            self._replies.send_all()

    def _end(self) -> None:
        self._ending = True
        self._signals.put(None)

    # ── the thread ───────────────────────────────────────────────────────────

    def _work(self) -> None:
        next_frame = time.monotonic() + MIN_INTERVAL_SECONDS  # a page requests a snapshot first
        while not self._ending:
            self._replies.send_due()
            self._sample_if_due()
            if time.monotonic() >= self._frame_due(next_frame):
                self._publish_due = False
                next_frame = time.monotonic() + self._publish_once()
            sample = self._rate.cost.sample_due
            moments = [self._frame_due(next_frame), *self._replies.deadlines]
            self._wait_until(min(moments if sample is None else [*moments, sample]))
        self._complete_due = True
        self._publish_once()
        self._ended = True
        self._replies.send_all()
        self._remove_callback()

    def _frame_due(self, next_frame: float) -> float:
        """Return when the next frame is sent; `next_frame` is when its interval ends."""
        return max(-math.inf if self._publish_due else next_frame, self._flow.next_at)

    def _wait_until(self, moment: float) -> None:
        try:
            self._signals.get(timeout=max(0.0, moment - time.monotonic()))
            while True:  # the attributes are read once for all signals
                self._signals.get_nowait()
        except Empty:
            return

    def _add_failed_reply(self, error: Exception) -> None:
        self._add_notice(f"A page was not answered: {described(error)}.")

    def _add_notice(self, text: str) -> None:
        run = self._run()
        if run is not None:
            run.add_notice("views", text)

    def _sample_if_due(self) -> None:
        run, due = self._run(), self._rate.cost.sample_due
        if run is not None and due is not None and time.monotonic() >= due:
            self._rate.cost.sample(time.monotonic(), run.steps)

    def _publish_once(self) -> float:
        """Send a frame and return the time until the next one."""
        requested, self._complete_due = self._complete_due, False
        run, publish = self._run(), self._publish()
        if run is None or publish is None:
            return _MAX_INTERVAL_SECONDS
        rate, began, is_running = self._rate, time.monotonic(), run.status in ("running", "pausing")
        draws_all = rate.draws_all(began, run.budget) or requested or not is_running
        rate.cost.frame_sent(began, run.steps)
        pace, stands_still = run.control.pace, run.steps == self._sent_steps
        self._sent_steps = run.steps
        if not is_running or pace.has_spare_time or stands_still:
            rate.cost.skip()
        self._note_use_of_cores(began)
        trains_in_cell = run.control.owner == threading.main_thread().ident
        if trains_in_cell and not stands_still and self._acknowledgements.waits(began):
            self.is_one_way = True
        spent = self._publish_guarded(publish, draws_all=draws_all)
        if self.is_one_way:
            run.viewers.acknowledge()
            rate.assume_acknowledged(time.monotonic())
            self._flow.assume_acknowledged(time.monotonic())
        if is_running and not pace.has_spare_time:  # a loop that waits is not slowed down
            run.cost_totals.add_publishing(spent)
        rate.frame_sent(began, spent / 1e9)
        interval = rate.interval(time.monotonic(), run.budget)
        follows_steps = pace.draws_each_step and pace.has_spare_time
        longer = _PACED_INTERVAL_SECONDS if follows_steps else _STILL_INTERVAL_SECONDS
        return max(interval, longer) if follows_steps or stands_still else interval

    def _note_use_of_cores(self, now: float) -> None:
        """Record how many cores the kernel has used since the last frame."""
        since, used = self._used_cores
        self._used_cores = now, time.process_time()
        if now - since > MIN_INTERVAL_SECONDS / 2:
            self._rate.kernel_used((self._used_cores[1] - used) / (now - since), _cores())

    def _publish_guarded(self, publish: Callable[[bool], None], *, draws_all: bool) -> int:
        """Send a frame and return the processor time it took, in ns; errors become notices."""
        began = time.thread_time_ns()
        try:
            publish(draws_all)
        except Exception as error:  # noqa: BLE001 - the thread must continue
            self._add_notice(
                f"A frame could not be sent: {described(error)}. The run is still recorded."
            )
        return time.thread_time_ns() - began


def _nothing() -> None:
    """Do nothing."""


def _cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
