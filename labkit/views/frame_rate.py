"""Decides how often frames are sent, and which of them all views draw."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.views.frame_cost import ACTIVE_SECONDS, MIN_QUIET_SECONDS, FrameCost

MIN_INTERVAL_SECONDS = 0.1
"""Shortest interval between frames, in s."""
MAX_INTERVAL_SECONDS = 0.5
"""Longest interval while the loop trains and a page displays a view, in s."""
OUT_OF_SIGHT_SECONDS = 2.0
"""Interval while no view is in sight, in s."""
_ABSENT_SECONDS = 10.0
_MEASURED_INTERVAL_SECONDS = ACTIVE_SECONDS + MIN_QUIET_SECONDS + 0.05
_MAX_DETAIL_SECONDS = 5.0
_SLOWER, _FASTER = 1.2, 1.05
"""Factors of the interval between the frames that all views draw."""
_FIRST_MEASURED, _MEASURED = 6, 3
"""Number of frames in a row that are measured: at the beginning, and from time to time."""
_MEASURE_EVERY_SECONDS = 15.0
_IN_SIGHT_SECONDS = 2.5
"""Time after the last report of a page with a view in sight; another page may have none."""
_SILENT_SECONDS = 3.0
"""Time without an acknowledgement after which a page counts as slow; ten times that, as absent."""
_DELAY_PER_DRAWING = 6.0
"""Time that a loop with a thread on each core loses, over that of the page's main thread.

Chromium's other threads and processes take twice as long as its main thread, and all threads of the
loop wait for the one whose core the page uses.
"""
_FREE_CORES = 0.75
"""Number of cores that the kernel must leave free for a page's drawing not to delay the loop."""


@dataclass(frozen=True)
class PageReport:
    """What a page reports with an acknowledgement.

    Attributes
    ----------
    drawing_seconds : float
        Time that drawing a frame took of the page's main thread, in s.
    is_local : bool
        Whether the page's address is that of the machine of the kernel.
    is_in_sight : bool
        Whether any view is in sight.
    """

    drawing_seconds: float
    is_local: bool
    is_in_sight: bool


class FrameRate:
    """Decides on the interval between frames from what they cost.

    Frames may delay the loop by the share `budget` of its time. If two frames per second delay it
    by more, only some of them are drawn by all views; the others by the status and the loss curve.
    The delay is measured; as the rate of steps varies on a busy machine, it counts as no less than
    the drawing of a page that shares all cores with the loop. Times are readings of a monotonic
    clock, in s.

    Parameters
    ----------
    now : float

    Examples
    --------
    >>> rate = FrameRate(now=0.0)
    >>> round(rate.interval(0.0, budget=0.03), 3)  # the first frames are measured
    0.4
    """

    def __init__(self, now: float) -> None:
        self.cost = FrameCost()
        self._publishing_seconds = 0.0
        self._report = PageReport(0.0, is_local=False, is_in_sight=True)
        self._acknowledged_at = self._in_sight_at = now
        self._has_free_cores = False
        self._measured_left = _FIRST_MEASURED
        self._measure_at = now + _MEASURE_EVERY_SECONDS
        self._detail_seconds = 0.0
        self._complete_at: float | None = None

    def frame_sent(self, now: float, publishing_seconds: float) -> None:
        """Record that a frame was sent, which took some time of the publisher thread, in s."""
        self._publishing_seconds += (publishing_seconds - self._publishing_seconds) / 4
        self._measured_left -= self._measured_left > 0
        if now >= self._measure_at:
            self._measured_left, self._measure_at = _MEASURED, now + _MEASURE_EVERY_SECONDS

    def kernel_used(self, cores: float, available: int) -> None:
        """Record how many cores the kernel has kept busy, of those that it may use."""
        self._has_free_cores = available - cores >= _FREE_CORES

    def acknowledged(self, now: float, report: PageReport) -> bool:
        """Record an acknowledgement.

        Returns
        -------
        bool
            Whether a view has come into sight, or a page is there again.
        """
        was_in_sight = self._is_in_sight(now)
        self._acknowledged_at, self._report = now, report
        if report.is_in_sight:
            self._in_sight_at = now
        return report.is_in_sight and not was_in_sight

    def assume_acknowledged(self, now: float) -> None:
        """Record that the pages receive frames, but cannot acknowledge them."""
        self._acknowledged_at = self._in_sight_at = now

    def interval(self, now: float, budget: float) -> float:
        """Return the time from the last frame to the next one, in s."""
        if now - self._acknowledged_at > 10 * _SILENT_SECONDS:
            return _ABSENT_SECONDS
        if not self.has_viewer(now):
            return OUT_OF_SIGHT_SECONDS
        wanted = self.frame_seconds / budget
        shortest = _MEASURED_INTERVAL_SECONDS if self._measured_left else MIN_INTERVAL_SECONDS
        return min(max(wanted, shortest), MAX_INTERVAL_SECONDS)

    def has_viewer(self, now: float) -> bool:
        """Return whether a page with a view in sight has acknowledged a frame a moment ago."""
        return now - self._acknowledged_at <= _SILENT_SECONDS and self._is_in_sight(now)

    def _is_in_sight(self, now: float) -> bool:
        """Return whether any page has reported a view in sight a moment ago."""
        return now - self._in_sight_at < _IN_SIGHT_SECONDS

    @property
    def frame_seconds(self) -> float:
        """The time that the loop loses with a frame, in s."""
        shares_cores = self._report.is_local and not self._has_free_cores
        drawing = self._report.drawing_seconds if shares_cores else 0.0
        estimated = self._publishing_seconds + _DELAY_PER_DRAWING * drawing
        return max(self.cost.seconds or 0.0, estimated)

    def draws_all(self, now: float, budget: float) -> bool:
        """Return whether all views draw the next frame, and record it if so."""
        wanted = self.frame_seconds / budget
        if wanted > MAX_INTERVAL_SECONDS:
            longer = max(self._detail_seconds, MAX_INTERVAL_SECONDS) * _SLOWER
            self._detail_seconds = min(longer, _MAX_DETAIL_SECONDS)
        else:
            self._detail_seconds /= _FASTER
        is_due = self._complete_at is None or now - self._complete_at >= self._detail_seconds
        if is_due:
            self._complete_at = now
        return is_due
