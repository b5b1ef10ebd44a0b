"""Errors about files of runs, and sentences about what went wrong with one."""

from __future__ import annotations

import errno
import sqlite3
import warnings
from contextlib import suppress
from pathlib import Path

from labkit.run.error_text import described
from labkit.run.printable import printable

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
_UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    }
)
_FOREIGN = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


class FileError(ValueError):
    """Raised if a file of a run cannot be read; the message says why, and what to do."""


class DamagedError(FileError):
    """Raised while the contents of a file are read that labkit would not have written."""


def is_busy(error: Exception) -> bool:
    """Return whether another program has locked the file for the moment."""
    return _code(error) in _BUSY


def write_problem(error: Exception, path: Path) -> str:
    """Return why a file cannot be written, as a sentence without its full stop."""
    code, number = _code(error), getattr(error, "errno", None)
    if isinstance(error, FileNotFoundError):
        return f"{path} was deleted or moved"
    if number == errno.ENOSPC or code in _FULL:
        return f"The disk of {path} is full"
    if code in _BUSY:
        return f"Another program keeps {path} locked"
    if code in _UNWRITABLE or number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"{path} cannot be written: it, or its folder, is read-only or gone"
    if code in _FOREIGN:
        return f"Another program has overwritten {path}"
    return f"{path} cannot be written ({described(error)})"


def warn(text: str) -> None:
    """Warn the user; without effect where warnings are errors, which must not end the training."""
    with suppress(RuntimeWarning):
        warnings.warn(f"labkit: {printable(text)}", RuntimeWarning, stacklevel=3)


def _code(error: Exception) -> int | None:
    """Return the primary or extended error code of SQLite; None for other errors."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return None
    return code if code in _FULL else code & 0xFF
