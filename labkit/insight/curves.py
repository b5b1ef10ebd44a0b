"""One series of a run, with robust estimates of its level, its noise and its trend."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SIGNIFICANT = 2.0
"""Difference of two medians over its standard error, above which it is not noise."""
_MIN_FALL = 0.01
"""Difference of two medians over their size, below which a fall is negligible."""
_TO_STANDARD_DEVIATION = 1.4826
"""Standard deviation of normally distributed values over their median absolute deviation."""
_ERROR_OF_MEDIAN = 1.2533
"""Standard error of the median over that of the mean, for normally distributed values."""


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
        return _median(self._between(start, stop))

    def initial(self, points: int = 5) -> float:
        """Return the median of the first `points` finite points; NaN without any."""
        return _median(self.values[np.isfinite(self.values)][:points])

    def final(self, part: float = 0.2) -> float:
        """Return the median of the finite points in the last `part`, 0 to 1, of the steps."""
        return self.median_between(1 - part, 1.0)

    @property
    def finite(self) -> NDArray[np.float32]:
        """The finite values, in their order."""
        finite: NDArray[np.float32] = self.values[np.isfinite(self.values)]
        return finite

    def is_falling(self, start: float = 0.25, *, min_fall: float = _MIN_FALL) -> bool:
        """Return whether the last quarter is lower than an earlier one, beyond the noise.

        Parameters
        ----------
        start : float
            Beginning of the earlier quarter, 0 to 0.5, as a part of the steps.
        min_fall : float
            Smallest fall that counts, relative to the absolute value of the earlier level.
        """
        level, fall, error = self._fall(start)
        return fall > max(_SIGNIFICANT * error, min_fall * abs(level))

    def largest_fall(self, start: float = 0.25) -> float:
        """Return by how much the last quarter may be lower than an earlier one, given the noise.

        Parameters
        ----------
        start : float
            Beginning of the earlier quarter, 0 to 0.5, as a part of the steps.

        Returns
        -------
        float
            The fall of the median, at least 0, plus twice its standard error; NaN without any
            finite point.
        """
        _, fall, error = self._fall(start)
        return max(fall, 0.0) + _SIGNIFICANT * error

    def _fall(self, start: float) -> tuple[float, float, float]:
        """Return the level of an earlier quarter, its fall to the last one, and its error."""
        earlier, later = self._between(start, start + 0.25), self._between(0.75, 1.0)
        level = _median(earlier)
        error = math.hypot(_error_of_median(earlier), _error_of_median(later))
        return level, level - _median(later), error

    def _between(self, start: float, stop: float) -> NDArray[np.float32]:
        known = np.isfinite(self.values)
        steps, values = self.steps[known], self.values[known]
        if not len(steps):
            return values
        low, high = steps[0] + np.array([start, stop]) * (steps[-1] - steps[0])
        between: NDArray[np.float32] = values[(steps >= low) & (steps <= high)]
        return between


def noise(values: NDArray[np.float32]) -> float:
    """Return the standard deviation of the noise, estimated from successive differences.

    Unlike the standard deviation of the values, it does not depend on a slow trend.

    Parameters
    ----------
    values : ndarray, shape (n_points,), dtype float32
        Finite.

    Returns
    -------
    float
        0 for fewer than two values.

    Examples
    --------
    >>> noise(np.array([1.0, 2.0, 3.0, 4.0], np.float32)) > 0
    True
    """
    if len(values) < 2:  # noqa: PLR2004 - no difference
        return 0.0
    differences = np.abs(np.diff(values.astype(np.float64)))
    return float(np.median(differences)) * _TO_STANDARD_DEVIATION / 2**0.5


def _error_of_median(values: NDArray[np.float32]) -> float:
    return _ERROR_OF_MEDIAN * noise(values) / math.sqrt(max(1, len(values)))


def _median(values: NDArray[np.float32]) -> float:
    return float(np.median(values)) if len(values) else float("nan")
