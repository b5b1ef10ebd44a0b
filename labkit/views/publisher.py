"""The thread that turns a growing run into frames, at most ten a second.

Where the browser shares few cores with the loop, drawing is what slows the loop most: on two
cores an MLP with steps of 0.6 ms took 1.27 to 1.31 of its time with up to ten frames a second,
and one with steps of 0.5 ms 1.11 with two and 1.04 with one (2026-11-21). So there is one a second
there, after a livelier beginning for short runs.

It looks at the run, sends what is new, and waits. When the pages do not say that they
received a frame it slows down, and what piles up meanwhile is thinned, so a slow or closed
browser costs the loop nothing. It takes care of its own share of the budget in the same way.

It also answers what pages ask of the training thread, so that no thread waits for that one.

Neither the thread nor the run that ends it holds the channel: it is given by a weak reference.
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

FASTEST_SECONDS = 0.1
CROWDED_SECONDS = 1.0
"""Shortest time between frames where the page shares two cores or fewer with the loop."""
_BEGINNING_SECONDS = 0.5
"""The same for the first frames."""
_FRAMES_OF_BEGINNING = 5
_SLOWEST_SECONDS = 10.0
_UNANSWERED_TOLERATED = 3
_UNANSWERED_UNTIL_SLOWEST = 30
_SHARE_OF_BUDGET = 0.25
_FEW_CORES = 2
_JOIN_SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class _Question:
    """What waits for the training thread, until when, and what then answers it."""

    asked: Future[Any] | None
    deadline: float
    answer: Callable[[], None]

    @property
    def due(self) -> bool:
        """Whether it can be answered now."""
        done = self.asked is None or self.asked.done()
        return done or time.monotonic() >= self.deadline


class Publisher:
    """Calls a method again and again while a run goes on, and once more when it has ended.

    Parameters
    ----------
    run : Run
    publish : bound method
        Sends one frame; called on the publisher's own thread. The thread ends with its object.
    """

    def __init__(self, run: Run, publish: Callable[[], None]) -> None:
        self.unanswered = 0
        """Frames sent that no page has said it received."""
        self._run = weakref.ref(run)
        self._publish = weakref.WeakMethod(publish)
        self._signals: SimpleQueue[None] = SimpleQueue()
        """Wakes the thread; what to do is in the attributes. Finalizers may put to it."""
        self._arrived: SimpleQueue[_Question] = SimpleQueue()
        self._waiting: list[_Question] = []
        self._ending = False
        self._hurried = False
        self._crowded = _cores() <= _FEW_CORES
        self._frames = 0
        run.viewers.acknowledge()
        weakref.finalize(publish.__self__, self._end).atexit = False  # type: ignore[attr-defined]
        self._over = False
        self._take_back: Callable[[], None] = _nothing
        self._thread = threading.Thread(target=self._work, name="labkit-publisher", daemon=True)
        self._thread.start()
        self._take_back = run.on_close(self.finish)

    @property
    def alive(self) -> bool:
        """Whether frames are still sent and questions answered."""
        return not self._ending and self._thread.is_alive()

    @property
    def questions(self) -> int:
        """How many questions wait for their answers."""
        return self._arrived.qsize() + len(self._waiting)

    def finish(self, *, wait: bool = True) -> None:
        """Send the last frame and end the thread; wait for that unless told otherwise."""
        self._end()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join(timeout=_JOIN_SECONDS)

    def hurry(self) -> None:
        """Send a frame now, as after a control was used."""
        self._hurried = True
        self._signals.put(None)

    def received(self) -> None:
        """Note that a page has taken the last frame."""
        self.unanswered = 0
        run = self._run()
        if run is not None:
            run.viewers.acknowledge()

    def answer_later(
        self,
        answer: Callable[[], None],
        asked: Future[Any] | None = None,
        within: float = 0.0,
    ) -> None:
        """Call something on the publisher's thread; on this one if that has ended.

        Parameters
        ----------
        answer : callable
        asked : Future, optional
            A request: `answer` is called when it is done.
        within : float
            Seconds after which `answer` is called in any case.
        """
        self._arrived.put(_Question(asked, time.monotonic() + within, answer))
        if asked is not None:
            asked.add_done_callback(lambda _: self._signals.put(None))
        self._signals.put(None)
        if self._over:
            self._answer(self._new_questions())

    def _end(self) -> None:
        self._ending = True
        self._signals.put(None)

    # ── the thread ───────────────────────────────────────────────────────────

    def _work(self) -> None:
        next_frame = time.monotonic() + FASTEST_SECONDS  # a page asks for a snapshot first
        while not self._ending:
            self._answer_those_due()
            if self._hurried or time.monotonic() >= next_frame:
                self._hurried = False
                next_frame = self._publish_once() + time.monotonic()
            self._wait_until(min([next_frame, *(each.deadline for each in self._waiting)]))
        self._publish_once()
        self._over = True
        self._answer([*self._waiting, *self._new_questions()])
        self._take_back()

    def _wait_until(self, moment: float) -> None:
        try:
            self._signals.get(timeout=max(0.0, moment - time.monotonic()))
            while True:  # one look at the attributes does for all
                self._signals.get_nowait()
        except Empty:
            return

    def _answer_those_due(self) -> None:
        questions = [*self._waiting, *self._new_questions()]
        due = [question for question in questions if question.due]
        self._waiting = [question for question in questions if question not in due]
        self._answer(due)

    def _new_questions(self) -> list[_Question]:
        questions = []
        while True:
            try:
                questions.append(self._arrived.get_nowait())
            except Empty:
                return questions

    def _answer(self, questions: list[_Question]) -> None:
        for question in questions:
            try:
                question.answer()
            except Exception as error:  # noqa: BLE001 - a fault here must not end the watch
                self._notice(f"A page was not answered: {described(error)}.")

    def _notice(self, text: str) -> None:
        run = self._run()
        if run is not None:
            run.add_notice("views", text)

    def _publish_once(self) -> float:
        """Send a frame; return the seconds until the next."""
        run, publish = self._run(), self._publish()
        if run is None or publish is None:
            return _SLOWEST_SECONDS
        began = time.thread_time_ns()
        try:
            publish()
        except Exception as error:  # noqa: BLE001 - a fault here must not end the watch
            self._notice(
                f"A frame could not be sent: {described(error)}. The run is still recorded."
            )
        spent = time.thread_time_ns() - began
        self.unanswered += 1
        self._frames += 1
        if not run.control.paused:  # a held loop is not slowed
            run.measured.add_publishing(spent)
        return self._pause_after(run.budget, spent / 1e9)

    def _pause_after(self, budget: float, cost_seconds: float) -> float:
        affordable = cost_seconds / (_SHARE_OF_BUDGET * budget)
        if self.unanswered > _UNANSWERED_UNTIL_SLOWEST:
            return _SLOWEST_SECONDS
        if self.unanswered > _UNANSWERED_TOLERATED:
            return max(1.0, affordable)
        return min(max(self._shortest(), affordable), 1.0)

    def _shortest(self) -> float:
        if not self._crowded:
            return FASTEST_SECONDS
        beginning = self._frames <= _FRAMES_OF_BEGINNING
        return _BEGINNING_SECONDS if beginning else CROWDED_SECONDS


def _nothing() -> None:
    """Do nothing."""


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
