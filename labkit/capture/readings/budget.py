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

_LEAST_EARNED = 0.2
"""Part of the budget that readings may have, whatever the rest of watching costs."""


@dataclass
class ReadingBudget:
    """One kind of reading and its part of the credit.

    Attributes
    ----------
    share : float
        Part of the credit that this kind may spend, 0 to 1.
    most : float
        Part of all time that this kind may take, 0 to 1, though its share would allow more.
    unseen : float
        How many times less than that it may take while no page shows the run.
    rest_ns : int
        Shortest time between two readings, in nanoseconds.
    again : callable, optional
        Takes the step of a reading, returns the step of the next one at the latest, whatever the
        credit; so a short run of short steps is told about too.
    """

    share: float
    most: float = 1.0
    unseen: float = 1.0
    rest_ns: int = 0
    due_at_credit: float = 0.0
    due_at_ns: int = 0
    enabled: bool = True
    again: Callable[[int], int] | None = None
    due_at_step: float = math.inf

    def planned_at(self, step: int) -> None:
        """Note that a reading is planned for a step."""
        if self.again is not None:
            self.due_at_step = self.again(step)


class Budget:
    """Credit that the loop's time earns and readings spend.

    Parameters
    ----------
    fraction : float
        Part of the loop's time that may be spent, 0 to 1.

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

    A kind takes no more of all time than its most, and less while no page shows the run:

    >>> checks = ReadingBudget(share=1.0, most=0.5, unseen=4.0)
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
        """How much of the publisher's time has been charged."""

    def earn(self, loop_ns: int, fixed_ns: int) -> None:
        """Add what the loop's time earned, less what watching it cost anyway.

        A loop so fast that the fixed part takes all of it still earns a little, so that it is
        not left without any reading.
        """
        self._earned += self.fraction * loop_ns
        self._fixed += fixed_ns
        self.credit = max(self._earned - self._fixed, _LEAST_EARNED * self._earned)

    def is_due(self, allowance: ReadingBudget, now_ns: int, step: int = 0) -> bool:
        """Return whether a reading of this kind may be taken now, or must be at this step."""
        if not allowance.enabled:
            return False
        afforded = self.credit >= allowance.due_at_credit and now_ns >= allowance.due_at_ns
        return afforded or step >= allowance.due_at_step

    def spend(
        self, allowance: ReadingBudget, cost_ns: int, now_ns: int, *, seen: bool = True
    ) -> None:
        """Note what a reading cost, and whether a page shows the run."""
        start = max(allowance.due_at_credit, self.credit)
        allowance.due_at_credit = start + cost_ns / allowance.share
        most = allowance.most if seen else allowance.most / allowance.unseen
        allowance.due_at_ns = now_ns + max(allowance.rest_ns, int(cost_ns / most))
