"""The epochs of a run at its steps: iterations over the training loader, or as they are given."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labkit.run.state import EpochStart
from labkit.run.step_knots import Knot, StepKnots

_SPACING = 1


class Epochs:
    """The number of completed epochs at some steps.

    Epochs that the user logs take priority over those that are counted from the loader, also over
    the earlier ones, as a loop may iterate over its loader in other portions than epochs.

    Attributes
    ----------
    current : int or None
        The epoch that is displayed; None if it is unknown.
    length : int or None
        Number of batches of an epoch of the loader, or of steps where a trainer says it; None if it
        is unknown.

    Examples
    --------
    >>> epochs = Epochs()
    >>> epochs.begin(step=0, batches=64)
    >>> epochs.log(step=32, value=1)
    >>> epochs.log(step=64, value=2)
    >>> [tuple(knot) for knot in epochs.begun.knots()]
    [(0, 0.0), (32, 1), (64, 2)]
    """

    def __init__(self) -> None:
        self.current: int | None = None
        self.length: int | None = None
        self._counted = StepKnots(_SPACING)
        self._count = 0
        """Number of iterations over the training loader that have begun."""
        self._are_given = False
        self._logged = StepKnots(_SPACING)
        self._logged_from: Knot | None = None
        """The first of the logged knots, from which pages continue."""
        self._offset = 0

    @property
    def begun(self) -> StepKnots:
        """The completed epochs where epochs began, or where they were logged."""
        return self._counted if self._logged_from is None else self._logged

    def restore(self, knots: Sequence[Knot]) -> None:
        """Replace the epochs by those that `begun` has had in another process."""
        self._counted.restore(knots)

    def begin(self, step: int, batches: int | None) -> None:
        """Count an iteration over the training loader, which begins after a step.

        Has no effect if a trainer says when epochs begin.
        """
        if self._are_given:
            return
        self.current = (self.current or 0) + 1
        self.length = batches
        self._counted.add(step, self._count)
        self._count += 1

    def begin_given(self, number: int, step: int, steps: int | None) -> None:
        """Begin the epoch that a trainer names; iterations over loaders do not count any more.

        Parameters
        ----------
        number : int
            Counted from 1.
        step : int
            Number of steps completed before it.
        steps : int or None
            Number of its steps; None if it is unknown.
        """
        self._are_given = True
        self.current, self.length, self._count = number, steps, number
        self._counted.add(step, number - 1)

    def log(self, step: int, value: float) -> None:
        """Set the epoch at a step; has no effect if it is not finite.

        A number that is logged again is that of the same epoch, which began at the first of these
        steps. An epoch 0 that is logged after several steps, but not before, is complete.
        """
        if not math.isfinite(value):
            return
        self.current = int(value)
        if self._logged_from is None:
            self._offset = int(value == 0 and step > 1)
            self._logged_from = _origin(step, value + self._offset)
            self._logged.add(*self._logged_from)
        value += self._offset
        if value > self._logged.knots()[-1].value:
            self._logged.add(step, value)

    def newest_start(self, steps: int, batches: int) -> EpochStart | None:
        """Return the begin of the newest epoch, None before the first one.

        Its length in steps is estimated from the number of batches per step so far.

        Parameters
        ----------
        steps, batches : int
            Number of completed steps, and of loaded batches.
        """
        begun = self.begun.knots()
        if not begun:
            return None
        length = self.length
        if length is not None and not self._are_given:
            # A batch is loaded before its step: half a step of batches is under way on average.
            length = math.ceil(length / max(1, round(batches / (steps + 0.5))))
        number = self._count if self._logged_from is None else begun[-1].value + 1
        return EpochStart(number, begun[-1].step, length, self._logged_from)


def _origin(step: int, value: float) -> Knot:
    """Return where the first logged epoch began: at the first step, unless that is not known.

    A fraction above 1 that is logged after several steps does not say how many epochs they were.
    """
    if step <= 1 or (value > 1 and value % 1):
        return Knot(step, value)
    return Knot(0, max(0.0, math.ceil(value) - 1.0))
