"""How fast a loop goes: steps per second over the newest few seconds."""

from __future__ import annotations

from collections import deque

_WINDOW_SECONDS = 3.0
_SECONDS_BETWEEN_MARKS = 0.05


class StepRate:
    """Steps per second over the newest three seconds.

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
        """Return the rate at a moment; None at the first.

        Parameters
        ----------
        seconds : float
            Of a monotonic clock.
        steps : int
            Completed until then.
        """
        marks = self._marks
        if not marks or seconds - marks[-1][0] > _SECONDS_BETWEEN_MARKS:
            marks.append((seconds, steps))
        while len(marks) > 2 and seconds - marks[0][0] > _WINDOW_SECONDS:  # noqa: PLR2004
            marks.popleft()
        (then, before), (now, after) = marks[0], marks[-1]
        return None if now == then else (after - before) / (now - then)
