"""A bounded sample of the newest rows of a table, with statistics of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.run.series.series_table import SeriesTable

_MAX_ROWS = 64
_GOLDEN_RATIO = 0.618034
"""The fractional parts of its multiples are evenly distributed over 0 to 1 and aperiodic."""


@dataclass(frozen=True)
class RecentRows:
    """Up to 64 rows from the tail of a table, evenly distributed; the newest row is included.

    Attributes
    ----------
    names : tuple of str
        One name per column.
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
    """

    names: tuple[str, ...]
    steps: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.steps)

    def recent(self, rows: int) -> RecentRows:
        """Return the last `rows` rows."""
        return RecentRows(self.names, self.steps[-rows:], self.values[-rows:])

    def only(self, names: frozenset[str]) -> RecentRows:
        """Return the columns with these names."""
        columns = [column for column, name in enumerate(self.names) if name in names]
        return RecentRows(
            tuple(self.names[column] for column in columns), self.steps, self.values[:, columns]
        )

    def medians(self) -> NDArray[np.float32]:
        """Return the median of the finite values of each column; see `medians`."""
        return medians(self.values)

    def newest(self, count: int = 1) -> NDArray[np.float32]:
        """Return the last `count` finite values of each column, newest last.

        Returns
        -------
        ndarray, shape (count, n_columns), dtype float32
            Filled with NaN at the start of a column with fewer finite values.
        """
        found = np.full((count, len(self.names)), np.nan, np.float32)
        for column, values in enumerate(self.values.T):
            last = values[np.isfinite(values)][-count:]
            found[count - len(last) :, column] = last
        return found

    def row_norms(self) -> NDArray[np.float64]:
        """Return the 2-norm of each row, shape (n_rows,), dtype float64; NaN counts as 0."""
        read = np.where(np.isnan(self.values), 0.0, self.values.astype(np.float64))
        norms: NDArray[np.float64] = np.linalg.norm(read, axis=1)
        return norms

    def norm_of_medians(self) -> float:
        """Return the 2-norm of the medians of all columns; NaN if all medians are NaN."""
        found = self.medians().astype(np.float64)
        known = found[~np.isnan(found)]
        return float(np.linalg.norm(known)) if len(known) else float("nan")


def recent_rows(table: SeriesTable) -> RecentRows:
    """Return up to 64 rows of the tail of a table, evenly distributed, in ascending order."""
    contents = table.whole()
    count = len(contents.steps)
    stride = max(1, -(-count // _MAX_ROWS))
    # Equal distances could always select the same ones of several alternating parameters.
    number = np.arange(_MAX_ROWS)
    rows = count - 1 - ((number + number * _GOLDEN_RATIO % 1) * stride).astype(int)
    rows = rows[rows >= 0][::-1]
    return RecentRows(contents.names, contents.steps[rows], contents.values[rows])


def medians(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median of the finite values of each column.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_columns), dtype float32

    Returns
    -------
    ndarray, shape (n_columns,), dtype float32
        NaN for a column without a finite value.
    """
    finite = np.where(np.isfinite(values), values, np.nan)
    known = ~np.isnan(finite).all(axis=0)
    found = np.full(values.shape[1], np.nan, np.float32)
    if len(values) and known.any():
        found[known] = np.nanmedian(finite[:, known], axis=0)
    return found


def largest(values: NDArray[np.floating[Any]]) -> float:
    """Return the largest value, ignoring NaN; NaN if there is no other value."""
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else float("nan")
