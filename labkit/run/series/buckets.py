"""Buckets: the minimum and maximum of each column over groups of rows, with their steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Steps = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Groups of rows reduced to the extremes of each column. Immutable.

    Attributes
    ----------
    first, count : ndarray, shape (n_buckets,), dtype int64
        First step of the bucket and number of rows in it.
    low, high : ndarray, shape (n_buckets, n_columns), dtype float32
        Minimum and maximum of each column. If `sparse` is False, `high` is NaN where the bucket
        contains a NaN.
    low_at, high_at : ndarray, shape (n_buckets, n_columns), dtype int64
        Steps at which the extremes were recorded.
    sparse : bool
        Whether NaN means "not read". If True, NaN is ignored wherever the bucket has a number.
    """

    first: Steps
    count: Steps
    low: Floats
    low_at: Steps
    high: Floats
    high_at: Steps
    sparse: bool = False

    @classmethod
    def empty(cls, columns: int, *, sparse: bool = False) -> Buckets:
        """Return an instance with no buckets and the given number of columns."""
        no_steps = np.empty(0, np.int64)
        wide_steps = np.empty((0, columns), np.int64)
        wide = np.empty((0, columns), np.float32)
        return cls(no_steps, no_steps, wide, wide_steps, wide, wide_steps, sparse)

    @classmethod
    def of_rows(cls, steps: Steps, values: Floats, size: int, *, sparse: bool = False) -> Buckets:
        """Reduce consecutive rows to buckets of `size` rows.

        Parameters
        ----------
        steps : ndarray, shape (n_rows,), dtype int64
        values : ndarray, shape (n_rows, n_columns), dtype float32
        size : int
            Number of rows per bucket; must divide `n_rows`.
        sparse : bool
            See `Buckets`.
        """
        groups = len(steps) // size
        grouped = values.reshape(groups, size, -1)
        group_steps = steps.reshape(groups, size)
        known = ~np.isnan(grouped)
        low_index = _index_of(np.where(known, grouped, np.inf).argmin(axis=1), known)
        if sparse:
            high_index = _index_of(np.where(known, grouped, -np.inf).argmax(axis=1), known)
        else:
            high_index = grouped.argmax(axis=1)  # numpy's argmax stops at the first NaN
        rows = np.arange(groups)[:, None]
        return cls(
            first=group_steps[:, 0].copy(),
            count=np.full(groups, size, np.int64),
            low=np.take_along_axis(grouped, low_index[:, None], axis=1)[:, 0],
            low_at=group_steps[rows, low_index],
            high=np.take_along_axis(grouped, high_index[:, None], axis=1)[:, 0],
            high_at=group_steps[rows, high_index],
            sparse=sparse,
        )

    def __len__(self) -> int:
        return len(self.first)

    def concatenated(self, other: Buckets) -> Buckets:
        """Return these buckets followed by the buckets of `other`."""
        return Buckets(
            np.concatenate([self.first, other.first]),
            np.concatenate([self.count, other.count]),
            np.concatenate([self.low, other.low]),
            np.concatenate([self.low_at, other.low_at]),
            np.concatenate([self.high, other.high]),
            np.concatenate([self.high_at, other.high_at]),
            self.sparse,
        )

    def sliced(self, start: int | None, stop: int | None, stride: int = 1) -> Buckets:
        """Return the buckets ``start:stop:stride``."""
        cut = slice(start, stop, stride)
        return Buckets(
            self.first[cut],
            self.count[cut],
            self.low[cut],
            self.low_at[cut],
            self.high[cut],
            self.high_at[cut],
            self.sparse,
        )

    def widened(self, columns: int) -> Buckets:
        """Return the buckets with additional columns of NaN, `columns` columns in total."""
        missing = columns - self.low.shape[1]
        nan = np.full((len(self), missing), np.nan, np.float32)
        at = np.repeat(self.first[:, None], missing, axis=1)
        return Buckets(
            self.first,
            self.count,
            np.hstack([self.low, nan]),
            np.hstack([self.low_at, at]),
            np.hstack([self.high, nan]),
            np.hstack([self.high_at, at]),
            self.sparse,
        )

    def merged_with(self, later: Buckets) -> Buckets:
        """Merge each bucket with the bucket of the same index in `later`."""
        lower = ~(self.low <= later.low) & ~np.isnan(later.low)
        if self.sparse:
            higher = ~(self.high >= later.high) & ~np.isnan(later.high)
        else:
            higher = ~np.isnan(self.high) & ((later.high > self.high) | np.isnan(later.high))
        return Buckets(
            self.first,
            self.count + later.count,
            np.where(lower, later.low, self.low),
            np.where(lower, later.low_at, self.low_at),
            np.where(higher, later.high, self.high),
            np.where(higher, later.high_at, self.high_at),
            self.sparse,
        )

    def halved(self) -> Buckets:
        """Merge adjacent pairs of buckets; a last unpaired bucket is unchanged."""
        even = len(self) - len(self) % 2
        pairs = self.sliced(0, even, 2).merged_with(self.sliced(1, even, 2))
        return pairs.concatenated(self.sliced(even, None))

    def points(self, column: int) -> tuple[Steps, Floats]:
        """Return the extremes of a column, ordered by step and without duplicates.

        Returns
        -------
        steps : ndarray, shape (n_points,), dtype int64
        values : ndarray, shape (n_points,), dtype float32
        """
        at = np.stack([self.low_at[:, column], self.high_at[:, column]], axis=1)
        extremes = np.stack([self.low[:, column], self.high[:, column]], axis=1)
        order = np.argsort(at, axis=1, kind="stable")
        steps = np.take_along_axis(at, order, axis=1).ravel()
        values = np.take_along_axis(extremes, order, axis=1).ravel()
        distinct = np.ones(len(steps), bool)
        distinct[1::2] = steps[1::2] != steps[::2]
        return steps[distinct], values[distinct]


def _index_of(found: NDArray[np.intp], known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the row index of each extreme; never that of a NaN if the group has a number."""
    is_number = np.take_along_axis(known, found[:, None], axis=1)[:, 0]
    return np.where(is_number, found, known.argmax(axis=1))
