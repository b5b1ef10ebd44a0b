"""A thread-safe buffer of appended rows in front of the storage of a table."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from labkit.run.error_text import described
from labkit.run.notices import NoticeLog
from labkit.run.series.journal import Journal
from labkit.run.series.kinds import WHOLE_KINDS
from labkit.run.series.rows import Rows, concatenated
from labkit.run.series.series_columns import Columns
from labkit.run.series.storage import CELLS, Storage, Whole

_MAX_PENDING = 512
_BLOCKING_FACTOR = 4
"""At this multiple of `RowBuffer.max_pending`, a writer waits for the lock."""


class RowBuffer:
    """Collects rows in a deque and moves them into the storage in batches.

    Any thread may append to `pending` without a lock. `flush` moves the pending rows into the
    storage under a lock, in the order in which they were appended.

    Parameters
    ----------
    id, kind : str
        As for `SeriesTable`.
    columns : Columns
    notices : NoticeLog

    Attributes
    ----------
    pending : deque of Rows
        Rows that are not in the storage yet.
    max_pending : int
        Number of pending rows at which a writer must call `flush_unless_busy`.
    refused : int
        Number of rows that were dropped because their steps did not increase.
    journal : Journal or None
        Receives the rows that are moved into the storage.
    """

    def __init__(self, id: str, kind: str, columns: Columns, notices: NoticeLog) -> None:
        self.pending: deque[Rows] = deque()
        self.max_pending = _max_pending(len(columns))
        self.refused = 0
        self.journal: Journal | None = None
        self._id = id
        self._columns = columns
        self._notices = notices
        self._may_replace = kind == "metric"
        self._lock = threading.RLock()
        self._flushing = False
        self._storage = Storage.empty(len(columns), sparse=kind not in WHOLE_KINDS)

    def widen(self, names: Sequence[str]) -> tuple[str, ...]:
        """Append columns for the missing names; return the names for which there is no room."""
        with self._lock:
            rest = self._columns.add(names)
            self.max_pending = _max_pending(len(self._columns))
        return rest

    def restore(self, whole: Whole) -> None:
        """Replace the contents, also the pending rows."""
        with self._lock:
            self.pending.clear()
            self._storage = Storage.of(whole)

    def flush_unless_busy(self) -> None:
        """Move the pending rows into the storage, unless another thread is doing so.

        With four times `max_pending` rows, the call waits for the other thread.
        """
        if len(self.pending) >= _BLOCKING_FACTOR * self.max_pending:
            self.flush()
        elif self._lock.acquire(blocking=False):
            try:
                self.flush()
            finally:
                self._lock.release()

    def flush(self) -> Storage:
        """Move the pending rows into the storage, and return the storage.

        If a finalizer calls this method while the same thread executes it, the storage is returned
        as it is.
        """
        with self._lock:  # also without pending rows: another thread may be storing them
            if not self._flushing:
                self._flush()
        return self._storage

    def _flush(self) -> None:
        before, taken = self._storage, list[Rows]()
        try:
            self._flushing = True
            for _ in range(len(self.pending)):
                taken.append(self.pending.popleft())
            self._store(taken)
        except Exception as error:  # noqa: BLE001 - later rows must still be recorded
            self._notices.add(
                "series",
                f"Some rows of {self._id} could not be recorded. ({described(error)})",
            )
        except BaseException:  # an interrupt
            if self._storage is before:
                self.pending.extendleft(reversed(taken))
            raise
        finally:
            self._flushing = False

    def _store(self, rows: list[Rows]) -> None:
        storage = self._storage
        if storage.columns < len(self._columns):
            storage = storage.widened(len(self._columns))
        refused = 0
        if rows:
            steps, values = concatenated(rows, storage.columns)
            extended = storage.extended(steps, values, may_replace=self._may_replace)
            storage, refused = extended.storage, extended.refused
            if self.journal is not None and len(extended.steps):
                self.journal.add_rows(self._id, extended.steps, extended.values)
        self._storage = storage
        if refused:
            self.refused += refused
            self._notices.add(
                "series",
                f"Rows of {self._id} that came after rows of later steps are not recorded: the "
                "steps of a series only rise.",
            )


def _max_pending(columns: int) -> int:
    """Return the maximum number of pending rows, which bounds their memory to a quarter tail."""
    return max(1, min(_MAX_PENDING, CELLS // 4 // max(1, columns)))
