"""Values that rise with the steps, stored at some of them: the time, the number of epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_MAX_KNOTS = 400


class Knot(NamedTuple):
    """The value after a number of completed steps."""

    step: int
    value: float


class StepKnots:
    """A rising value at some steps, between which it is interpolated; bounded in memory.

    A step may have two knots: the value rose while no step was made, for example in a pause. Only
    one thread may add knots; any may read them. The frontend has the same structure
    (`frontend/src/history/step-knots.ts`).

    Parameters
    ----------
    spacing : float
        Smallest difference of the values of two knots, apart from the newest. Doubles when there
        are too many knots, which are then thinned out.

    Examples
    --------
    >>> times = StepKnots(spacing=1.0)
    >>> for step in range(1, 8):
    ...     times.add(step, 0.5 * step)
    >>> [tuple(knot) for knot in times.knots()]
    [(1, 0.5), (3, 1.5), (5, 2.5), (7, 3.5)]
    """

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._knots: list[Knot] = []

    def knots(self) -> tuple[Knot, ...]:
        """Return the knots, by step."""
        return tuple(self._knots)

    def restore(self, knots: Sequence[Knot]) -> None:
        """Replace the knots by others, which rise."""
        self._knots = list(knots)

    def add(self, step: int, value: float) -> None:
        """Add a value after a step; has no effect if the step or the value is lower than before."""
        knots, new = self._knots, Knot(step, value)
        if not knots:
            knots.append(new)
            return
        last, before = knots[-1], knots[-2] if len(knots) > 1 else None
        if new == last or step < last.step or value < last.value:
            return
        if before is None or not self._replaces(new, last, before):
            knots.append(new)
        else:
            knots[-1] = new
        if len(knots) > _MAX_KNOTS:
            self._spacing *= 2
            self._knots = [*knots[:-1:2], knots[-1]]

    def _replaces(self, new: Knot, last: Knot, before: Knot) -> bool:
        if new.step == last.step:
            return before.step == new.step
        return last.value - before.value < self._spacing
