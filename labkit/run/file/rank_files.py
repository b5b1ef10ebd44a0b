"""Reads the files of the other processes that train the model of a run, while they grow.

Each process writes a file of its own beside that of rank 0: no process waits for another one, and
one that dies leaves its file. What belongs together is combined by whoever reads: the process of
rank 0 while it trains, and `labkit.load`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from labkit.run.error_text import described
from labkit.run.file.errors import FileError
from labkit.run.file.json_values import decoded, parsed
from labkit.run.file.opening import OpenFile
from labkit.run.file.row_reader import RowReader, RowTarget
from labkit.run.file.shard_norms import ShardNorms
from labkit.run.ranks import RankFacts, rank_of_file
from labkit.run.series.buckets import Floats, Steps
from labkit.run.series.kinds import SHARD_KINDS
from labkit.run.series.recorder import Recorder
from labkit.run.series.storage import Whole
from labkit.run.state import FINAL_STATUSES

MAX_RANKS = 64
"""Maximum number of processes whose series are shown."""
_MIN_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 1.0, 10.0
_SHARE_OF_TIME = 0.005
"""Time between two reads while the model trains, in s, and the share of the processor's time."""
_MAX_SEARCH_SECONDS = 30.0
"""Longest time between two searches for files that are missing, in s."""


class RankFiles:
    """Adds what other processes have written to the tables of the run of rank 0.

    A series of the process of rank 1 is named ``"rank1/loss"``. Norms of gradients of which each
    process holds a part are combined.

    Parameters
    ----------
    main : Path
        The file of rank 0, which may be growing.
    id : str
        Id of the run of rank 0.
    world_size : int
        Number of processes.

    Attributes
    ----------
    problems : list of str
        Why files could not be read, one sentence each.
    """

    def __init__(self, main: Path, id: str, world_size: int) -> None:
        self.problems: list[str] = []
        self._main = main
        self._id = id
        self._world_size = world_size
        self._shards = ShardNorms()
        self._files: dict[int, _RankFile] = {}
        self._refused: set[Path] = set()
        """Files that belong to another run, or cannot be read."""
        self._read_at = 0.0
        self._search_at = 0.0
        self._search_seconds = 0.5

    @property
    def may_grow(self) -> bool:
        """Whether a file that was found says that its run goes on."""
        return any(not file.has_ended for rank, file in self._files.items() if rank)

    def read_if_due(self, recorder: Recorder, *, is_last: bool) -> None:
        """Add what was written since the last call, unless that was a moment ago.

        Parameters
        ----------
        recorder : Recorder
            The tables of a run.
        is_last : bool
            Whether the run has ended.
        """
        if is_last:
            self._search_at = 0.0
        elif time.monotonic() < self._read_at:
            return
        began = time.thread_time()
        self.read_into(recorder)
        pause = max(_MIN_PAUSE_SECONDS, (time.thread_time() - began) / _SHARE_OF_TIME)
        self._read_at = time.monotonic() + min(pause, _MAX_PAUSE_SECONDS)

    def read_into(self, recorder: Recorder) -> None:
        """Add what was written since the last call to the tables of a run."""
        try:
            self._read(recorder)
        except Exception as error:  # noqa: BLE001 - the run itself is complete without the others
            self.problems.append(f"The files of other ranks are not read. {described(error)}")

    def _read(self, recorder: Recorder) -> None:
        self._search()
        for rank, file in list(self._files.items()):
            try:
                file.read_new(_Targets(rank, recorder, self._shards))
            except Exception as error:  # noqa: BLE001 - a file may hold anything
                self._refuse(rank, file, error)
        counts: dict[str, int] = {}
        for file in self._files.values():
            counts |= file.shard_counts
        if counts:
            self._shards.write(recorder, counts)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _search(self) -> None:
        """Look for the files that were not found yet, less and less often."""
        now, expected = time.monotonic(), min(self._world_size, MAX_RANKS)
        if len(self._files) >= expected or now < self._search_at:
            return
        for path in [self._main, *sorted(self._main.parent.iterdir())]:
            rank = 0 if path == self._main else rank_of_file(path, self._main)
            if rank is None or rank in self._files or path in self._refused:
                continue
            if rank < expected and (rank > 0 or path == self._main):
                self._open(rank, path)
        self._search_at = now + self._search_seconds
        self._search_seconds = min(2 * self._search_seconds, _MAX_SEARCH_SECONDS)

    def _open(self, rank: int, path: Path) -> None:
        try:
            file = _RankFile(path)
        except (OSError, FileError):
            return  # its process may not have begun to write it
        try:
            facts = file.ranks()
        except (FileError, sqlite3.Error):
            file.close()
            return
        if facts is not None and facts.main == self._id and facts.rank == rank:
            self._files[rank] = file
        else:
            file.close()
            if facts is not None and facts.main:
                self._refused.add(path)

    def _refuse(self, rank: int, file: _RankFile, error: Exception) -> None:
        file.close()
        del self._files[rank]
        self._refused.add(file.path)
        reason = error if isinstance(error, FileError) else described(error)
        self.problems.append(f"What rank {rank} has recorded is not read any more. {reason}")


class _RankFile:
    """The file of one process.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shard_counts: dict[str, int] = {}
        self.has_ended = False
        self._file = OpenFile(path)
        self._rows = RowReader(self._file.connection)
        self._version = -1
        self._generation: int | None = None

    def close(self) -> None:
        self._file.close()

    def ranks(self) -> RankFacts | None:
        """Return the place of the run; None if it is not known yet."""
        with self._file.reading():
            found: RankFacts | None = decoded(RankFacts | None, self._fact("ranks"), "the rank")
        return found

    def read_new(self, targets: _Targets) -> None:
        """Add what was written since the last call to the tables of a run."""
        version = self._file.version()
        if version == self._version:
            return
        with self._file.reading():
            self._file.connection.execute("BEGIN")
            try:
                self._read(targets)
            finally:
                self._file.connection.execute("ROLLBACK")
        self._version = version

    def _read(self, targets: _Targets) -> None:
        writer = decoded(Mapping[str, int | float | str], self._fact("writer"), "the writer")
        generation, before = int(writer.get("generation", 0)), self._generation
        self.shard_counts = decoded(dict[str, int], self._fact("shards") or {}, "the parts")
        state = self._fact("state")
        self.has_ended = isinstance(state, dict) and state.get("status") in FINAL_STATUSES
        if generation == before:
            self._rows.read_new(targets)
        else:
            self._rows.read_all(targets)
        self._generation = generation

    def _fact(self, name: str) -> object:
        row = self._file.connection.execute(
            "SELECT value FROM facts WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else parsed(row[0], f"the fact {name!r}")


class _Targets:
    """Where the rows of one process go.

    Parameters
    ----------
    rank : int
    recorder : Recorder
        The tables of the run of rank 0.
    shards : ShardNorms
    """

    def __init__(self, rank: int, recorder: Recorder, shards: ShardNorms) -> None:
        self._rank = rank
        self._recorder = recorder
        self._shards = shards

    def table(self, id: str, kind: str, names: Sequence[str]) -> RowTarget:
        """Return the target of a table of the file."""
        if kind in SHARD_KINDS:
            return _ShardRows(self._shards, self._rank, id, kind, names)
        if self._rank and kind in {"loss", "metric"} and len(names) == 1:
            return _LaterRows(self._recorder, f"rank{self._rank}/{names[0]}")
        return _NoRows()


class _NoRows:
    """Ignores the rows of a table."""

    def restore(self, whole: Whole) -> None:
        """Ignore the older rows."""

    def extend(self, steps: Steps, rows: Floats) -> None:
        """Ignore rows."""


class _LaterRows:
    """Adds the rows to a series that come after those that it has."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._table = recorder.table(f"metric/{name}", "metric", (name,))

    def restore(self, whole: Whole) -> None:
        """Add the extremes of the older rows."""
        self.extend(*whole.buckets.points(0))

    def extend(self, steps: Steps, rows: Floats) -> None:
        """Add rows."""
        is_new = steps > self._table.newest_step
        if is_new.any():
            self._table.extend(steps[is_new], rows.reshape(len(steps), -1)[is_new])


class _ShardRows:
    """Adds the norms of the parts of one process to those of the others."""

    def __init__(
        self, shards: ShardNorms, rank: int, id: str, kind: str, names: Sequence[str]
    ) -> None:
        self._add = shards.add
        self._of = rank, id, kind, names

    def restore(self, whole: Whole) -> None:
        """Ignore extremes, which are of other steps in each process."""

    def extend(self, steps: Steps, rows: Floats) -> None:
        """Add rows."""
        self._add(*self._of, steps, rows)
