"""Rows of one table in bounded memory: the newest as they came, the older ones folded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from labkit.run.buckets import Buckets, Floats, Steps

CELLS = 2**18
"""Numbers that a table of usual width holds in its newest rows, and again in its buckets."""
_MOST_ROWS = 2048
_FEWEST_ROWS = 128
_BEFORE_ALL = np.iinfo(np.int64).min


def rows_for(columns: int) -> int:
    """Return how many rows fit the cell budget, a power of two for even folding."""
    fitting = max(1, CELLS // max(columns, 1))
    return min(_MOST_ROWS, max(_FEWEST_ROWS, 1 << (fitting.bit_length() - 1)))


class NewestRows(NamedTuple):
    """Rows that came after others.

    Attributes
    ----------
    total : int
        Rows written so far.
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
        There may be more columns than before.
    """

    total: int
    steps: Steps
    values: Floats


class Whole(NamedTuple):
    """All that a table holds, as of one moment.

    Attributes
    ----------
    total : int
        Rows written so far; `SeriesTable.rows_since` takes it up from there.
    buckets : Buckets
        The folded past.
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
        The newest rows.
    names : tuple of str
        One name per column.
    stride : int
        Rows in a bucket.
    limit : int
        Most rows, and most buckets, that a table of this width holds.
    """

    total: int
    buckets: Buckets
    steps: Steps
    values: Floats
    names: tuple[str, ...]
    stride: int
    limit: int


@dataclass(slots=True)
class Storage:
    """What a table holds at one moment; not to be changed (to freeze it takes as long as a row).

    Whoever has one may read it without a lock: the arrays' rows before `length` stay as they are
    (only the newest row of a metric may be replaced), and a later moment is another `Storage`.

    Attributes
    ----------
    limit : int
        Most rows in the tail, and most buckets.
    stride : int
        Rows in a bucket, a power of two.
    buckets : Buckets
    steps, serials : ndarray, shape (at least limit,), dtype int64
        The tail: each row's step, and the number of the write that it came with.
    values : ndarray, shape (at least limit, n_columns), dtype float32
    length : int
        Rows in the tail.
    total : int
        Rows written so far, those that were replaced included.
    folded : int
        Serial of the newest row that was folded.
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
        """Return storage without rows."""
        limit = rows_for(columns)
        return cls(
            limit,
            1,
            Buckets.empty(columns, sparse=sparse),
            np.empty(limit, np.int64),
            np.empty(limit, np.int64),
            np.empty((limit, columns), np.float32),
        )

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    @property
    def newest_step(self) -> int:
        """The step of the newest row; smaller than all steps while there is none."""
        return int(self.steps[self.length - 1]) if self.length else _BEFORE_ALL

    def whole(self, names: tuple[str, ...]) -> Whole:
        """Return all of it, with the names of its columns."""
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
        """Return where the rows after so many writes begin in the tail; None if some are folded."""
        if total < self.folded:
            return None
        return int(np.searchsorted(self.serials[: self.length], total, side="right"))

    def widened(self, columns: int) -> Storage:
        """Return storage with further columns, NaN in the rows there are."""
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

    def extended(
        self, steps: Steps, values: Floats, *, may_replace: bool = False
    ) -> tuple[Storage, int]:
        """Return storage with these rows added, and how many were refused.

        Refused are rows whose step is not greater than all before them. With `may_replace` a row
        of the newest step replaces the row that is there.
        """
        refused, now = 0, self
        newest, rise = self.newest_step, bool((steps[1:] > steps[:-1]).all())
        if not rise or (len(steps) and steps[0] <= newest):
            before = np.maximum.accumulate(np.concatenate([[newest], steps]))[:-1]
            taken = steps >= before if may_replace else steps > before
            refused = len(steps) - int(taken.sum())
            steps, values = steps[taken], values[taken]
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
        return now, refused

    def with_tail(self, steps: Steps, serials: Steps, values: Floats) -> Storage:
        """Add at most half as many rows as the tail holds."""
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
        """Fold the oldest rows, a power of two of them; the rest moves into arrays of its own."""
        size = min(self.stride, rows)
        made = Buckets.of_rows(
            self.steps[:rows], self.values[:rows], size, sparse=self.buckets.sparse
        )
        last_is_open = len(self.buckets) > 0 and self.buckets.count[-1] + size <= self.stride
        if size < self.stride and last_is_open:
            grown = self.buckets.part(-1, None).merged_with(made)
            buckets = self.buckets.part(0, -1).joined(grown)
        else:
            buckets = self.buckets.joined(made)
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
        """Merge neighbouring buckets until there are no more than allowed."""
        buckets, stride = self.buckets, self.stride
        while len(buckets) > self.limit:
            buckets, stride = buckets.halved(), 2 * stride
        return replace(self, buckets=buckets, stride=stride)
