"""The epochs of a run: counted from iterations over a data loader, or given by a trainer."""

from __future__ import annotations

import math

from labkit.run.state import EpochStart
from labkit.run.step_knots import StepKnots


class Epochs:
    """The epochs that have begun.

    Attributes
    ----------
    current : int or None
        The current epoch, counted from 1; None if unknown.
    length : int or None
        Number of batches per epoch of the data loader, or of steps where a trainer says it; None if
        unknown.
    begun : StepKnots
        The number of completed epochs at the steps at which epochs began.

    Examples
    --------
    >>> epochs = Epochs()
    >>> epochs.begin_given(3, step=20, steps=10)
    >>> epochs.current, epochs.start(step=25, batches=25)
    (3, EpochStart(number=3, step=20, steps=10))
    """

    def __init__(self) -> None:
        self.current: int | None = None
        self.length: int | None = None
        self.begun = StepKnots(spacing=1)
        self._number = 0
        """Number of the epoch that has begun last."""
        self._are_given = False

    def begin_counted(self, step: int, batches: int | None) -> None:
        """Begin the next epoch after an iteration over a data loader has begun.

        Has no effect if a trainer says when epochs begin.

        Parameters
        ----------
        step : int
            Number of steps completed before it.
        batches : int or None
            Number of its batches; None if it is unknown.
        """
        if not self._are_given:
            self.current = (self.current or 0) + 1
            self._begin(step, self._number + 1, batches)

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
        self.current = number
        self._begin(step, number, steps)

    def start(self, step: int, batches: int) -> EpochStart | None:
        """Return the begin of the newest epoch; None before the first one.

        Parameters
        ----------
        step, batches : int
            Number of completed steps, and of batches that were loaded. The length of a counted
            epoch in steps is estimated from both.
        """
        begun, length = self.begun.knots(), self.length
        if not begun:
            return None
        if length is not None and not self._are_given:
            # A batch is loaded before its step: half a step of batches is under way on average.
            batches_per_step = max(1, round(batches / (step + 0.5)))
            length = math.ceil(length / batches_per_step)
        return EpochStart(self._number, begun[-1].step, length)

    def _begin(self, step: int, number: int, length: int | None) -> None:
        self.length = length
        self.begun.add(step, number - 1)
        self._number = number
