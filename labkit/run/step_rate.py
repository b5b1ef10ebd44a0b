"""The speed of a training loop, in steps per second."""

from __future__ import annotations

from collections import deque

_WINDOW_SECONDS = 3.0
_SECONDS_BETWEEN_MARKS = 0.05
_MIN_MARKS = 4
"""Number of marks that are used at least, so that slow steps are averaged, too."""


class StepRate:
    """A moving average of the steps per second, over three seconds or three steps.

    A mark is a time at which the number of steps was seen to have changed. A step that takes longer
    than the steps before lowers the rate, as if it ended now.

    Examples
    --------
    >>> rate = StepRate()
    >>> rate.at(10.0, steps=100)
    >>> rate.at(11.0, steps=150)
    50.0
    >>> rate.at(13.0, steps=150)
    17.0
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def at(self, seconds: float, steps: int) -> float | None:
        """Record the number of steps at a time, and return the rate.

        Parameters
        ----------
        seconds : float
            Reading of a monotonic clock, in s; not smaller than in the previous call.
        steps : int
            Number of steps completed by then.

        Returns
        -------
        float or None
            Steps per second; None before the second change of the number of steps.
        """
        marks = self._marks
        if steps and (not marks or self._is_mark(seconds, steps)):
            marks.append((seconds, steps))
        while len(marks) > _MIN_MARKS and marks[-1][0] - marks[0][0] > _WINDOW_SECONDS:
            marks.popleft()
        if len(marks) < 2:  # noqa: PLR2004
            return None
        (then, before), (last, after) = marks[0], marks[-1]
        return min((after - before) / (last - then), (after + 1 - before) / (seconds - then))

    def _is_mark(self, seconds: float, steps: int) -> bool:
        then, before = self._marks[-1]
        return steps > before and seconds - then > _SECONDS_BETWEEN_MARKS
