"""The JSON file beside the notebooks that stores predictions, answers and progress.

Every change is written at once: to a temporary file that then replaces the old one, so the file is
complete even if the kernel is killed. A file that cannot be read is renamed; it is neither
overwritten nor a cause of an exception. If two kernels change the same chapter at the same time,
the later write replaces the earlier one. Threads of a kernel, such as the one on which a page locks
in a prediction while a cell is running, take turns.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE_NAME = ".labkit-progress.json"
VERSION = 1
_turn = threading.RLock()
"""Held while the file is read, changed and written by a thread of this kernel."""


class Record:
    """One chapter's part of the progress file.

    Parameters
    ----------
    chapter : str
        The chapter's name, as in ``"01_tensors"``.
    folder : path
        The folder of the file: that of the notebooks.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Record("01_tensors", folder).put("predictions", "stride", {"value": [1, 4]})
    ...     Record("01_tensors", folder).get("predictions", "stride")
    {'value': [1, 4]}
    """

    def __init__(self, chapter: str, folder: str | os.PathLike[str] = ".") -> None:
        self._chapter = chapter
        self._path = Path(folder) / FILE_NAME
        self._data = _read(self._path)
        self._writable = True

    @property
    def chapter(self) -> str:
        """The name of the chapter."""
        return self._chapter

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._path

    def get(self, section: str, name: str) -> dict[str, Any]:
        """Return a copy of the entry `name` of a section; an empty dict if there is none."""
        entry = self.section(section).get(name, {})
        return dict(entry) if isinstance(entry, dict) else {}

    def section(self, section: str) -> dict[str, Any]:
        """Return the entries of a section: "predictions" or "exercises"."""
        chapter = _branch(_branch(self._data, "chapters"), self._chapter)
        return _branch(chapter, section)

    def latest(self, section: str, name: str) -> dict[str, Any]:
        """Return a copy of the entry `name` as it is in the file now."""
        with _turn:
            self._reload()
            return self.get(section, name)

    def put(self, section: str, name: str, entry: dict[str, Any]) -> None:
        """Store `entry` under `name` and write the file."""
        self.update(section, name, lambda _: entry)

    def update(
        self, section: str, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        """Replace the entry `name` by what `change` makes of it, write the file, and return it."""
        with _turn:
            self._reload()
            entry = change(self.get(section, name))
            self.section(section)[name] = entry
            self._write()
        return entry

    def drop(self, section: str, name: str) -> None:
        """Delete the entry `name` and write the file."""
        with _turn:
            self._reload()
            self.section(section).pop(name, None)
            self._write()

    def _reload(self) -> None:
        """Read the file again, which kernels of other chapters may have changed."""
        if self._writable and self._path.exists():
            self._data = _read(self._path)

    def _write(self) -> None:
        if not self._writable:
            return
        text = json.dumps({**self._data, "version": VERSION}, indent=1, allow_nan=False)
        try:
            _replace(self._path, text)
        except OSError as error:
            self._writable = False
            warnings.warn(
                f"progress cannot be kept in {self._path} ({error.strerror}); "
                "the chapter works on, and forgets when the kernel ends",
                stacklevel=4,
            )


def _branch(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the dict under `name`, made where it is missing or is something else."""
    branch = tree.get(name)
    if not isinstance(branch, dict):
        branch = tree[name] = {}
    return branch


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        warnings.warn(f"{path} cannot be read ({error.strerror})", stacklevel=4)
        return {}
    except ValueError:
        _set_aside(path)
        return {}
    if isinstance(data, dict) and data.get("version") == VERSION:
        return data
    _set_aside(path)
    return {}


def _set_aside(path: Path) -> None:
    """Rename a broken file to the first free name, so that nothing in it is lost."""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError:
        return
    warnings.warn(
        f"{path.name} could not be understood; it was set aside as {aside.name} "
        "and a new one begun",
        stacklevel=5,
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
