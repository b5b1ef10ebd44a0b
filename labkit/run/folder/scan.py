"""Finds the files of runs in a folder and the folders in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from labkit.run.file.headers import HEADER_BYTES, header_of
from labkit.run.file.paths import SUFFIX
from labkit.run.file.schema import begins_as_run
from labkit.run.printable import encodable
from labkit.run.ranks import main_of

MAX_RUNS = 2_000
"""Maximum number of runs; of more, those that were written last are found."""
_MAX_ENTRIES = 200_000
"""Maximum number of files and folders that are visited."""


class Stamp(NamedTuple):
    """What changes when a file is written or replaced."""

    device: int
    inode: int
    size: int
    written_ns: int


@dataclass(frozen=True)
class FoundFile:
    """A file that is that of a run, or is named as one.

    Attributes
    ----------
    key : str
        Its path relative to the folder, with slashes; characters that are no Unicode are escaped.
    path : Path
    stamp : Stamp
    """

    key: str
    path: Path
    stamp: Stamp


@dataclass(frozen=True)
class Scan:
    """What was found in a folder.

    Attributes
    ----------
    files : tuple of FoundFile
    is_complete : bool
        Whether nothing was left out because there is too much.
    """

    files: tuple[FoundFile, ...]
    is_complete: bool = True


class FolderScanner:
    """Finds the files of runs in a folder, again and again.

    A file named ``*.lab`` counts, and one of another name that begins as a run's file. Hidden files
    and folders do not, nor does the file of another rank beside that of rank 0, which has its
    series. A folder that is reached twice, through links, is visited once.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kinds: dict[str, tuple[Stamp, bool]] = {}
        """Whether files of other names begin as those of runs, by path."""

    def scan(self) -> Scan:
        """Return the files that are there now.

        Raises
        ------
        OSError
            If the folder cannot be read.
        """
        found: list[FoundFile] = []
        is_complete = True
        for visited, entry in enumerate(_entries(self._folder), start=1):
            if visited > _MAX_ENTRIES:
                is_complete = False
                break
            file = self._run_at(entry)
            if file is not None:
                found.append(file)
        paths = {file.path for file in found}
        found = [file for file in found if main_of(file.path) not in paths]
        if len(found) > MAX_RUNS:
            found = sorted(found, key=lambda each: -each.stamp.written_ns)[:MAX_RUNS]
            is_complete = False
        return Scan(tuple(found), is_complete)

    def _run_at(self, entry: os.DirEntry[str]) -> FoundFile | None:
        try:
            status = entry.stat()
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its writer
            return None
        stamp = Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if not entry.name.endswith(SUFFIX) and not self._begins_as_run(entry.path, stamp):
            return None
        path = Path(entry.path)
        return FoundFile(encodable(path.relative_to(self._folder).as_posix()), path, stamp)

    def _begins_as_run(self, path: str, stamp: Stamp) -> bool:
        known = self._kinds.get(path)
        if known is None or known[0] != stamp:
            known = self._kinds[path] = stamp, _read_kind(path, stamp)
        return known[1]


def _read_kind(path: str, stamp: Stamp) -> bool:
    if stamp.size < HEADER_BYTES:
        return False
    try:
        header = header_of(Path(path))
        return header is None or begins_as_run(header)
    except OSError:
        return False


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield all that is in a folder and the folders in it, and no folder twice."""
    waiting = [os.fspath(folder)]
    visited: set[tuple[int, int]] = set()
    while waiting:
        place = waiting.pop()
        try:
            status = Path(place).stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(place) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            if place == os.fspath(folder):
                raise
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                waiting.append(entry.path)
            yield entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
