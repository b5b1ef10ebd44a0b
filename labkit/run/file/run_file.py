"""The thread that writes the file of a run while it goes on, and the copy of an ended run."""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from labkit.run.file.contents import Contents
from labkit.run.file.errors import is_busy, warn, write_problem
from labkit.run.file.paths import check_is_run, claim
from labkit.run.file.rank_files import RankFiles
from labkit.run.file.saved_run import SavedRun
from labkit.run.journal import Journal
from labkit.run.notices import NoticeLog
from labkit.run.ranks import rank_of_file, rank_path

INTERVAL_SECONDS = 0.5
"""Time between two writes while the run goes on, in s."""
_STILL_SECONDS = 2.0
"""Time after which the file is written although nothing is new: it says that the run is alive."""
_RETRY_SECONDS = 5.0
"""Time after which a file that could not be written is tried again, in s."""
_BUSY_SECONDS = 30.0
"""Time for which a locked file is no problem, in s."""
_END_SECONDS = 10.0
"""Longest time that the end of a run waits for its file, in s."""
_SHARE_OF_TIME = 0.5
"""Largest share of the time in which the thread writes, so that a slow disk has rests."""
_MAX_REST_SECONDS = 30.0

_open_files: set[RunFile] = set()
"""The files that are written: they keep their runs alive."""


class RunFile:
    """Writes a run to its file on a thread of its own until the run ends.

    What cannot be written stays in the run: a notice and a warning say so once, and the thread
    tries again every five seconds with all that is in memory.

    Parameters
    ----------
    run : SavedRun
    path : Path
        Where to write. If there is a file, the next free name is taken. Of several processes that
        train together, each but that of rank 0 writes a file beside the one of rank 0.
    limit : int
        Size in bytes at which the older rows are replaced by their extremes, as the views show
        them.
    notices : NoticeLog
        Those of the run.

    Attributes
    ----------
    path : Path
        The file.

    Raises
    ------
    OSError
        If the file or its folder cannot be created.
    sqlite3.Error
        If it is no place for a database.
    """

    def __init__(self, run: SavedRun, path: Path, limit: int, notices: NoticeLog) -> None:
        self._given = path
        place = run.ranks
        self.path = claim(path if place is None or not place.rank else rank_path(path, place.rank))
        self._run = run
        self._rank_files: RankFiles | None = None
        self._limit = limit
        self._notices = notices
        self._process = os.getpid()
        self._identity = _identity(self.path)
        self._journal = Journal()
        self._contents: Contents | None = None
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._ending = False
        self._is_whole = False
        """Whether the file has everything that was taken from the journal."""
        self._busy_since: float | None = None
        self._written_at = 0.0
        self._written_steps = -1
        try:
            self._contents = Contents.created(self.path, run)
        except (sqlite3.Error, OSError):
            self.path.unlink(missing_ok=True)
            raise
        self._collect()
        self._thread = threading.Thread(target=self._work, name="labkit-file", daemon=True)
        _open_files.add(self)
        self._thread.start()

    def end(self, *, wait: bool = True, process_ends: bool = False) -> None:
        """Write what is left and close the file, for at most ten seconds.

        Parameters
        ----------
        wait : bool
            Whether to wait until it is written; not in a finalizer.
        process_ends : bool
            Whether the run has not ended itself.
        """
        if process_ends and self._contents is not None:
            self._contents.end = "process"
        self._ending = True
        self._wake.put(None)
        if wait and self._process == os.getpid() and threading.current_thread() is not self._thread:
            self._thread.join(_END_SECONDS)
            if self._thread.is_alive():
                self._warn(f"{self.path} takes long to be written; the rest follows")

    def _collect(self) -> None:
        """Let the tables and logs of the run add what is new to the journal."""
        run = self._run
        run.recorder.write_to(self._journal)
        run.shards.write_to(self._journal)
        run.histograms.journal = self._journal
        run.activations.journal = self._journal
        run.sample_log.journal = self._journal

    # ── the thread ───────────────────────────────────────────────────────────

    def _work(self) -> None:
        pause = 0.0
        while not self._ending:
            self._wait(pause)
            began, spent = time.monotonic(), time.thread_time_ns()
            succeeded = self._write_guarded()
            self._read_ranks()
            self._run.cost_totals.add_publishing(time.thread_time_ns() - spent)
            rest = min((time.monotonic() - began) / _SHARE_OF_TIME, _MAX_REST_SECONDS)
            pause = max(INTERVAL_SECONDS if succeeded else _RETRY_SECONDS, rest)
        self._write_guarded()
        if self._read_ranks():
            self._write_guarded()
        self._close()

    def _wait(self, seconds: float) -> None:
        try:
            self._wake.get(timeout=seconds)
        except Empty:
            return

    def _write_guarded(self) -> bool:
        """Write what is new; return whether that was possible."""
        try:
            self._write()
        except Exception as error:  # noqa: BLE001 - the thread must continue
            self._note_problem(error)
            return False
        self._busy_since = None
        return True

    def _write(self) -> None:
        if _identity(self.path) != self._identity:
            raise FileNotFoundError(self.path)
        self._move_beside_main()
        contents = self._contents or Contents.opened(self.path, self._run)
        self._contents = contents
        for table in (*self._run.tables.values(), *self._run.shards.tables.values()):
            _ = table.total  # moves rows that wait in its buffer
        now, steps = time.monotonic(), self._run.state().step
        is_full = contents.size > self._limit
        taken = self._journal.take()
        if is_full or not self._is_whole or not taken.is_complete:
            self._is_whole = False
            contents.write_all()
            self._is_whole = True
            self._limit = max(self._limit, 2 * contents.size)
        elif (
            self._ending
            or taken.rows
            or taken.keys
            or steps != self._written_steps
            or (now > self._written_at + _STILL_SECONDS)
        ):
            try:
                contents.write(taken)
            except BaseException:
                self._journal.put_back(taken)
                raise
        else:
            return
        self._written_at, self._written_steps = now, steps

    def _move_beside_main(self) -> None:
        """Move the file of another rank than 0 beside that of rank 0, once its name is known."""
        place = self._run.ranks
        if place is None or not place.rank:
            return
        main = self.path.with_name(place.main_file or self._given.name)
        if rank_of_file(self.path, main) == place.rank:
            return
        if self._contents is not None:
            self._contents.close()
            self._contents = None
        target = claim(rank_path(main, place.rank))
        self.path.replace(target)
        self.path = target

    def _read_ranks(self) -> bool:
        """Read what other processes have written, if this is rank 0; return whether it is."""
        place = self._run.ranks
        if place is None or place.rank:
            return False
        files = self._rank_files or RankFiles(self.path, self._run.id, place.world_size)
        self._rank_files = files
        files.read_if_due(self._run.recorder, is_last=self._ending)
        for text in files.problems:
            self._notices.add("ranks", text)
        files.problems.clear()
        return True

    def _note_problem(self, error: Exception) -> None:
        now = time.monotonic()
        if is_busy(error):
            self._busy_since = self._busy_since or now
            if now - self._busy_since < _BUSY_SECONDS:
                return
        elif self._contents is not None:
            self._contents.close()
            self._contents = None
        self._warn(write_problem(error, self.path))

    def _warn(self, problem: str) -> None:
        """Say once that the run is not saved."""
        text = (
            f"The run is not saved at the moment. {problem}. Training goes on and everything stays "
            'in memory: run.save("elsewhere.lab") writes it.'
        )
        if text not in {notice.text for notice in self._notices.all()}:
            self._notices.add("file", text)
            warn(text)

    def _close(self) -> None:
        if self._rank_files is not None:
            self._rank_files.close()
        if self._contents is not None:
            self._contents.close()
        _open_files.discard(self)


def open_run_file(run: SavedRun, path: Path, limit: int, notices: NoticeLog) -> RunFile | None:
    """Return the file that a run is written to; None with a warning if it cannot be created."""
    try:
        return RunFile(run, path, limit, notices)
    except (OSError, sqlite3.Error) as error:
        text = (
            f"The run is not saved. {write_problem(error, path)}. Training goes on and everything "
            'stays in memory: run.save("elsewhere.lab") writes it.'
        )
        notices.add("file", text)
        warn(text)
        return None


def write_copy(run: SavedRun, path: Path) -> None:
    """Write all that a run has in memory to a file, replacing one of a run that may be there.

    Raises
    ------
    ValueError
        If there is a file of another kind.
    OSError
        If the file cannot be written.
    """
    if path.exists():
        check_is_run(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = claim(path.with_name(f".{path.name}.writing"))
    try:
        contents = Contents.created(draft, run)
        try:
            contents.end = "copy"
            contents.write_all()
        finally:
            contents.close()
        draft.replace(path)
    except sqlite3.Error as error:
        raise OSError(f"{write_problem(error, path)}. Nothing was written.") from error
    finally:
        draft.unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _end_files() -> None:
    """Write what is left when the process ends."""
    for file in list(_open_files):
        if file._process == os.getpid():  # noqa: SLF001 - a forked process has copies
            file.end(process_ends=True)


atexit.register(_end_files)
