"""Tables of series of bounded size that preserve extreme values.

A `SeriesTable` has columns that are sampled together, for example the gradient norms of all
parameters, and rows with increasing steps. The newest rows (the tail) are stored unchanged. Older
rows are grouped into buckets, which store the minimum and maximum of each column with their steps.
When there are too many buckets, adjacent ones are merged. The memory of a table is therefore
bounded, and a single outlier among a million steps is preserved at its step.

The frontend implements the same structure in TypeScript (`frontend/src/history`), so that zooming
does not need the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.run.notices import NoticeLog
from labkit.run.series.buckets import Buckets, Floats, Steps
from labkit.run.series.journal import Journal
from labkit.run.series.kinds import WHOLE_KINDS
from labkit.run.series.row_buffer import RowBuffer
from labkit.run.series.rows import row_of, steps_of, table_of
from labkit.run.series.series_columns import MAX_COLUMNS, Columns
from labkit.run.series.storage import NewestRows, Whole

__all__ = ["MAX_COLUMNS", "Buckets", "Floats", "NewestRows", "SeriesTable", "Steps", "Whole"]


class SeriesTable:
    """A table of series that are sampled together, of bounded size.

    Parameters
    ----------
    id : str
        Unique in the run, for example ``"grad_norm"`` or ``"metric/accuracy"``.
    kind : str
        ``"loss"``, ``"lr"``, ``"metric"`` or one of `labkit.run.series.kinds.SAMPLED_KINDS` or
        ``SHARD_KINDS``, in which NaN means "not read".
    names : sequence of str
        One name per column.
    notices : NoticeLog, optional
        Receives a notice when rows or values are not recorded.

    Notes
    -----
    The methods are safe on any thread. Appended rows are collected in a deque. A reading method, or
    a full deque, moves them into the arrays under a lock, in the order in which they were appended.
    The arrays are then read without the lock, because stored rows do not change. A finalizer that
    interrupts the move on the same thread reads the rows that were stored before.

    Examples
    --------
    >>> table = SeriesTable("loss", "loss", ["loss"])
    >>> for step in range(3):
    ...     table.append(step, 1.0 / (step + 1))
    >>> steps, values = table.points(0)
    >>> steps.tolist(), values.round(2).tolist()
    ([0, 1, 2], [1.0, 0.5, 0.33000001311302185])
    """

    def __init__(
        self, id: str, kind: str, names: Sequence[str], notices: NoticeLog | None = None
    ) -> None:
        self.id = id
        self.kind = kind
        notices = NoticeLog() if notices is None else notices
        self._sparse = kind not in WHOLE_KINDS
        self._columns = Columns(id, names, notices)
        self._buffer = RowBuffer(id, kind, self._columns, notices)
        self._pending = self._buffer.pending
        self._has_points = np.zeros(len(self._columns), bool)
        """Columns known to have points; a column that has points keeps them."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each column."""
        return self._columns.names

    @property
    def refused(self) -> int:
        """Number of rows that were not recorded because their steps did not increase."""
        return self._buffer.refused

    def write_to(self, journal: Journal) -> None:
        """Add all rows that are stored from now on to a journal."""
        self._buffer.journal = journal

    # ── writing ──────────────────────────────────────────────────────────────

    def append(self, step: int, row: float | Sequence[float] | Floats) -> None:
        """Append the values of all columns at one step.

        Parameters
        ----------
        step : int
            Must be greater than all previous steps; otherwise the row is dropped and counted in
            `refused`. A row of kind ``"metric"`` may repeat the newest step and then replaces the
            newest row.
        row : float or sequence of float, shape (n_columns,)
            The values are copied. If the row is shorter, the remaining columns are NaN; if it is
            longer, the excess values are dropped, with a notice.
        """
        if isinstance(row, (int, float)):
            self._pending.append((int(step), float(row)))
        else:
            self._pending.append((int(step), self._columns.truncated(row_of(row))))
        if len(self._pending) >= self._buffer.max_pending:
            self._buffer.flush_unless_busy()

    def append_columns(
        self, step: int, names: Sequence[str], values: Sequence[float] | Floats
    ) -> None:
        """Append a row with values for some columns and NaN in the others.

        Parameters
        ----------
        step : int
            As for `append`.
        names : sequence of str
            Column names; values of unknown names are dropped, with a notice.
        values : sequence of float, shape (n_names,)

        Raises
        ------
        ValueError
            If `names` and `values` have different lengths.
        """
        names, row = tuple(names), row_of(values)
        if len(row) != len(names):
            raise ValueError(
                f"SeriesTable.append_columns takes one value for each name; there are "
                f"{len(names)} names and {len(row)} values."
            )
        self._pending.append((int(step), self._columns.row_of(names, row)))
        if len(self._pending) >= self._buffer.max_pending:
            self._buffer.flush_unless_busy()

    def extend(self, steps: Sequence[int] | Steps, rows: ArrayLike | Sequence[ArrayLike]) -> None:
        """Append many rows.

        Parameters
        ----------
        steps : sequence of int, shape (n_rows,)
            As for `append`.
        rows : sequence of float, or sequence of rows as for `append`, length n_rows
            The rows may have different lengths.

        Raises
        ------
        ValueError
            If `steps` and `rows` have different lengths.
        """
        new_steps = steps_of(steps)
        values = self._columns.truncated(table_of(rows))
        if len(new_steps) != len(values):
            raise ValueError(
                f"SeriesTable.extend takes one row for each step; there are {len(new_steps)} steps "
                f"and {len(values)} rows."
            )
        self._pending.append((new_steps, values))
        self._buffer.flush()

    def widen(self, names: Sequence[str]) -> tuple[str, ...]:
        """Append columns for the names that the table does not have; older rows are NaN there.

        Returns
        -------
        tuple of str
            The names without a column, because the table has `MAX_COLUMNS` columns already.
        """
        index = self._columns.index
        return () if all(name in index for name in names) else self._buffer.widen(names)

    def restore(self, whole: Whole) -> None:
        """Replace the contents of the table by those that `whole` returned of an equal table."""
        self._buffer.restore(whole)
        self._has_points = np.zeros(len(self._columns), bool)

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def total(self) -> int:
        """Number of rows written so far."""
        return self._buffer.flush().total

    @property
    def newest_step(self) -> int:
        """The step of the newest row; the smallest int64 if there is none."""
        return self._buffer.flush().newest_step

    def points(self, column: int) -> tuple[Steps, Floats]:
        """Return the recorded points of a column: extremes of the buckets, then the newest rows.

        Parameters
        ----------
        column : int
            From 0 to ``len(names) - 1``.

        Returns
        -------
        steps : ndarray, shape (n_points,), dtype int64
            Strictly increasing.
        values : ndarray, shape (n_points,), dtype float32
            Each value was recorded at its step. In sampled kinds, NaN ("not read") is excluded.
        """
        storage = self._buffer.flush()
        if column >= storage.columns:  # added by code that this call interrupts
            return np.empty(0, np.int64), np.empty(0, np.float32)
        older_steps, older_values = storage.buckets.points(column)
        steps = np.concatenate([older_steps, storage.steps[: storage.length]])
        values = np.concatenate([older_values, storage.values[: storage.length, column]])
        if self._sparse:
            known = ~np.isnan(values)
            steps, values = steps[known], values[known]
        return steps, values

    def has_points(self) -> NDArray[np.bool_]:
        """Return whether each column has a point, shape (n_columns,), dtype bool."""
        storage = self._buffer.flush()
        found = np.zeros(len(self.names), bool)
        found[: len(self._has_points)] = self._has_points
        if not self._sparse:
            found[: storage.columns] = storage.total > 0
        else:
            empty = np.flatnonzero(~found[: storage.columns])
            tail, older = storage.values[: storage.length], storage.buckets.low
            found[empty] = ~(
                np.isnan(tail[:, empty]).all(axis=0) & np.isnan(older[:, empty]).all(axis=0)
            )
        self._has_points = found
        return found

    def rows_since(self, total: int) -> NewestRows | None:
        """Return the rows that were written after the first `total` rows.

        Parameters
        ----------
        total : int
            The `total` of the previous read; 0 for all rows.

        Returns
        -------
        NewestRows or None
            Rows and their new total, from one moment: passing it to the next call returns every row
            exactly once, except that the newest row of a metric is returned again if it was
            replaced. None if some of the rows are already in buckets.
        """
        storage = self._buffer.flush()
        first = storage.first_unsent(total)
        if first is None:
            return None
        rows = slice(first, storage.length)
        steps, values = storage.steps[rows].copy(), storage.values[rows].copy()
        return NewestRows(storage.total, steps, values)

    @property
    def content_bytes(self) -> int:
        """Approximate size of the contents and the names of the columns, in bytes."""
        storage = self._buffer.flush()
        return storage.content_bytes + sum(len(name) + 4 for name in self.names)

    def whole(self) -> Whole:
        """Return a consistent copy of the contents of the table."""
        storage = self._buffer.flush()
        return storage.whole(self.names[: storage.columns])
