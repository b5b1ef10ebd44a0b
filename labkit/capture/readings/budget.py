"""The overhead budget: how often each costly reading may be taken.

Each step of the loop earns credit: its share of the budget less what the readings of every
step cost. A costly reading is due when the credit has caught up with what it spent before,
so its frequency follows from its measured cost and the loop's measured speed; no estimate
is needed beforehand, and the first reading is due at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from labkit.capture.readings.step_timing import StepTiming

SECOND_NS = 1_000_000_000
_LEAST_EARNED = 0.2
"""Part of the budget that readings may have, whatever the rest of watching costs."""
_USUAL_FRACTION = 0.03
"""The fraction of the loop's time for which the limits of readings are written down."""


@dataclass
class ReadingBudget:
    """One reading's part of the credit, and when the reading is due again.

    Attributes
    ----------
    share : float
        Part of the credit that the reading may spend, 0 to 1.
    max_fraction : float
        Part of all time that the reading may take, 0 to 1, even if its share allows more.
    unseen_divisor : float
        Divides `max_fraction` while no page shows the run; at least 1.
    min_interval_ns : int
        Shortest time between two readings, in nanoseconds.
    latest_next : callable, optional
        Takes the step of a reading, returns the step of the next one at the latest, whatever the
        credit; so a short run of short steps has readings, too.
    due_at_credit : float
        Credit at which the reading is due, in nanoseconds; see `Budget.credit`.
    due_at_ns : int
        Value of `time.perf_counter_ns` before which it is not due.
    due_at_step : float
        Step at which it is due in any case; infinite if there is none.
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

    def scale(self, fraction: float) -> None:
        """Adapt the limits to a budget of some fraction of the loop's time, 0 to 1.

        A larger one than usual permits more of all time, at shorter intervals and unseen.
        """
        times = max(1.0, fraction / _USUAL_FRACTION)
        part = min(1.0, _USUAL_FRACTION / fraction)
        self.max_fraction *= times
        self.min_interval_ns = round(self.min_interval_ns * part)
        self.unseen_divisor = max(1.0, self.unseen_divisor * part)

    def plan(self, step: int) -> None:
        """Record that the reading is planned for a step."""
        if self.latest_next is not None:
            self.due_at_step = self.latest_next(step)

    def steps_until_due(self, timing: StepTiming, credit: float, now_ns: int, steps: int) -> float:
        """Return how many steps come before the one at which the reading is due.

        Parameters
        ----------
        timing : StepTiming
            What a step takes and earns.
        credit : float
            The credit now, in nanoseconds.
        now_ns : int
            Value of `time.perf_counter_ns` now.
        steps : int
            Steps that are done.

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


def next_of_few(step: int) -> int:
    """Return a costly reading's next step at the latest: five in the first 200 steps.

    They are for short runs; later ones come as the budget allows.
    """
    return 1 + 3 * step


class Budget:
    """Credit that the loop's time earns and readings spend.

    Parameters
    ----------
    fraction : float
        Part of the loop's time that may be spent, 0 to 1.

    Attributes
    ----------
    credit : float
        What was earned less the cost of the fixed part of watching, in nanoseconds.
    published_ns : int
        How much of the publisher's time has been charged, in nanoseconds.

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

    A reading takes no more of all time than its maximum, and less while no page shows the run:

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
        """Add what the loop's time earned, less the cost of watching without any reading.

        A loop so fast that the fixed part takes all of it still earns a little, so that it is
        not left without any reading.
        """
        self._earned += self.fraction * loop_ns
        self._fixed += fixed_ns
        self.credit = max(self._earned - self._fixed, _LEAST_EARNED * self._earned)

    def is_due(self, reading: ReadingBudget, now_ns: int, step: int = 0) -> bool:
        """Return whether a reading may be taken now, or must be at this step."""
        if not reading.enabled:
            return False
        afforded = self.credit >= reading.due_at_credit and now_ns >= reading.due_at_ns
        return afforded or step >= reading.due_at_step

    def spend(
        self, reading: ReadingBudget, cost_ns: int, now_ns: int, *, seen: bool = True
    ) -> None:
        """Charge a reading with its cost, and derive when it is due again.

        Parameters
        ----------
        reading : ReadingBudget
        cost_ns : int
            What it cost, in nanoseconds.
        now_ns : int
            Value of `time.perf_counter_ns` at its end.
        seen : bool
            Whether a page shows the run.
        """
        start = max(reading.due_at_credit, self.credit)
        reading.due_at_credit = start + cost_ns / reading.share
        fraction = reading.max_fraction if seen else reading.max_fraction / reading.unseen_divisor
        reading.due_at_ns = now_ns + max(reading.min_interval_ns, int(cost_ns / fraction))
