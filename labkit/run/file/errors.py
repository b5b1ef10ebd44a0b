"""Errors about files of runs, and sentences about what went wrong with one."""

from __future__ import annotations

import errno
import os
import sqlite3
import warnings
from contextlib import suppress
from pathlib import Path

from labkit.run.error_text import described
from labkit.run.printable import printable

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
_FOREIGN = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_PASSING = _BUSY | {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}

_IS_FULL = "The disk of {} is full"
_IS_LOCKED = "Another program keeps {} locked"
_IS_READ_ONLY = "{} cannot be written: it, or its folder, is read-only"
_IS_GONE = "{} was deleted or moved, or its folder cannot be created"
_IS_IN_A_FILE = "{} cannot be written: what should be its folder is a file"
_IS_OVERWRITTEN = "Another program has overwritten {}"
_TOO_MANY_FILES = "{} cannot be written: the process has too many open files"

_PROBLEMS_BY_CODE = {
    **dict.fromkeys(_FULL, _IS_FULL),
    **dict.fromkeys(_BUSY, _IS_LOCKED),
    **dict.fromkeys(_FOREIGN, _IS_OVERWRITTEN),
    sqlite3.SQLITE_READONLY: _IS_READ_ONLY,
    sqlite3.SQLITE_PERM: _IS_READ_ONLY,
    sqlite3.SQLITE_AUTH: _IS_READ_ONLY,
}
_PROBLEMS_BY_NUMBER = {
    errno.ENOENT: _IS_GONE,
    errno.ENOSPC: _IS_FULL,
    errno.EDQUOT: _IS_FULL,
    errno.EACCES: _IS_READ_ONLY,
    errno.EPERM: _IS_READ_ONLY,
    errno.EROFS: _IS_READ_ONLY,
    errno.ENOTDIR: _IS_IN_A_FILE,
    errno.EEXIST: _IS_IN_A_FILE,
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENFILE: _TOO_MANY_FILES,
}


class FileError(ValueError):
    """Raised if a file of a run cannot be read; the message says why, and what to do."""


class DamagedError(FileError):
    """Raised while the contents of a file are read that labkit would not have written."""


class PassingError(FileError):
    """Raised if a file cannot be read for the moment, for example as it is locked."""


def is_busy(error: Exception) -> bool:
    """Return whether another program has locked the file for the moment."""
    return _code(error) in _BUSY


def is_passing(error: Exception) -> bool:
    """Return whether the file may be readable again in a moment."""
    return _code(error) in _PASSING


def is_overwritten(error: Exception) -> bool:
    """Return whether another program has overwritten the file."""
    return _code(error) in _FOREIGN


def write_problem(error: Exception, path: Path) -> str:
    """Return why a file cannot be written, as a sentence without its full stop.

    Examples
    --------
    >>> write_problem(FileNotFoundError(), Path("mlp.lab"))
    'mlp.lab was deleted or moved, or its folder cannot be created'
    """
    code = _code(error)
    if code == sqlite3.SQLITE_CANTOPEN:
        return _opening_problem(path)
    if code is not None:
        text = _PROBLEMS_BY_CODE.get(code)
        is_emptied = text is None and "no such table" in str(error)
        text = _IS_OVERWRITTEN if is_emptied else text
    elif isinstance(error, FileNotFoundError):
        text = _IS_GONE
    else:
        text = _PROBLEMS_BY_NUMBER.get(getattr(error, "errno", None) or 0)
    return text.format(path) if text else f"{path} cannot be written ({described(error)})"


def _opening_problem(path: Path) -> str:
    """Return why SQLite could not open a file, or the journal beside it, which it does not say."""
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError as error:
        return write_problem(error, path)
    return f"{path} cannot be written: its folder is read-only or gone"


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
