"""Series of bounded size that lose no spike.

A `Block` holds columns that are sampled together, for example the gradient norms of all
parameters. The newest rows are kept as they came (the tail); older rows are folded into
buckets that keep the smallest and the largest value of each column with their steps; when
there are too many buckets, neighbours are merged. Whatever the length of a run, its memory
is fixed, and one odd value in a million steps is still there, at its step.

The browser holds the same structure in TypeScript (`frontend/src/history`), so that zooming
needs no kernel.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Steps = NDArray[np.int64]

_CELLS = 2**18
_MOST_ROWS = 2048
_FEWEST_ROWS = 128
_PENDING_LIMIT = 512


def _rows_for(columns: int) -> int:
    """Return how many rows fit the cell budget, a power of two for even folding."""
    fitting = max(1, _CELLS // max(columns, 1))
    return min(_MOST_ROWS, max(_FEWEST_ROWS, 1 << (fitting.bit_length() - 1)))


@dataclass
class Buckets:
    """Folded rows: one entry per bucket and column.

    Attributes
    ----------
    first, count : ndarray, shape (n_buckets,), dtype int64
        First step in the bucket and number of samples folded into it.
    low, high : ndarray, shape (n_buckets, n_columns), dtype float32
        Extremes of each column. `high` is NaN where the bucket held a NaN.
    low_at, high_at : ndarray, shape (n_buckets, n_columns), dtype int64
        Steps at which the extremes were recorded.
    """

    first: Steps
    count: Steps
    low: Floats
    low_at: Steps
    high: Floats
    high_at: Steps

    @classmethod
    def empty(cls, columns: int) -> Buckets:
        """Return zero buckets of the given width."""
        no_steps = np.empty(0, np.int64)
        wide_steps = np.empty((0, columns), np.int64)
        wide = np.empty((0, columns), np.float32)
        return cls(no_steps, no_steps, wide, wide_steps, wide, wide_steps)

    @classmethod
    def of_rows(cls, steps: Steps, values: Floats, size: int) -> Buckets:
        """Fold consecutive rows into buckets of `size` samples; `size` divides their number."""
        groups = len(steps) // size
        grouped = values.reshape(groups, size, -1)
        group_steps = steps.reshape(groups, size)
        low_index = np.where(np.isnan(grouped), np.inf, grouped).argmin(axis=1)
        high_index = grouped.argmax(axis=1)  # numpy's argmax stops at the first NaN
        rows = np.arange(groups)[:, None]
        return cls(
            first=group_steps[:, 0].copy(),
            count=np.full(groups, size, np.int64),
            low=np.take_along_axis(grouped, low_index[:, None], axis=1)[:, 0],
            low_at=group_steps[rows, low_index],
            high=np.take_along_axis(grouped, high_index[:, None], axis=1)[:, 0],
            high_at=group_steps[rows, high_index],
        )

    def __len__(self) -> int:
        return len(self.first)

    def joined(self, other: Buckets) -> Buckets:
        """Return these buckets followed by the others."""
        return Buckets(
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in ("first", "count", "low", "low_at", "high", "high_at")
            )
        )

    def part(self, start: int | None, stop: int | None, stride: int = 1) -> Buckets:
        """Return a slice of the buckets."""
        cut = slice(start, stop, stride)
        return Buckets(
            self.first[cut],
            self.count[cut],
            self.low[cut],
            self.low_at[cut],
            self.high[cut],
            self.high_at[cut],
        )

    def merged_with(self, later: Buckets) -> Buckets:
        """Merge each bucket with the one at the same place in `later`."""
        lower = ~(self.low <= later.low) & ~np.isnan(later.low)
        higher = ~np.isnan(self.high) & ((later.high > self.high) | np.isnan(later.high))
        return Buckets(
            self.first,
            self.count + later.count,
            np.where(lower, later.low, self.low),
            np.where(lower, later.low_at, self.low_at),
            np.where(higher, later.high, self.high),
            np.where(higher, later.high_at, self.high_at),
        )

    def halved(self) -> Buckets:
        """Merge neighbours; a last odd bucket stays as it is."""
        even = len(self) - len(self) % 2
        pairs = self.part(0, even, 2).merged_with(self.part(1, even, 2))
        return pairs.joined(self.part(even, None))


class Block:
    """Columns of numbers that are sampled together, of bounded size.

    Parameters
    ----------
    id : str
        Unique in the run, for example ``"grad_norm"`` or ``"metric/accuracy"``.
    kind : str
        One of ``loss``, ``lr``, ``metric``, ``grad_norm``, ``weight_norm``, ``update_ratio``.
    names : sequence of str
        One name per column.

    Notes
    -----
    `append` may be called by one thread while others read: it hands rows over through a
    deque, and whoever reads (or a full deque) moves them into the arrays under a lock.

    Examples
    --------
    >>> block = Block("loss", "loss", ["loss"])
    >>> for step in range(3):
    ...     block.append(step, 1.0 / (step + 1))
    >>> steps, values = block.points(0)
    >>> steps.tolist(), values.round(2).tolist()
    ([0, 1, 2], [1.0, 0.5, 0.33000001311302185])
    """

    def __init__(self, id: str, kind: str, names: Sequence[str]) -> None:
        self.id = id
        self.kind = kind
        self.names = tuple(names)
        self.tail_limit = self.bucket_limit = _rows_for(len(self.names))
        self.stride = 1
        self.total = 0
        """Rows moved into the arrays since the block was made."""
        self._pending: deque[tuple[int, float | Sequence[float] | Floats]] = deque()
        self._lock = threading.RLock()
        self._buckets = Buckets.empty(len(self.names))
        self._tail_steps = np.empty(self.tail_limit, np.int64)
        self._tail_values = np.empty((self.tail_limit, len(self.names)), np.float32)
        self._tail_length = 0

    def append(self, step: int, row: float | Sequence[float] | Floats) -> None:
        """Add the values of all columns at one step.

        Parameters
        ----------
        step : int
            Not smaller than the step before.
        row : float or sequence of float, shape (n_columns,)
        """
        self._pending.append((step, row))
        self._relieve()

    def extend(self, first_step: int, rows: Sequence[float | Sequence[float]]) -> None:
        """Add the values of consecutive steps.

        Parameters
        ----------
        first_step : int
            The step of the first row, not smaller than the step before.
        rows : sequence of float, or of list of float, shape (n_steps, n_columns)
            Rows of another width, as after a parameter group was added, are left out.
        """
        width = len(self.names)
        steps = np.arange(first_step, first_step + len(rows))
        try:
            values = np.array(rows, np.float32).reshape(len(rows), -1)
            fitting = values.shape[1] == width
        except ValueError:  # rows of several widths
            fitting = False
        if not fitting:
            widths = [len(row) if isinstance(row, (list, tuple)) else 1 for row in rows]
            fits = np.array(widths) == width
            kept = [row for row, taken in zip(rows, fits, strict=True) if taken]
            steps, values = steps[fits], np.array(kept, np.float32).reshape(-1, width)
        with self._lock:
            self._drain()
            self._store(steps, values)

    def points(self, column: int) -> tuple[Steps, Floats]:
        """Return a column's recorded points in the order of their steps.

        Returns
        -------
        steps : ndarray, shape (n_points,), dtype int64
        values : ndarray, shape (n_points,), dtype float32
            Every value was recorded at its step: extremes of folded buckets, then the
            newest rows whole.
        """
        with self._lock:
            self._drain()
            buckets, tail = self._buckets, slice(0, self._tail_length)
            at = np.stack([buckets.low_at[:, column], buckets.high_at[:, column]], axis=1)
            extremes = np.stack([buckets.low[:, column], buckets.high[:, column]], axis=1)
            order = np.argsort(at, axis=1, kind="stable")
            folded_steps = np.take_along_axis(at, order, axis=1).ravel()
            folded_values = np.take_along_axis(extremes, order, axis=1).ravel()
            distinct = np.ones(len(folded_steps), bool)
            distinct[1::2] = folded_steps[1::2] != folded_steps[::2]
            return (
                np.concatenate([folded_steps[distinct], self._tail_steps[tail]]),
                np.concatenate([folded_values[distinct], self._tail_values[tail, column]]),
            )

    def rows_since(self, total: int) -> tuple[Steps, Floats] | None:
        """Return the rows that came after the first `total`; None when some are folded already."""
        with self._lock:
            self._drain()
            missing = self.total - total
            if missing > self._tail_length:
                return None
            rows = slice(self._tail_length - missing, self._tail_length)
            return self._tail_steps[rows].copy(), self._tail_values[rows].copy()

    def whole(self) -> tuple[Buckets, Steps, Floats]:
        """Return the folded past and a copy of the tail's steps and values."""
        with self._lock:
            self._drain()
            tail = slice(0, self._tail_length)
            return self._buckets, self._tail_steps[tail].copy(), self._tail_values[tail].copy()

    def _relieve(self) -> None:
        """Move rows into the arrays when many wait, unless a reader is at it."""
        if len(self._pending) >= _PENDING_LIMIT and self._lock.acquire(blocking=False):
            try:
                self._drain()
            finally:
                self._lock.release()

    def _drain(self) -> None:
        pending = self._pending
        rows = [pending.popleft() for _ in range(len(pending))]
        if rows:
            values = np.array([row for _, row in rows], np.float32)
            self._store(np.array([step for step, _ in rows]), values.reshape(len(rows), -1))

    def _store(self, steps: Steps, values: Floats) -> None:
        half = self.tail_limit // 2
        for start in range(0, len(steps), half):
            length = min(half, len(steps) - start)
            if self._tail_length + length > self.tail_limit:
                self._fold_oldest(half)
            end = self._tail_length + length
            self._tail_steps[self._tail_length : end] = steps[start : start + length]
            self._tail_values[self._tail_length : end] = values[start : start + length]
            self._tail_length = end
            self.total += length

    def _fold_oldest(self, rows: int) -> None:
        size = min(self.stride, rows)
        folded = Buckets.of_rows(self._tail_steps[:rows], self._tail_values[:rows], size)
        last_is_open = len(self._buckets) > 0 and self._buckets.count[-1] + size <= self.stride
        if size < self.stride and last_is_open:
            grown = self._buckets.part(-1, None).merged_with(folded)
            self._buckets = self._buckets.part(0, -1).joined(grown)
        else:
            self._buckets = self._buckets.joined(folded)
        while len(self._buckets) > self.bucket_limit:
            self._buckets = self._buckets.halved()
            self.stride *= 2
        left = self._tail_length - rows
        self._tail_steps[:left] = self._tail_steps[rows : self._tail_length]
        self._tail_values[:left] = self._tail_values[rows : self._tail_length]
        self._tail_length = left
