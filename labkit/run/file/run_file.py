"""The thread that writes the file of a run while it goes on."""

from __future__ import annotations

import atexit
import os
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from labkit.run.file.contents import Contents
from labkit.run.file.errors import is_busy, is_overwritten, warn, write_problem
from labkit.run.file.paths import claim
from labkit.run.file.rank_files import RankFiles
from labkit.run.file.saved_run import SavedRun
from labkit.run.notices import NoticeLog
from labkit.run.ranks import rank_of_file, rank_path
from labkit.run.series.journal import Journal

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
_END_BUSY_SECONDS = 6.0
"""Time for which the end of a run is tried again while the file is locked, in s."""
_SHARE_OF_TIME = 0.5
"""Largest share of the time in which the thread writes, so that a slow disk has rests."""
_MAX_REST_SECONDS = 30.0

_RENEWED = (
    "{old} was deleted, moved or overwritten while the run went on. The run is now saved in {new}, "
    "with all that is in memory."
)

_open_files: set[RunFile] = set()
"""The files that are written: they keep their runs alive."""


class RunFile:
    """Writes a run to its file on a thread of its own until the run ends.

    What cannot be written stays in the run: a notice and a warning say so once, and the thread
    tries again every five seconds. The notice goes when the file has everything. A file that was
    deleted, moved or overwritten is replaced by a new one, with all that is in memory, if its
    folder is there.

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
    exists : bool
        Whether the file was created.
    """

    def __init__(self, run: SavedRun, path: Path, limit: int, notices: NoticeLog) -> None:
        self._given = path
        place = run.ranks
        self.path = path if place is None or not place.rank else rank_path(path, place.rank)
        self.exists = False
        self._run = run
        self._rank_files: RankFiles | None = None
        self._limit = limit
        self._notices = notices
        self._problem = ""
        """The notice that says why the file cannot be written; empty if it can."""
        self._warned: set[str] = set()
        self._process = os.getpid()
        self._identity: tuple[int, int] | None = None
        """What tells the file from another one of its name; None if a new one is needed."""
        self._journal = Journal()
        self._contents: Contents | None = None
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._writing = threading.Lock()
        self._ending = False
        self._process_ends = False
        self._closed = False
        self._is_whole = False
        """Whether the file has everything that was taken from the journal."""
        self._busy_since: float | None = None
        self._written_at = 0.0
        self._written_steps = -1
        try:
            self._create()
        except Exception as error:  # noqa: BLE001 - the loop must run in any case
            self._note_problem(error)
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
        self._process_ends = self._process_ends or process_ends
        self._ending = True
        self._wake.put(None)
        if wait and self._process == os.getpid() and threading.current_thread() is not self._thread:
            self._thread.join(_END_SECONDS)
            if self._thread.is_alive():
                self._note(f"{self.path} takes long to be written; the rest follows")

    def write_now(self) -> Path:
        """Write what is new on this thread, also after the end, and return the file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        if self._process != os.getpid():  # its connection, and the lock, are copies
            raise OSError(
                f"{self.path} is written by the process from which this one was forked. Choose "
                "another path."
            )
        problem: Exception | None = None
        for _ in range(2):  # a file that is found to be overwritten is replaced by a new one
            problem = self._write_guarded()
            if problem is None or self._identity is not None:
                break
        if problem is not None:
            raise OSError(f"{write_problem(problem, self.path)}.") from problem
        return self.path

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
            problem = self._write_guarded()
            self._read_ranks()
            self._run.cost_totals.add_publishing(time.thread_time_ns() - spent)
            rest = min((time.monotonic() - began) / _SHARE_OF_TIME, _MAX_REST_SECONDS)
            pause = max(INTERVAL_SECONDS if problem is None else _RETRY_SECONDS, rest)
        self._write_end()
        if self._read_ranks():
            self._write_end()
        self._close()

    def _wait(self, seconds: float) -> None:
        try:
            self._wake.get(timeout=seconds)
        except Empty:
            return

    def _write_end(self) -> None:
        """Write what is left, and wait a while if another program has locked the file."""
        deadline = time.monotonic() + _END_BUSY_SECONDS
        while self._write_guarded() is not None:
            if self._busy_since is None:
                return
            if time.monotonic() > deadline:
                self._note(f"Another program keeps {self.path} locked")
                return

    def _write_guarded(self) -> Exception | None:
        """Write what is new; return why that was not possible."""
        with self._writing:
            try:
                self._write()
                if self._problem:
                    self._forget_problem()
                    self._write()
            except Exception as error:  # noqa: BLE001 - the thread must continue
                self._note_problem(error)
                return error
            finally:
                if self._closed:
                    self._close_contents()
        self._busy_since = None
        return None

    def _create(self) -> None:
        """Create the file, or one in place of a file that is gone or overwritten."""
        if self.exists and not self.path.parent.is_dir():
            raise FileNotFoundError(self.path)
        self._close_contents()
        path = claim(self.path)
        try:
            self._contents = Contents.created(path, self._run)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._identity, self._is_whole = _identity(path), False
        if self.exists:
            text = _RENEWED.format(old=self.path, new=path)
            self._notices.add("file", text)
            warn(text)
        self.path, self.exists = path, True

    def _write(self) -> None:
        if self._identity is None or _identity(self.path) != self._identity:
            self._create()
        self._move_beside_main()
        contents = self._contents or Contents.opened(self.path, self._run)
        self._contents = contents
        contents.end = "process" if self._process_ends else None
        self._is_whole = self._is_whole and not contents.is_new
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
        self._close_contents()
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
        else:
            self._close_contents()
            if is_overwritten(error):
                self._identity = None
        self._note(write_problem(error, self.path))

    def _note(self, problem: str) -> None:
        """Let a notice say that the run is not saved, and a warning once."""
        begin, stays = "The run is not saved", "Training goes on and everything stays in memory"
        if self._ending and self.exists:
            begin, stays = "The file of the run lacks its end", "Everything stays in memory"
        elif self.exists:
            begin += " at the moment"
        text = f'{begin}. {problem}. {stays}: run.save("elsewhere.lab") writes it.'
        if text == self._problem:
            return
        self._forget_problem()
        self._problem = text
        self._notices.add("file", text)
        if problem not in self._warned:
            self._warned.add(problem)
            warn(text)

    def _forget_problem(self) -> None:
        """Remove the notice that the file cannot be written."""
        self._notices.remove("file", self._problem)
        self._problem = ""
        self._written_steps = -1  # so that the file is written without the notice

    def _close_contents(self) -> None:
        if self._contents is not None:
            self._contents.close()
            self._contents = None

    def _close(self) -> None:
        if self._rank_files is not None:
            self._rank_files.close()
        with self._writing:
            self._closed = True
            self._close_contents()
        _open_files.discard(self)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of the same name; None if there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _end_files() -> None:
    """Write what is left when the process ends."""
    for file in list(_open_files):
        if file._process == os.getpid():  # noqa: SLF001 - a forked process has copies
            file.end(process_ends=True)


atexit.register(_end_files)
