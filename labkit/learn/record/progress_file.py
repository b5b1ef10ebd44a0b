"""The progress file of a folder, and the changes that could not be written to it yet.

Every change is written at once: to a temporary file that then replaces the old one, so the file is
complete even if the kernel is killed. Kernels that change the file at the same time take turns, and
each changes only its own entries. A file that cannot be understood is renamed; one that cannot be
read is left alone. Changes that cannot be written stay in memory and are tried again.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labkit.learn.record.contents import LARGEST, Entry, branch, found, parsed, written
from labkit.learn.record.lock import folder_locked

FILE_NAME = ".labkit-progress.json"
Place = tuple[str, str, str]
"""Chapter, section and name of an entry."""

_turn = threading.RLock()
"""Held while a thread of this kernel reads or changes a file.

A page locks in a prediction on a thread of its own while a cell is running.
"""
_files: dict[Path, ProgressFile] = {}


def progress_file(folder: str | os.PathLike[str]) -> ProgressFile:
    """Return the file of a folder, the same one for all chapters of this kernel.

    Examples
    --------
    >>> progress_file(".") is progress_file(os.getcwd())
    True
    """
    # Behind a link is the file that is to be replaced, not the link.
    path = Path(os.path.realpath(Path(folder) / FILE_NAME))
    with _turn:
        return _files.setdefault(path, ProgressFile(path))


class ProgressFile:
    """A progress file.

    Parameters
    ----------
    path : Path
        Absolute.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = progress_file(folder)
    ...     _ = file.update(("01_tensors", "predictions", "stride"), lambda _: {"value": [1, 4]})
    ...     file.entries("01_tensors", "predictions")
    {'stride': {'value': [1, 4]}}
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data: dict[str, Any] = {}
        self._unwritten: dict[Place, Entry | None] = {}
        self._stamp: tuple[int, ...] | None = None
        self._is_readable = True
        self._reported = False

    def entries(self, chapter: str, section: str) -> dict[str, Any]:
        """Return the entries of a section as they are now."""
        with _turn:
            self._read()
            return found(self._data, "chapters", chapter, section)

    def text(self) -> str:
        """Return all contents as text; empty if there are none."""
        with _turn:
            self._read()
            return written(self._data) if self._data else ""

    def update(self, place: Place, change: Callable[[Entry], Entry]) -> Entry:
        """Replace an entry by what `change` makes of it, write the file, and return it."""
        with _turn, folder_locked(self.path.parent):
            self._read()
            entry = change(found(self._data, "chapters", *place))
            self._put({place: entry})
        return entry

    def change(self, entries: dict[Place, Entry | None]) -> None:
        """Replace entries, or delete those that are None, and write the file."""
        with _turn, folder_locked(self.path.parent):
            self._read()
            self._put(entries)

    def _read(self) -> None:
        """Read what kernels of other chapters may have changed.

        Without a file, as after its deletion, what this kernel knows stays valid.
        """
        try:
            stamp = _stamp(self.path)
            if stamp == self._stamp:
                return
            self._data = parsed(text_of(self.path))
        except FileNotFoundError:
            self._stamp, self._is_readable = None, True
        except OSError as error:
            self._is_readable = False
            self._report(f"{self.path} cannot be read ({error.strerror})")
        except ValueError as error:
            _set_aside(self.path, str(error))
            self._is_readable, self._data = True, {}
        else:
            self._stamp, self._is_readable = stamp, True
        _apply(self._unwritten, self._data)

    def _put(self, changes: dict[Place, Entry | None]) -> None:
        self._unwritten.update(changes)
        _apply(changes, self._data)
        # What a file that cannot be read holds would be lost.
        if not self._is_readable:
            return
        try:
            _replace(self.path, written(self._data))
            self._stamp = _stamp(self.path)
        except OSError as error:
            self._report(
                f"progress cannot be kept in {self.path} ({error.strerror}); the chapter works on, "
                "but what cannot be written until then is lost when the kernel ends"
            )
        else:
            self._unwritten.clear()

    def _report(self, problem: str) -> None:
        """Warn about a problem once; it may last for every further change."""
        if not self._reported:
            self._reported = True
            warnings.warn(problem, stacklevel=6)


def _apply(changes: dict[Place, Entry | None], data: dict[str, Any]) -> None:
    for (chapter, section, name), entry in changes.items():
        entries = branch(data, "chapters", chapter, section)
        if entry is None:
            entries.pop(name, None)
        else:
            entries[name] = entry


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what is different after every write, since each makes a new file."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def text_of(path: Path) -> str:
    """Return the text of a file; raises OSError for anything that is none, such as a folder."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a file")
    if status.st_size > LARGEST:
        raise ValueError("it is too large")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is damaged") from None


def _set_aside(path: Path, reason: str) -> None:
    """Rename a file to the first free name, so that nothing in it is lost."""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError:
        return
    warnings.warn(
        f"{path.name} cannot be used, as {reason}; it was set aside as {aside.name} "
        "and a new one begun",
        stacklevel=6,
    )


def _replace(path: Path, text: str) -> None:
    """Write `text` so that a reader sees the old file or the new one, never half of it."""
    handle, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
