"""An open file of a run that is written."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from labkit.run.file import schema
from labkit.run.file.facts import FileEnd, run_facts, writer_facts
from labkit.run.file.headers import note_open
from labkit.run.file.log_writer import LogWriter
from labkit.run.file.row_writer import RowWriter
from labkit.run.file.saved_run import SavedRun
from labkit.run.series.journal import Taken
from labkit.run.series.results import ResultsReader
from labkit.run.series.series_table import SeriesTable

_TIMEOUT_SECONDS = 2.0
"""How long a write waits for readers that hold the file, in s."""
_PRUNE_EVERY = 500
"""Number of added items after which those that the run has discarded are removed."""


class Contents:
    """Writes what a run has recorded to its file, in transactions.

    A transaction that fails leaves the file as it was.

    Parameters
    ----------
    path : Path
    run : SavedRun

    Attributes
    ----------
    end : "process", "copy" or None
        What ends the file before the run has ended: the process, or that it is a copy.
    is_new : bool
        Whether the file had no tables before.
    """

    def __init__(self, path: Path, run: SavedRun) -> None:
        self._note_closed = note_open(self, path)
        self._connection = _connect(path)
        self._run = run
        self._generation = time.time_ns()
        self._added_items = 0
        self.end: FileEnd | None = None
        self.is_new = False
        self._results = ResultsReader()
        self._start()

    @classmethod
    def created(cls, path: Path, run: SavedRun) -> Self:
        """Return the contents of a new file; an empty one may exist."""
        contents = cls(path, run)
        contents._create_tables()
        return contents

    @classmethod
    def opened(cls, path: Path, run: SavedRun) -> Self:
        """Return the contents of a file that was created before."""
        contents = cls(path, run)
        if not contents._connection.execute("PRAGMA application_id").fetchone()[0]:
            contents._create_tables()
        return contents

    @property
    def size(self) -> int:
        """Size of what is in use in the file, in bytes."""
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def write(self, taken: Taken) -> None:
        """Write what is new, in one transaction."""
        with self._transaction():
            self._rows.write(self._tables(), taken.rows)
            self._added_items += sum(map(len, taken.keys.values()))
            if self._added_items > _PRUNE_EVERY:
                self._logs.write_all_items()
                self._added_items = 0
            else:
                self._logs.write_items(taken.keys)
            self._logs.write_changes()
            self._logs.write_facts(self._facts())

    def write_all(self) -> None:
        """Replace everything by what the run has in memory, in one transaction."""
        self._generation = time.time_ns()
        self._start()
        with self._transaction():
            for table in ("facts", "graphs", "findings", "events", "parameters"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from above
            for series in self._tables().values():
                self._rows.write_whole(series)
            self._logs.write_all_items()
            self._logs.write_changes()
            self._logs.write_facts(self._facts())
        self.is_new = False

    def close(self) -> None:
        """Close the file; it must not be used afterwards."""
        self._connection.close()
        self._note_closed()

    def _create_tables(self) -> None:
        schema.create(self._connection)
        self.is_new = True

    def _tables(self) -> dict[str, SeriesTable]:
        return {**self._run.tables, **self._run.shards.tables}

    def _start(self) -> None:
        """Write the names and facts again with the next transaction."""
        self._rows = RowWriter(self._connection)
        self._logs = LogWriter(self._connection, self._run)

    def _facts(self) -> Mapping[str, object]:
        tables = self._run.tables
        return {
            **run_facts(self._run, self.end),
            "results": self._results.results(tables),
            "outline": self._results.outline(tables),
            "writer": {**writer_facts(), "generation": self._generation},
        }

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._start()
            raise


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
    )
    # A journal file beside the database works on shared folders, where shared memory does not.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
