"""The runs whose files are in a folder, as a table that follows the folder."""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.run.file import FileError
from labkit.run.file.errors import is_busy
from labkit.run.file.summary import read_summary
from labkit.run.folder.listed_run import ListedRun, WatchedFile, labels_of
from labkit.run.folder.runs_frame import frame_of
from labkit.run.folder.scan import MAX_RUNS, FolderScanner, FoundFile
from labkit.run.loaded_run import LoadedRun

if TYPE_CHECKING:
    import pandas

_MAX_NAMED = 8
"""Maximum number of runs that an error names."""


class RunFolder:
    """The runs in a folder, the oldest first.

    ``runs[-1]`` and ``runs["mlp"]`` load a run; of the others only what their files say of them is
    read. A file that cannot be read is listed with the reason, and left out by a ``for`` loop.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    folder : Path
    problem : str or None
        Why not all runs are listed; None if they are.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from labkit.run import Run
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Run("demo").save(f"{folder}/demo.lab")
    ...     runs = RunFolder(Path(folder))
    >>> [run.name for run in runs.listed]
    ['demo']
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem: str | None = None
        self._scanner = FolderScanner(folder)
        self._files: dict[str, WatchedFile] = {}
        self._listed: tuple[ListedRun, ...] = ()
        self._loaded: weakref.WeakValueDictionary[str, LoadedRun] = weakref.WeakValueDictionary()
        self._refreshing = threading.Lock()
        self._read()

    # ── the table ────────────────────────────────────────────────────────────

    @property
    def listed(self) -> tuple[ListedRun, ...]:
        """What is known of each run, the oldest first, as of the last refresh."""
        return self._listed

    def refresh(self) -> None:
        """Look for new files, and read those that have changed."""
        with self._refreshing:
            try:
                self._read()
            except OSError as error:
                reason = error.strerror or "it cannot be read"
                self.problem = f"The folder is not followed at the moment: {reason}."

    def to_frame(self, *, only_differing: bool = True) -> pandas.DataFrame:
        """Return the runs as a data frame, one row for each, the oldest first.

        Parameters
        ----------
        only_differing : bool
            Whether the columns of the configuration are those in which the runs differ.

        Returns
        -------
        pandas.DataFrame
            Columns: name, status, steps, started, duration in s; the last and lowest value of each
            loss, and the last, lowest and highest of each metric; the configuration; the number of
            findings, note, error and path. What is unknown is missing.
        """
        self.refresh()
        return frame_of(self._listed, only_differing=only_differing)

    # ── the runs ─────────────────────────────────────────────────────────────

    def __len__(self) -> int:
        return len(self._listed)

    def __iter__(self) -> Iterator[LoadedRun]:
        return (self.load(run) for run in self._listed if run.error is None)

    def __contains__(self, which: object) -> bool:
        if isinstance(which, LoadedRun):
            return any(run is which for run in self._loaded.values())
        return isinstance(which, str) and bool(self._named(which))

    def __getitem__(self, which: int | str | os.PathLike[str]) -> LoadedRun:
        """Return a loaded run by its number, its name, or the path of its file.

        Raises
        ------
        IndexError
            If there are fewer runs.
        KeyError
            If there is no run of that name, or several.
        FileError
            If its file cannot be read.
        """
        return self.load(self.find(which))

    def find(self, which: int | str | os.PathLike[str]) -> ListedRun:
        """Return what is known of a run, by its number, its name or the path of its file.

        The path may be relative to the folder, without its suffix, or relative to the current one.
        """
        if isinstance(which, os.PathLike):
            which = os.fspath(which)
        if isinstance(which, bool) or not isinstance(which, (int, str)):
            raise TypeError(
                f"runs[...] takes a number or a name, not {type(which).__name__}. "
                'Examples: runs[-1], runs["mlp"]'
            )
        if isinstance(which, int):
            try:
                return self._listed[which]
            except IndexError:
                raise IndexError(
                    f"there is no run {which}: {self.folder} has {len(self._listed):,} runs."
                ) from None
        found = self._named(which)
        if not found:
            raise KeyError(
                f"there is no run {which!r} in {self.folder}. There are "
                f"{_some(labels_of(self._listed))}."
            )
        if len(found) > 1:
            raise KeyError(
                f"{len(found)} runs are named {which!r}. Take the path of one of them: "
                f"{_some([run.key for run in found])}."
            )
        return found[0]

    def load(self, run: ListedRun) -> LoadedRun:
        """Return a loaded run; the same one as long as it is in use."""
        known = self._loaded.get(run.key)
        if known is None or (known.closed and run.is_growing):
            known = self._loaded[run.key] = LoadedRun(run.path)
        return known

    def _named(self, name: str) -> list[ListedRun]:
        """Return the run of a path or, without one, those of a name or file name."""
        path = Path(os.path.abspath(name))  # noqa: PTH100 - a name may be anything
        exact = [run for run in self._listed if name == run.key or path == run.path]
        found = exact or [run for run in self._listed if run.name == name]
        found = found or [run for run in self._listed if name == run.key.removesuffix(".lab")]
        return found or [run for run in self._listed if run.path.stem == name]

    # ── reading ──────────────────────────────────────────────────────────────

    def _read(self) -> None:
        scan = self._scanner.scan()
        self.problem = None
        if not scan.is_complete:
            self.problem = (
                f"There is more in the folder than is listed: at most {MAX_RUNS:,} runs. Name a "
                "folder in it."
            )
        listed = [run for file in scan.files if (run := self._read_file(file)) is not None]
        present = {file.key for file in scan.files}
        for key in [key for key in self._files if key not in present]:
            del self._files[key]
        mains = {file.summary.id for file in self._files.values()}
        whole = (run for run in listed if not self._is_part(run, mains))
        self._listed = tuple(sorted(whole, key=_place))

    def _is_part(self, run: ListedRun, mains: set[str]) -> bool:
        """Return whether a file adds to that of rank 0, which is there and is loaded with it."""
        file = self._files.get(run.key)
        ranks = None if file is None else file.summary.ranks
        return ranks is not None and ranks.rank > 0 and ranks.main in mains

    def _read_file(self, file: FoundFile) -> ListedRun | None:
        """Return what is known of a run; None if nothing has been written yet."""
        before = self._files.get(file.key)
        try:
            now = _read_again(file, before)
        except FileError as error:
            cause = error.__cause__
            is_locked = isinstance(cause, sqlite3.Error) and is_busy(cause)
            if before is None or not is_locked:
                return self._unreadable(file, str(error))
            now = before
        except OSError as error:
            return self._unreadable(file, f"It cannot be read: {error.strerror}.")
        if now is None:
            return None
        self._files[file.key] = now
        return now.listed(file.key, file.path)

    def _unreadable(self, file: FoundFile, error: str) -> ListedRun:
        self._files.pop(file.key, None)
        return ListedRun(file.key, file.path, file.path.stem, error)


def _read_again(file: FoundFile, before: WatchedFile | None) -> WatchedFile | None:
    """Return what a file says; what was read before if nothing can have changed."""
    if before is not None and before.stamp == file.stamp and before.why_still() is not None:
        return before
    summary = read_summary(file.path)
    return None if summary is None else WatchedFile.of(file.stamp, summary, before)


def _place(run: ListedRun) -> tuple[float, str]:
    """Return by what runs are sorted: when they were created, those without a time last."""
    return math.inf if run.started is None else run.started, run.key


def _some(names: Sequence[str]) -> str:
    if not names:
        return "no runs"
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(map(repr, names[:_MAX_NAMED])) + more
