"""The headers of files, and which files this process has open with SQLite.

When a process closes any handle of a file, POSIX drops all locks that the process has on it. So the
header of a file that SQLite has open here is not read: another process could write to the file in
the middle of a transaction. Such a file was checked when it was opened.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path

HEADER_BYTES = 100

_open: Counter[tuple[int, int]] = Counter()
_lock = threading.RLock()  # a finalizer may run on a thread that has it


def header_of(path: Path) -> bytes | None:
    """Return the first 100 bytes of a file; None if this process has it open with SQLite."""
    found = path.stat()
    if _open[found.st_dev, found.st_ino]:
        return None
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def note_open(owner: object, path: Path) -> Callable[[], object]:
    """Note that an object is about to open a file with SQLite.

    Returns
    -------
    callable
        To be called when it has closed the file; is called when the object is freed.
    """
    found = path.stat()
    identity = (found.st_dev, found.st_ino)
    with _lock:
        _open[identity] += 1
    closed = weakref.finalize(owner, _note_closed, identity)
    closed.atexit = False
    return closed


def _note_closed(identity: tuple[int, int]) -> None:
    with _lock:
        _open[identity] -= 1
        if not _open[identity]:
            del _open[identity]
