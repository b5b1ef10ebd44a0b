"""The overhead budget, which determines how often each costly reading is taken.

Each step of the loop earns credit: a fraction of its time, less the cost of watching without
readings. A reading spends credit, and is due again when the loop has earned its cost. Its frequency
thus follows from its measured cost and the measured speed of the loop. No estimate is needed
beforehand, and the first reading is due at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from labkit.capture.readings.step_timing import StepTiming

SECOND_NS = 1_000_000_000
_MIN_EARNED_FRACTION = 0.2
"""Fraction of the budget that readings get at least, whatever else watching costs."""
_USUAL_FRACTION = 0.03
"""The fraction of the loop's time for which the limits of the readings are specified."""


@dataclass
class ReadingBudget:
    """The share of one reading in the credit, and when the reading is due again.

    Attributes
    ----------
    share : float
        Fraction of the credit that the reading may spend, 0 to 1.
    max_fraction : float
        Fraction of all time that the reading may take, 0 to 1, even if its share allows more.
    unseen_divisor : float
        Divides `max_fraction` while no page shows the run; at least 1.
    min_interval_ns : int
        Shortest time between two readings, in nanoseconds.
    latest_next : callable, optional
        Maps the step of a reading to the latest step of the next one, whatever the credit; gives
        readings to short runs of short steps.
    due_at_credit : float
        Credit at which the reading is due, in nanoseconds; see `Budget.credit`.
    due_at_ns : int
        Value of `time.perf_counter_ns` before which the reading is not due.
    due_at_step : float
        Step at which the reading is due in any case; infinite if there is none.
    enabled : bool
        Whether the reading is taken at all.
    """

    share: float
    max_fraction: float = 1.0
    unseen_divisor: float = 1.0
    min_interval_ns: int = 0
    latest_next: Callable[[int], int] | None = None
    due_at_credit: float = 0.0
    due_at_ns: int = 0
    due_at_step: float = math.inf
    enabled: bool = True

    def __post_init__(self) -> None:
        self._usual = self.max_fraction, self.min_interval_ns, self.unseen_divisor

    def scale(self, fraction: float) -> None:
        """Adapt the limits to a budget, given as a fraction of the loop's time, 0 to 1.

        A budget above the default allows a larger fraction of all time, shorter intervals, and more
        readings while no page shows the run.
        """
        times = max(1.0, fraction / _USUAL_FRACTION)
        part = min(1.0, _USUAL_FRACTION / fraction)
        max_fraction, min_interval_ns, unseen_divisor = self._usual
        self.max_fraction = max_fraction * times
        self.min_interval_ns = round(min_interval_ns * part)
        self.unseen_divisor = max(1.0, unseen_divisor * part)

    def follow_steps(self, latest_next: Callable[[int], int], step: int) -> None:
        """Take the reading at steps that follow from a step's number, whatever time it takes."""
        self.latest_next = latest_next
        self.due_at_credit, self.due_at_step = math.inf, latest_next(step)

    def note_planned(self, step: int) -> None:
        """Record that the reading is planned for a step."""
        if self.latest_next is not None:
            self.due_at_step = self.latest_next(step)

    def steps_until_due(self, timing: StepTiming, credit: float, now_ns: int, steps: int) -> float:
        """Return the number of steps before the one at which the reading is due.

        Parameters
        ----------
        timing : StepTiming
            Estimates of the time and the credit of one step.
        credit : float
            The present credit, in nanoseconds.
        now_ns : int
            The present value of `time.perf_counter_ns`.
        steps : int
            Number of completed steps.

        Returns
        -------
        float
            0 or more; infinite if the reading is disabled.
        """
        if not self.enabled:
            return math.inf
        by_credit = timing.steps_until_earned(self.due_at_credit - credit)
        by_clock = timing.steps_in(self.due_at_ns - now_ns)
        return max(0.0, min(self.due_at_step - steps - 1, max(by_credit, by_clock)))


def next_early_reading(step: int) -> int:
    """Return the latest step of the next costly reading: there are five in the first 200 steps.

    They serve short runs; later readings are taken as the budget allows.
    """
    return 1 + 3 * step


class Budget:
    """The credit that the loop's time earns and that readings spend.

    Parameters
    ----------
    fraction : float
        Fraction of the loop's time that may be spent, 0 to 1.

    Attributes
    ----------
    credit : float
        Earned time less the cost of watching without readings, in nanoseconds.
    published_ns : int
        Time of the publisher that has been charged, in nanoseconds.

    Examples
    --------
    >>> budget = Budget(0.1)
    >>> norms = ReadingBudget(share=1.0)
    >>> budget.is_due(norms, now_ns=0)
    True
    >>> budget.spend(norms, 300, now_ns=0)
    >>> budget.earn(loop_ns=1000, fixed_ns=0)
    >>> budget.is_due(norms, now_ns=1000)
    False
    >>> budget.earn(loop_ns=2000, fixed_ns=0)
    >>> budget.is_due(norms, now_ns=3000)
    True

    A reading takes at most its maximum fraction of all time, and less while no page shows the run:

    >>> checks = ReadingBudget(share=1.0, max_fraction=0.5, unseen_divisor=4.0)
    >>> budget.spend(checks, 100, now_ns=3000, seen=False)
    >>> budget.earn(loop_ns=5000, fixed_ns=0)
    >>> budget.is_due(checks, now_ns=3799), budget.is_due(checks, now_ns=3800)
    (False, True)
    """

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction
        self.credit = 0.0
        self._earned = self._fixed = 0.0
        self.published_ns = 0

    def earn(self, loop_ns: int, fixed_ns: int) -> None:
        """Add the credit of some time of the loop, less the cost of watching without readings.

        A minimum is added even if that cost exceeds the budget in a very fast loop, so that it has
        some readings.
        """
        self._earned += self.fraction * loop_ns
        self._fixed += fixed_ns
        self.credit = max(self._earned - self._fixed, _MIN_EARNED_FRACTION * self._earned)

    def is_due(self, reading: ReadingBudget, now_ns: int, step: int = 0) -> bool:
        """Return whether a reading may be taken now, or must be taken at this step."""
        if not reading.enabled:
            return False
        afforded = self.credit >= reading.due_at_credit and now_ns >= reading.due_at_ns
        return afforded or step >= reading.due_at_step

    def spend(
        self, reading: ReadingBudget, cost_ns: int, now_ns: int, *, seen: bool = True
    ) -> None:
        """Charge the cost of a reading, and compute when it is due again.

        Parameters
        ----------
        reading : ReadingBudget
        cost_ns : int
            Its cost, in nanoseconds.
        now_ns : int
            Value of `time.perf_counter_ns` at its end.
        seen : bool
            Whether a page shows the run.
        """
        start = max(reading.due_at_credit, self.credit)
        reading.due_at_credit = start + cost_ns / reading.share
        fraction = reading.max_fraction if seen else reading.max_fraction / reading.unseen_divisor
        reading.due_at_ns = now_ns + max(reading.min_interval_ns, int(cost_ns / fraction))
