"""The number of steps that are left in the loop that trains."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LoopLength:
    """What is known of the length of the loop that trains, after one of its steps.

    Attributes
    ----------
    step : int
        Number of completed steps.
    left : float
        Number of steps after these until the loop ends, unless it is left early.
    is_exact : bool
        Whether `left` is a count; otherwise it is an estimate.
    source : str
        What the length was read from, for example ``"for epoch in range(10) (train.py:12)"``.
    may_end_early : bool
        Whether there may be fewer steps, because the loop has a ``break`` for example.

    Examples
    --------
    >>> length = LoopLength(step=20, left=80, is_exact=True, source="for i in range(100)")
    >>> length.total, length.left_at(50)
    (100, 50)
    """

    step: int
    left: float
    is_exact: bool
    source: str
    may_end_early: bool = False

    @property
    def total(self) -> int | None:
        """Number of steps of the run when the loop ends; None if it is not certain."""
        return self.step + round(self.left) if self.is_exact else None

    def left_at(self, step: int) -> float | None:
        """Return the number of steps left after another step; None if there are more steps."""
        left = self.step + self.left - step
        return None if left < 0 and self.is_exact else max(0, left)


def check_total_steps(total: object) -> int | None:
    """Return a planned number of steps; None for one that is read from the loop.

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number from 1.

    Examples
    --------
    >>> check_total_steps(1000)
    1000
    >>> check_total_steps(0)
    Traceback (most recent call last):
    ValueError: run.total_steps = 0 is out of range: it is the number of steps that the run is to \
have, at least 1, or None to read it from the loop. Example: run.total_steps = 3 * len(loader)
    """
    if total is None:
        return None
    is_number = hasattr(type(total), "__index__") and not isinstance(total, bool)
    if not is_number:
        raise TypeError(
            "run.total_steps takes a whole number of steps, or None to read it from the loop, not "
            f"{type(total).__name__}. Example: run.total_steps = 3 * len(loader)"
        )
    count = total.__index__()  # type: ignore[attr-defined]
    if count < 1:
        raise ValueError(
            f"run.total_steps = {total!r} is out of range: it is the number of steps that the run "
            "is to have, at least 1, or None to read it from the loop. Example: "
            "run.total_steps = 3 * len(loader)"
        )
    return int(count)
