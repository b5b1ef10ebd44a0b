"""One series of a run, with robust estimates of its level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Curve:
    """One series.

    Attributes
    ----------
    name : str
        Name of the table column.
    steps : ndarray, shape (n_points,), dtype int64
        Strictly increasing.
    values : ndarray, shape (n_points,), dtype float32
        May be NaN or infinite.
    """

    name: str
    steps: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.steps)

    def median_between(self, start: float, stop: float) -> float:
        """Return the median of the finite points in a part of the steps; NaN without any.

        Parameters
        ----------
        start, stop : float
            0 is the first step with a finite value and 1 the last one.
        """
        finite = np.isfinite(self.values)
        steps, values = self.steps[finite], self.values[finite]
        if not len(steps):
            return float("nan")
        low, high = steps[0] + np.array([start, stop]) * (steps[-1] - steps[0])
        return _median(values[(steps >= low) & (steps <= high)])

    def initial(self, points: int = 5) -> float:
        """Return the median of the first `points` finite points; NaN without any."""
        return _median(self.values[np.isfinite(self.values)][:points])

    def final(self, part: float = 0.2) -> float:
        """Return the median of the finite points in the last `part`, 0 to 1, of the steps."""
        return self.median_between(1 - part, 1.0)


def _median(values: NDArray[np.float32]) -> float:
    return float(np.median(values)) if len(values) else float("nan")
