"""The pace of a training loop: how many steps a second it takes at most, spread evenly."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from numbers import Real

MIN_RATE, MAX_RATE = 1, 1000
"""Limits of a pace, in steps per second."""
MAX_DRAWN_RATE = 10
"""Highest pace, in steps per second, at which each step is sent to the pages and drawn."""
_SECOND_NS = 1_000_000_000


class Pace:
    """Determines when the next step of a loop may begin.

    Steps begin at multiples of a period, which is 1 s divided by the rate. A step that ends too
    late is not caught up with: the next one begins when the late one has stood for as long as
    others stand, and the periods count from there. Where all steps are slower than the pace, none
    waits.

    `rate` may be set on any thread. The methods are called on the training thread.

    Parameters
    ----------
    clock : callable, optional
        Returns the time in ns; by default `time.perf_counter_ns`.

    Attributes
    ----------
    rate : float or None
        Steps per second; None for full speed.
    waited_ns : int
        Time that was waited for the pace, in ns, including readings that were taken instead.

    Examples
    --------
    >>> now = 0
    >>> pace = Pace(clock=lambda: now)
    >>> pace.rate = 10.0
    >>> now = 30_000_000  # the step has taken 30 ms
    >>> pace.end_step()
    >>> pace.left_ns()
    70000000
    """

    def __init__(self, clock: Callable[[], int] | None = None) -> None:
        self.rate: float | None = None
        self.waited_ns = 0
        self._clock = clock = clock or time.perf_counter_ns
        self._began_ns = self._counts_from_ns = clock()
        """When the step under way began, and when it should have begun."""
        self._took_ns = 0
        """Duration of the newest completed step."""
        self._was_in_time = False
        """Whether it ended before the next one was due."""

    @property
    def period_ns(self) -> int:
        """Time between the beginnings of two steps, in ns; 0 at full speed."""
        rate = self.rate
        return 0 if rate is None else round(_SECOND_NS / rate)

    @property
    def draws_each_step(self) -> bool:
        """Whether each step is sent to the pages."""
        rate = self.rate
        return rate is not None and rate <= MAX_DRAWN_RATE

    @property
    def has_spare_time(self) -> bool:
        """Whether the loop waits for its pace, so that work in this time does not slow it down."""
        return self.rate is not None and self._was_in_time

    def left_ns(self) -> int:
        """Return the time until the next step may begin, in ns; negative if it is late."""
        return self._counts_from_ns + self.period_ns - self._clock()

    def end_step(self) -> None:
        """End the step under way."""
        now_ns = self._clock()
        took_ns, before_ns = now_ns - self._began_ns, self._took_ns
        self._was_in_time = self.left_ns() >= 0
        if not self._was_in_time:
            self._counts_from_ns = now_ns - min(took_ns, before_ns)
        self._took_ns = took_ns

    def begin_step(self) -> None:
        """Begin the next step, which may be earlier or much later than it is due."""
        self._began_ns = now_ns = self._clock()
        late_ns, period_ns = -self.left_ns(), self.period_ns
        is_in_time = 0 <= late_ns < period_ns / 2
        self._counts_from_ns = now_ns - late_ns if is_in_time else now_ns


def check_pace(pace: object, example: str) -> float | None:
    """Return a pace as a float; None for full speed.

    Parameters
    ----------
    pace : object
    example : str
        Code with a valid pace, for the message.

    Raises
    ------
    TypeError, ValueError
        If it is not a number from 1 to 1,000.

    Examples
    --------
    >>> check_pace(20, "run.pace = 20")
    20.0
    """
    if pace is None:
        return None
    if isinstance(pace, bool) or not isinstance(pace, Real):
        raise TypeError(
            "pace takes a number of steps per second, or None for full speed, not "
            f"{type(pace).__name__}. Example: {example}"
        )
    if not MIN_RATE <= (rate := _as_float(pace)) <= MAX_RATE:
        raise ValueError(
            f"pace={pace!r} is out of range: it is a number of steps per second from {MIN_RATE} to "
            f"{MAX_RATE:,}, or None for full speed. Example: {example}"
        )
    return rate


def _as_float(number: Real) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf
