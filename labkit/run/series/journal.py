"""What was added to a run since it was last saved, for the thread that writes the run's file."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple

from labkit.run.series.buckets import Floats, Steps

LogName = Literal["histograms", "activations", "samples"]
_MAX_BYTES = 32_000_000
"""Maximum size of the rows that wait to be taken."""
_MAX_KEYS = 20_000
"""Maximum number of keys of each log that wait to be taken."""


class NewRows(NamedTuple):
    """Rows that a table has stored.

    Attributes
    ----------
    table : str
        Id of the table.
    steps : ndarray, shape (n_rows,), dtype int64
        Increasing. In a table of a metric, the first row may replace the newest earlier row.
    values : ndarray, shape (n_rows, n_columns), dtype float32
    """

    table: str
    steps: Steps
    values: Floats


class LogKey(NamedTuple):
    """Where an item of a log is found again.

    Attributes
    ----------
    subject : tuple of str
        The name, or module and kind.
    step : int
    """

    subject: tuple[str, ...]
    step: int


class Taken(NamedTuple):
    """The contents of a journal, which is empty afterwards.

    Attributes
    ----------
    rows : list of NewRows
        In the order in which each table has stored them.
    keys : dict of str to list of LogKey
        What was added to each log; the log may have discarded it since.
    is_complete : bool
        Whether nothing is missing because too much had been waiting.
    """

    rows: list[NewRows]
    keys: dict[LogName, list[LogKey]]
    is_complete: bool


class Journal:
    """Collects what is added to the tables and logs of a run until it is taken.

    The methods are safe on any thread. Beyond 32 MB of rows, or 20,000 keys of a log, nothing is
    collected until `take` is called, whose result says so.

    Examples
    --------
    >>> import numpy as np
    >>> journal = Journal()
    >>> journal.add_rows("loss", np.array([1]), np.array([[0.5]], np.float32))
    >>> journal.add_key("samples", ("prompt",), 1)
    >>> taken = journal.take()
    >>> [rows.table for rows in taken.rows], taken.keys["samples"], taken.is_complete
    (['loss'], [LogKey(subject=('prompt',), step=1)], True)
    >>> journal.take().rows
    []
    """

    def __init__(self) -> None:
        # A finalizer may end the run on a thread that holds the lock.
        self._lock = threading.RLock()
        self._clear()

    def add_rows(self, table: str, steps: Steps, values: Floats) -> None:
        """Add rows that a table has stored; see `NewRows`."""
        with self._lock:
            if self._bytes > _MAX_BYTES:
                self._is_complete = False
                return
            self._rows.append(NewRows(table, steps, values))
            self._bytes += steps.nbytes + values.nbytes

    def add_key(self, log: LogName, subject: tuple[str, ...], step: int) -> None:
        """Add the key of an item that a log has stored."""
        with self._lock:
            keys = self._keys.setdefault(log, {})
            if len(keys) < _MAX_KEYS:
                keys[LogKey(subject, step)] = None
            else:
                self._is_complete = False

    def take(self) -> Taken:
        """Return what was added since the last call."""
        with self._lock:
            taken = Taken(
                self._rows, {log: [*keys] for log, keys in self._keys.items()}, self._is_complete
            )
            self._clear()
        return taken

    def put_back(self, taken: Taken) -> None:
        """Return what was taken and could not be used; the next `take` returns it first."""
        with self._lock:
            later = self.take()
            self._is_complete = later.is_complete and taken.is_complete
            for each in (*taken.rows, *later.rows):
                self.add_rows(*each)
            for log, keys in (*taken.keys.items(), *later.keys.items()):
                for key in keys:
                    self.add_key(log, *key)

    def _clear(self) -> None:
        self._rows: list[NewRows] = []
        self._keys: dict[LogName, dict[LogKey, None]] = {}
        self._bytes = 0
        self._is_complete = True
