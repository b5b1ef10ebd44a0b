"""The speed of a training loop, in steps per second."""

from __future__ import annotations

from collections import deque

_WINDOW_SECONDS = 3.0
_SECONDS_BETWEEN_MARKS = 0.05


class StepRate:
    """A moving average of the steps per second over the last three seconds.

    Examples
    --------
    >>> rate = StepRate()
    >>> rate.at(10.0, steps=100)
    >>> rate.at(11.0, steps=150)
    50.0
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
            Steps per second; None in the first call.
        """
        marks = self._marks
        if not marks or seconds - marks[-1][0] > _SECONDS_BETWEEN_MARKS:
            marks.append((seconds, steps))
        while len(marks) > 2 and seconds - marks[0][0] > _WINDOW_SECONDS:  # noqa: PLR2004
            marks.popleft()
        (then, before), (now, after) = marks[0], marks[-1]
        return None if now == then else (after - before) / (now - then)
