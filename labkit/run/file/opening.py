"""Opens the file of a run for reading, also one that may have been made to do harm."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit.run.file.errors import FileError, PassingError, is_busy, is_passing
from labkit.run.file.headers import header_of, note_open
from labkit.run.file.schema import check_header, check_tables

_TIMEOUT_SECONDS = 5.0
"""How long a read waits for a process that is writing, in s."""
_MAX_SECONDS = 120.0
"""Longest time for one read, in s."""
_OPERATIONS = 50_000
"""Number of SQLite's operations between two looks at the clock."""
_MAX_VALUE_BYTES = 256_000_000


class OpenFile:
    """A read-only connection to the file of a run.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileError
        If it is not the file of a run, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._place = path
        """The file that is read: a copy if a transaction had to be undone."""
        self._original = path
        self._stamp = self._present_stamp()
        self._deadline = 0.0
        self._remove_copy: Callable[[], object] = _nothing
        _check_is_regular(path)
        header = header_of(path)
        if header is not None:
            check_header(header, path.name)
        self._note_closed = note_open(self, path)
        with self.reading():
            self.connection = self._connected(path)
            self.connection.execute("BEGIN")  # nothing is written until the end of the transaction
            check_tables(self.connection, path.name)
            self._check_size()
            self.connection.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Limit the time of what is read, and turn errors of SQLite into a `FileError`."""
        self._deadline = time.monotonic() + _MAX_SECONDS
        try:
            yield
        except sqlite3.Error as error:
            reason = "another program keeps it locked" if is_busy(error) else f"{error}"
            kind = PassingError if is_passing(error) else FileError
            raise kind(f"{self._name} cannot be read: {reason}.") from error
        except (UnicodeDecodeError, OverflowError, MemoryError) as error:
            raise FileError(f"{self._name} is damaged: {error}.") from error

    def version(self) -> int:
        """Return a number that changes when another connection has changed the file."""
        with self.reading():
            found: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
            return found

    @property
    def is_replaced(self) -> bool:
        """Whether another file is at the path now, or the original of a copy has changed."""
        found = self._present_stamp()
        return found is not None and found != self._stamp

    def _present_stamp(self) -> tuple[int, ...] | None:
        """Return what tells the file at the path from others; None if there is none."""
        try:
            found = self._original.stat()
        except OSError:
            return None
        identity = (found.st_dev, found.st_ino)
        is_copy = self._place != self._original
        return (*identity, found.st_mtime_ns, found.st_size) if is_copy else identity

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
        self._note_closed()
        self._remove_copy()

    def _check_size(self) -> None:
        pages, size = (
            self.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size")
        )
        there = self._place.stat().st_size
        if there < pages * size:
            raise FileError(
                f"{self._name} is damaged: of {pages * size:,} bytes, {there:,} are there. It may "
                "have been copied incompletely."
            )

    def _connected(self, path: Path) -> sqlite3.Connection:
        try:
            connection = self._configured(path)
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError as error:
            journal = path.with_name(f"{path.name}-journal")
            if is_busy(error) or not journal.exists():
                raise
            # A process was killed while it wrote. What it began is undone in a copy, because a
            # reader leaves the file as it is.
            folder = tempfile.mkdtemp(prefix="labkit-")
            self._remove_copy = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            copy = self._place = Path(folder) / path.name
            self._stamp = self._present_stamp()
            shutil.copyfile(path, copy)
            shutil.copyfile(journal, copy.with_name(journal.name))
            connection = self._configured(copy, mode="rw")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return connection

    def _configured(self, path: Path, mode: str = "ro") -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_progress_handler(self._is_too_late, _OPERATIONS)
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _is_too_late(self) -> bool:
        return time.monotonic() > self._deadline


def _check_is_regular(path: Path) -> None:
    """Raise a `FileError` if a path is that of a folder, a device or a pipe."""
    if path.is_dir():
        raise FileError(
            f"{path} is a folder; lk.load takes one file of a run. "
            "lk.runs(folder) lists those in a folder."
        )
    if path.exists() and not path.is_file():  # reading a pipe could last for ever
        raise FileError(f"{path} is no regular file; lk.load takes one file of a run.")


def _nothing() -> None:
    """Do nothing."""
