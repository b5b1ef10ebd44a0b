"""The thread that turns a growing run into frames, at most ten a second.

Where the browser shares few cores with the loop, drawing is what slows the loop most: on two
cores an MLP with steps of 0.6 ms took 1.27 to 1.31 of its time with up to ten frames a second,
and one with steps of 0.5 ms 1.11 with two and 1.04 with one (2026-11-21). So there is one a second
there, after a livelier beginning for short runs.

It looks at the run, sends what is new, and waits. When the pages do not say that they
received a frame it slows down, and what piles up meanwhile is thinned, so a slow or closed
browser costs the loop nothing. It takes care of its own share of the budget in the same way.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from labkit.run import Run

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


class Publisher:
    """Calls a function again and again while a run goes on, and once more when it has ended.

    Parameters
    ----------
    run : Run
    publish : callable
        Sends one frame; called on the publisher's own thread.
    """

    def __init__(self, run: Run, publish: Callable[[], None]) -> None:
        self.unanswered = 0
        """Frames sent that no page has said it received."""
        self._run = run
        self._publish = publish
        self._wake = threading.Event()
        self._ending = False
        self._crowded = _cores() <= _FEW_CORES
        self._frames = 0
        run.audience.heard()
        self._thread = threading.Thread(target=self._work, name="labkit-publisher", daemon=True)
        run.on_close(self.finish)
        self._thread.start()

    def finish(self) -> None:
        """Send the last frame and end the thread."""
        self._ending = True
        self._wake.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def hurry(self) -> None:
        """Send a frame now, as after a control was used."""
        self._wake.set()

    def received(self) -> None:
        """Note that a page has taken the last frame."""
        self.unanswered = 0
        self._run.audience.heard()

    def _work(self) -> None:
        while not self._ending:
            cost = self._publish_once()
            self._wake.wait(self._pause_after(cost))
            self._wake.clear()
        self._publish_once()

    def _publish_once(self) -> float:
        began = time.thread_time_ns()
        try:
            self._publish()
        except Exception as error:  # noqa: BLE001 - a fault here must not end the watch
            self._run.add_notice(
                "views",
                f"A frame could not be sent: {type(error).__name__}: {error}. "
                "The run is still recorded.",
            )
        spent = time.thread_time_ns() - began
        self.unanswered += 1
        self._frames += 1
        if not self._run.control.paused:  # a held loop is not slowed
            self._run.published_ns += spent
        return spent / 1e9

    def _pause_after(self, cost_seconds: float) -> float:
        affordable = cost_seconds / (_SHARE_OF_BUDGET * self._run.budget)
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


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
