"""Series of bounded size that lose no spike.

A `SeriesTable` has columns that are sampled together, for example the gradient norms of all
parameters, and rows whose steps rise. The newest rows are held as they came (the tail); older rows
are folded into buckets that hold the smallest and the largest value of each column with their
steps; when there are too many buckets, neighbours are merged. Whatever the length of a run, its
memory is fixed, and one odd value in a million steps is still there, at its step.

The browser holds the same structure in TypeScript (`frontend/src/history`), so that zooming
needs no kernel.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.run.buckets import Buckets, Floats, Steps
from labkit.run.error_text import described
from labkit.run.kinds import WHOLE_KINDS
from labkit.run.notices import NoticeLog
from labkit.run.rows import Rows, joined, row_of, steps_of, table_of
from labkit.run.storage import CELLS, NewestRows, Storage, Whole

__all__ = ["Buckets", "Floats", "NewestRows", "SeriesTable", "Steps", "Whole"]

MOST_COLUMNS = 4096
"""A table is widened up to so many columns; one that was made wider stays as wide as it is."""
_MOST_PENDING = 512
_UNTIL_WAIT = 4
"""Times the rows that may wait, after which a writer waits for another one to store its rows."""


class _Chosen(NamedTuple):
    """Some columns of a table: where they are, and which of the names it has."""

    names: tuple[str, ...]
    of: dict[str, int]
    places: NDArray[np.intp]
    known: NDArray[np.bool_]
    are_first: bool
    """Whether they are the table's first columns, in order."""


class SeriesTable:
    """A table of numbers that are sampled together, of bounded size.

    Parameters
    ----------
    id : str
        Unique in the run, for example ``"grad_norm"`` or ``"metric/accuracy"``.
    kind : str
        ``"loss"``, ``"lr"``, ``"metric"`` or one of `labkit.run.kinds.SAMPLED_KINDS`. In a sampled
        kind, NaN stands for "not read".
    names : sequence of str
        One name per column.
    notices : NoticeLog, optional
        Where it is noted that rows or values could not be written.

    Notes
    -----
    Any thread may write and read. Rows are handed over through a deque; whoever reads (or a full
    deque) moves them into the arrays under a lock, in the order in which they came. Reading then
    goes on without the lock, as what was stored is not changed. A finalizer that runs in the
    middle of that on the same thread reads what was stored before.

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
        self.names = tuple(names)
        self.refused = 0
        """Rows that were not written, as their steps did not rise."""
        self._notices = NoticeLog() if notices is None else notices
        self._sparse = kind not in WHOLE_KINDS
        self._most_columns = max(MOST_COLUMNS, len(self.names))
        self._places = {name: place for place, name in enumerate(self.names)}
        self._chosen = _Chosen((), self._places, np.empty(0, np.intp), np.empty(0, bool), True)  # noqa: FBT003
        self._pending: deque[Rows] = deque()
        self._most_pending = _most_pending(len(self.names))
        self._lock = threading.RLock()
        self._storing = False
        self._stored = Storage.empty(len(self.names), sparse=self._sparse)
        self._filled = np.zeros(len(self.names), bool)
        """Which columns were seen to have points; they are not looked through again."""

    # ── writing ──────────────────────────────────────────────────────────────

    def append(self, step: int, row: float | Sequence[float] | Floats) -> None:
        """Add the values of all columns at one step.

        Parameters
        ----------
        step : int
            Greater than the step before. A row that goes back, or (but for a metric, where the
            last one counts) repeats a step, is not written; `refused` counts them.
        row : float or sequence of float, shape (n_columns,)
            Copied. A shorter row, as from before a widening, has NaN in the columns it lacks; of
            a longer one the columns that the table has are written, with a notice.
        """
        if isinstance(row, (int, float)):
            self._pending.append((int(step), float(row)))
        else:
            self._pending.append((int(step), self._fitted(row_of(row))))
        self._relieve()

    def append_columns(
        self, step: int, names: Sequence[str], values: Sequence[float] | Floats
    ) -> None:
        """Add a row that holds values for some columns, and NaN in the others.

        Parameters
        ----------
        step : int
            As of `append`.
        names : sequence of str
            Columns of the table; values of others are left out, with a notice.
        values : sequence of float, shape (n_names,)

        Raises
        ------
        ValueError
            If there are not as many values as names.
        """
        chosen, row = self._choose(tuple(names)), row_of(values)
        if len(row) != len(chosen.names):
            raise ValueError(
                f"SeriesTable.append_columns takes one value for each name; there are "
                f"{len(chosen.names)} names and {len(row)} values."
            )
        if not chosen.are_first:
            given, row = row, np.full(len(self.names), np.nan, np.float32)
            row[chosen.places] = given[chosen.known]
        self._pending.append((int(step), row))
        self._relieve()

    def extend(self, steps: Sequence[int] | Steps, rows: ArrayLike | Sequence[ArrayLike]) -> None:
        """Add many rows at once.

        Parameters
        ----------
        steps : sequence of int, shape (n_rows,)
            As of `append`.
        rows : sequence of float, or of rows as `append` takes them
            One for each step; they may differ in length.

        Raises
        ------
        ValueError
            If there are not as many rows as steps.
        """
        taken = steps_of(steps)
        values = self._fitted(table_of(rows))
        if len(taken) != len(values):
            raise ValueError(
                f"SeriesTable.extend takes one row for each step; there are {len(taken)} steps and "
                f"{len(values)} rows."
            )
        self._pending.append((taken, values))
        self._store_pending()

    def widen(self, names: Sequence[str]) -> tuple[str, ...]:
        """Append columns for the names that the table lacks; older rows hold NaN there.

        Returns
        -------
        tuple of str
            The names that got no column, as the table is as wide as it may be.
        """
        if all(name in self._places for name in names):
            return ()
        with self._lock:
            missing = [name for name in dict.fromkeys(names) if name not in self._places]
            room = max(0, self._most_columns - len(self.names))
            added = missing[:room]
            places = enumerate(added, start=len(self.names))
            self.names = (*self.names, *added)
            self._most_pending = _most_pending(len(self.names))
            self._places = {**self._places, **{name: place for place, name in places}}
        return tuple(missing[room:])

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def total(self) -> int:
        """Rows written so far, those still under way included."""
        self._store_pending()
        return self._stored.total

    def points(self, column: int) -> tuple[Steps, Floats]:
        """Return a column's recorded points in the order of their steps.

        Returns
        -------
        steps : ndarray, shape (n_points,), dtype int64
            Each step once.
        values : ndarray, shape (n_points,), dtype float32
            Every value was recorded at its step: extremes of folded buckets, then the newest rows
            whole. In sampled kinds NaN, which stands for "not read", is left out.
        """
        self._store_pending()
        stored = self._stored
        if column >= stored.columns:  # added a moment ago, by whom this interrupts
            return np.empty(0, np.int64), np.empty(0, np.float32)
        folded_steps, folded_values = stored.buckets.points(column)
        steps = np.concatenate([folded_steps, stored.steps[: stored.length]])
        values = np.concatenate([folded_values, stored.values[: stored.length, column]])
        if self._sparse:
            known = ~np.isnan(values)
            steps, values = steps[known], values[known]
        return steps, values

    def has_points(self) -> NDArray[np.bool_]:
        """Return of each column whether it has points, shape (n_columns,)."""
        self._store_pending()
        stored = self._stored
        found = np.zeros(len(self.names), bool)
        found[: len(self._filled)] = self._filled
        if not self._sparse:
            found[: stored.columns] = stored.total > 0
        else:
            empty = np.flatnonzero(~found[: stored.columns])
            tail, folded = stored.values[: stored.length], stored.buckets.low
            found[empty] = ~(
                np.isnan(tail[:, empty]).all(axis=0) & np.isnan(folded[:, empty]).all(axis=0)
            )
        self._filled = found
        return found

    def rows_since(self, total: int) -> NewestRows | None:
        """Return the rows that came after the first `total`, with the count they bring it to.

        Returns
        -------
        NewestRows or None
            ``(total, steps, values)``: the total is to be given the next time, so that no row is
            missed and none comes twice (but that of a metric's newest step, if it was logged
            again). None when some of the rows are folded already.
        """
        self._store_pending()
        stored = self._stored
        first = stored.first_unsent(total)
        if first is None:
            return None
        rows = slice(first, stored.length)
        steps, values = stored.steps[rows].copy(), stored.values[rows].copy()
        return NewestRows(stored.total, steps, values)

    def whole(self) -> Whole:
        """Return all that the table holds."""
        self._store_pending()
        stored = self._stored
        return stored.whole(self.names[: stored.columns])

    # ── storing ──────────────────────────────────────────────────────────────

    def _fitted(self, values: Floats) -> Floats:
        """Return rows, shape (..., n), without what is beyond the last column."""
        width = len(self.names)
        if values.shape[-1] <= width:
            return values
        self._notices.add(
            "series",
            f"Rows of {self.id} held more values than the series has columns ({width}); what was "
            "beyond them is not recorded.",
        )
        return values[..., :width]

    def _choose(self, names: tuple[str, ...]) -> _Chosen:
        """Return where the columns of these names are; the same columns are looked up once."""
        chosen, places = self._chosen, self._places
        if chosen.of is places and chosen.names == names:
            return chosen
        known = np.array([name in places for name in names], bool)
        found = np.array([places[name] for name in names if name in places], np.intp)
        are_first = bool(known.all()) and found.tolist() == list(range(len(found)))
        self._chosen = chosen = _Chosen(names, places, found, known, are_first)
        if not known.all() and len(self.names) < self._most_columns:
            self._notices.add(
                "series",
                f"Values were read for {self.id} that it has no columns for; they are not "
                "recorded.",
            )
        return chosen

    def _relieve(self) -> None:
        """Store rows when many wait, unless another thread is about it."""
        waiting = len(self._pending)
        if waiting < self._most_pending:
            return
        if waiting >= _UNTIL_WAIT * self._most_pending:
            self._store_pending()
        elif self._lock.acquire(blocking=False):
            try:
                self._store_pending()
            finally:
                self._lock.release()

    def _store_pending(self) -> None:
        with self._lock:  # also when nothing waits: another thread may be about to store it
            if self._storing:  # by this thread, which a finalizer has interrupted
                return
            before, taken = self._stored, list[Rows]()
            try:
                self._storing = True
                for _ in range(len(self._pending)):
                    taken.append(self._pending.popleft())
                self._store(taken)
            except Exception as error:  # noqa: BLE001 - these rows must not stop those to come
                self._notices.add(
                    "series",
                    f"Some rows of {self.id} could not be recorded. ({described(error)})",
                )
            except BaseException:  # an interrupt
                if self._stored is before:
                    self._pending.extendleft(reversed(taken))
                raise
            finally:
                self._storing = False

    def _store(self, pending: list[Rows]) -> None:
        stored = self._stored
        if stored.columns < len(self.names):
            stored = stored.widened(len(self.names))
        refused = 0
        if pending:
            may_replace = self.kind == "metric"
            steps, values = joined(pending, stored.columns)
            stored, refused = stored.extended(steps, values, may_replace=may_replace)
        self._stored = stored
        if refused:
            self.refused += refused
            self._notices.add(
                "series",
                f"Rows of {self.id} that came after rows of later steps are not recorded: the "
                "steps of a series only rise.",
            )


def _most_pending(columns: int) -> int:
    """Return how many rows may wait, so that they take a part of the table's memory only."""
    return max(1, min(_MOST_PENDING, CELLS // 4 // max(1, columns)))
