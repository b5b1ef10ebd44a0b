"""Turns of several kernels that change the same file.

The folder of the file is locked, so that no further file is left beside the notebooks. Where a
folder cannot be locked (Windows, some network drives), kernels do not wait for each other, and the
later of two writes at the same moment counts.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PATIENCE = 5.0
"""Seconds after which a kernel goes on without the lock, as another one may have been stopped."""
_PAUSE = 0.01


@contextmanager
def folder_locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, if it can be had.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, folder_locked(Path(folder)):
    ...     pass
    """
    handle = _opened(folder)
    try:
        if handle is not None:
            _wait_for(handle)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _opened(folder: Path) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:
        return None


def _wait_for(handle: int) -> None:
    if sys.platform == "win32":
        return
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:
            return
        else:
            return
