"""Bounded storage of one table's rows: the newest rows unchanged, older rows in buckets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from labkit.run.series.buckets import Buckets, Floats, Steps

CELLS = 2**18
"""Maximum number of values in the tail of a table, and again in its buckets.

A table of more than 2,048 columns exceeds it, as every table holds at least 128 rows.
"""
_MAX_ROWS = 2048
_MIN_ROWS = 128
_BEFORE_ALL = np.iinfo(np.int64).min


def rows_for(columns: int) -> int:
    """Return the maximum number of rows of a table: a power of two from 128 to 2,048."""
    fitting = max(1, CELLS // max(columns, 1))
    return min(_MAX_ROWS, max(_MIN_ROWS, 1 << (fitting.bit_length() - 1)))


class NewestRows(NamedTuple):
    """The rows written since an earlier read.

    Attributes
    ----------
    total : int
        Number of rows written so far.
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
        May have more columns than at the earlier read.
    """

    total: int
    steps: Steps
    values: Floats


class Whole(NamedTuple):
    """A consistent copy of the contents of a table.

    Attributes
    ----------
    total : int
        Number of rows written so far; pass it to `SeriesTable.rows_since` to read later rows.
    buckets : Buckets
        The older rows.
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
        The newest rows.
    names : tuple of str
        One name per column.
    stride : int
        Number of rows per bucket, a power of two.
    limit : int
        Maximum number of rows, and of buckets, in a table of this width.
    """

    total: int
    buckets: Buckets
    steps: Steps
    values: Floats
    names: tuple[str, ...]
    stride: int
    limit: int


class Extended(NamedTuple):
    """A storage to which rows were added.

    Attributes
    ----------
    storage : Storage
    steps : ndarray, shape (n_rows,), dtype int64
        The steps of the added rows. The first may be the newest step of before, whose row is
        replaced.
    values : ndarray, shape (n_rows, n_columns), dtype float32
    refused : int
        Number of rows that were not added, because their step is not greater than all steps before
        them.
    """

    storage: Storage
    steps: Steps
    values: Floats
    refused: int


@dataclass(slots=True)
class Storage:
    """The contents of a table at one moment. Treat as immutable.

    It can be read without a lock: array rows before `length` do not change, except that the newest
    row of a metric may be replaced. Every write returns another `Storage`, which may share the
    arrays. The dataclass is not frozen because that doubles the time of appending a row.

    Attributes
    ----------
    limit : int
        Maximum number of rows in the tail, and of buckets.
    stride : int
        Number of rows per bucket, a power of two.
    buckets : Buckets
        The older rows.
    steps, serials : ndarray, shape (n,), n >= limit, dtype int64
        The tail: the step of each row, and its serial number, counted from 1 over all rows written.
    values : ndarray, shape (n, n_columns), dtype float32
        The tail: the values of each row.
    length : int
        Number of rows in the tail.
    total : int
        Number of rows written so far, including replaced ones.
    folded : int
        Serial number of the newest row in the buckets, 0 if there is none.
    """

    limit: int
    stride: int
    buckets: Buckets
    steps: Steps
    serials: Steps
    values: Floats
    length: int = 0
    total: int = 0
    folded: int = 0

    @classmethod
    def empty(cls, columns: int, *, sparse: bool = False) -> Storage:
        """Return a storage without rows for the given number of columns."""
        limit = rows_for(columns)
        return cls(
            limit,
            1,
            Buckets.empty(columns, sparse=sparse),
            np.empty(limit, np.int64),
            np.empty(limit, np.int64),
            np.empty((limit, columns), np.float32),
        )

    @classmethod
    def of(cls, whole: Whole) -> Storage:
        """Return a storage with the contents that `whole` returned."""
        columns, length = len(whole.names), len(whole.steps)
        now = replace(
            cls.empty(columns, sparse=whole.buckets.sparse),
            stride=whole.stride,
            buckets=whole.buckets,
            total=whole.total,
            folded=whole.total - length,
        )
        serials = np.arange(now.folded + 1, whole.total + 1)
        return now.with_tail(whole.steps, serials, whole.values) if length else now

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    @property
    def newest_step(self) -> int:
        """The step of the newest row; the smallest int64 if there is none."""
        return int(self.steps[self.length - 1]) if self.length else _BEFORE_ALL

    @property
    def content_bytes(self) -> int:
        """Size of the contents, with steps and positions of 8 and values of 4 bytes each."""
        rows, buckets = self.length, len(self.buckets)
        return rows * (8 + 4 * self.columns) + buckets * (8 + 16 * self.columns)

    def whole(self, names: tuple[str, ...]) -> Whole:
        """Return a copy of the contents, with the given column names."""
        tail = slice(0, self.length)
        return Whole(
            self.total,
            self.buckets,
            self.steps[tail].copy(),
            self.values[tail].copy(),
            names,
            self.stride,
            self.limit,
        )

    def first_unsent(self, total: int) -> int | None:
        """Return the tail index of the first row with a serial number above `total`.

        Returns
        -------
        int or None
            None if one of these rows is already in a bucket.
        """
        if total < self.folded:
            return None
        return int(np.searchsorted(self.serials[: self.length], total, side="right"))

    def widened(self, columns: int) -> Storage:
        """Return a storage with `columns` columns; existing rows have NaN in the new ones."""
        now = replace(self, limit=rows_for(columns))
        while now.length > now.limit:
            now = now.folded_oldest(now.limit // 2)
        now = now.merged_to_limit()
        room, length = now.limit, now.length
        steps, serials = np.empty(room, np.int64), np.empty(room, np.int64)
        values = np.full((room, columns), np.nan, np.float32)
        steps[:length], serials[:length] = now.steps[:length], now.serials[:length]
        values[:length, : now.columns] = now.values[:length]
        buckets = now.buckets.widened(columns)
        return replace(now, buckets=buckets, steps=steps, serials=serials, values=values)

    def extended(self, steps: Steps, values: Floats, *, may_replace: bool = False) -> Extended:
        """Append rows whose steps increase, and count the others.

        Parameters
        ----------
        steps : ndarray, shape (n_rows,), dtype int64
        values : ndarray, shape (n_rows, n_columns), dtype float32
        may_replace : bool
            Whether a row that repeats the newest step replaces the stored row.
        """
        refused, now = 0, self
        newest, rise = self.newest_step, bool((steps[1:] > steps[:-1]).all())
        if not rise or (len(steps) and steps[0] <= newest):
            before = np.maximum.accumulate(np.concatenate([[newest], steps]))[:-1]
            accepted = steps >= before if may_replace else steps > before
            refused = len(steps) - int(accepted.sum())
            steps, values = steps[accepted], values[accepted]
        serials = np.arange(self.total + 1, self.total + 1 + len(steps))
        if may_replace and len(steps) and (not rise or steps[0] == newest):
            last = np.append(steps[1:] != steps[:-1], True)
            steps, values, serials = steps[last], values[last], serials[last]
            if steps[0] == newest:
                now = replace(now, length=self.length - 1)
        half = now.limit // 2
        for start in range(0, len(steps), half):
            part = slice(start, start + half)
            now = now.with_tail(steps[part], serials[part], values[part])
        return Extended(now, steps, values, refused)

    def with_tail(self, steps: Steps, serials: Steps, values: Floats) -> Storage:
        """Append rows to the tail; at most ``limit // 2`` rows per call."""
        fits = self.length + len(steps) <= self.limit
        now = self if fits else self.folded_oldest(self.limit // 2)
        end = now.length + len(steps)
        now.steps[now.length : end] = steps
        now.serials[now.length : end] = serials
        now.values[now.length : end] = values
        return Storage(
            now.limit,
            now.stride,
            now.buckets,
            now.steps,
            now.serials,
            now.values,
            end,
            int(serials[-1]),
            now.folded,
        )

    def folded_oldest(self, rows: int) -> Storage:
        """Move the oldest rows into buckets, and copy the other rows into new arrays.

        Parameters
        ----------
        rows : int
            Number of rows to move, a power of two.
        """
        size = min(self.stride, rows)
        added = Buckets.of_rows(
            self.steps[:rows], self.values[:rows], size, sparse=self.buckets.sparse
        )
        last_is_open = len(self.buckets) > 0 and self.buckets.count[-1] + size <= self.stride
        if size < self.stride and last_is_open:
            grown = self.buckets.sliced(-1, None).merged_with(added)
            buckets = self.buckets.sliced(0, -1).concatenated(grown)
        else:
            buckets = self.buckets.concatenated(added)
        left = self.length - rows
        room = max(self.limit, left)
        steps, serials = np.empty(room, np.int64), np.empty(room, np.int64)
        values = np.empty((room, self.columns), np.float32)
        rest = slice(rows, self.length)
        steps[:left], serials[:left], values[:left] = (
            self.steps[rest],
            self.serials[rest],
            self.values[rest],
        )
        folded = int(self.serials[rows - 1])
        now = replace(self, buckets=buckets, steps=steps, serials=serials, values=values)
        return replace(now, length=left, folded=folded).merged_to_limit()

    def merged_to_limit(self) -> Storage:
        """Merge adjacent buckets until there are at most `limit` of them."""
        buckets, stride = self.buckets, self.stride
        while len(buckets) > self.limit:
            buckets, stride = buckets.halved(), 2 * stride
        return replace(self, buckets=buckets, stride=stride)
