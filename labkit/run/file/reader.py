"""Reads the file of a run into the logs and tables of a run in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from labkit.run.changeable import ChangeableRun
from labkit.run.error_text import described
from labkit.run.file.errors import DamagedError, FileError
from labkit.run.file.json_values import decoded
from labkit.run.file.log_reader import LogReader
from labkit.run.file.opening import OpenFile
from labkit.run.file.row_reader import RowReader
from labkit.run.file.writer import Writer
from labkit.run.finding import Finding
from labkit.run.hyperparameters import ParameterGroup
from labkit.run.ranks import RankFacts
from labkit.run.run_record import RunRecord
from labkit.run.run_setup import RunSetup
from labkit.run.series.kinds import SHARD_KINDS
from labkit.run.series.series_table import SeriesTable
from labkit.run.state import ModelFacts, RunState
from labkit.run.step_knots import Knot

_MAX_KNOTS = 1_000


@dataclass(frozen=True)
class FileFacts:
    """What a file says of its run as a whole.

    Attributes
    ----------
    id, name : str
    state : RunState
    writer : Writer
    findings : tuple of Finding
        The findings that hold, of all rules.
    config : dict of str to object
        What the user has given as the configuration.
    note : str
    environment : dict of str to str
    parameter_groups : tuple of ParameterGroup
    ranks : RankFacts or None
        The place of the run among those of several processes.
    shards : dict of str to int
        The number of processes that hold a part, for each parameter of which each holds one.
    started_at : float
        When the run was created, in s since 1970; NaN if unknown.
    """

    id: str
    name: str
    state: RunState
    writer: Writer
    findings: tuple[Finding, ...]
    config: dict[str, Any]
    note: str
    environment: dict[str, str]
    parameter_groups: tuple[ParameterGroup, ...] = ()
    ranks: RankFacts | None = None
    shards: dict[str, int] = field(default_factory=dict)
    started_at: float = math.nan


class RunReader:
    """Reads a file into a run, at first completely and later what was added.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileError
        If it is not the file of a run, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._checked():
            self._open = OpenFile(path)
        self._rows = RowReader(self._open.connection)
        self._logs = LogReader(self._open.connection)
        self._version = -1
        self._facts: FileFacts | None = None

    @property
    def has_news(self) -> bool:
        """Whether the file was written since it was read."""
        return self._open.version() != self._version

    def successor(self) -> RunReader | None:
        """Return a reader of the file that has taken the place of this one; None if none has.

        A process whose file was deleted or moved writes a new one. That of another run does not
        count, nor one that has no contents yet.
        """
        known = self._facts
        if known is None or not self._open.is_replaced:
            return None
        try:
            found = RunReader(self._path)
            with found._open.reading():
                if found._logs.facts().get("id") == known.id:
                    return found
        except (FileError, OSError):
            return None
        found.close()
        return None

    def close(self) -> None:
        """Close the file."""
        self._open.close()

    def read_into(self, run: ChangeableRun) -> FileFacts:
        """Add what was written since the last call to a run, and return what is known of it.

        Raises
        ------
        FileError
            If the file is damaged, or cannot be read.
        """
        with self._checked(), self._open.reading():
            version = self._open.version()
            self._open.connection.execute("BEGIN")
            try:
                facts = self._read(run)
            finally:
                if self._open.connection.in_transaction:  # an error may have ended it
                    self._open.connection.execute("ROLLBACK")
            self._version = version
        return facts

    def _read(self, run: ChangeableRun) -> FileFacts:
        data, before = self._logs.facts(), self._facts
        if not data:
            raise FileError(
                f"{self._path.name} has no contents yet: its process has only begun to write it, "
                "or was killed before it did. Try again in a second."
            )
        facts: FileFacts = decoded(FileFacts, data, self._path.name)
        if before is None or facts.writer.generation != before.writer.generation:
            self._rows.read_all(_Tables(run))
        else:
            self._rows.read_new(_Tables(run))
        _read_progress(run, data)
        run.graph_log.restore(self._logs.graphs(), self._logs.spans())
        _read_findings(run, data, self._logs)
        run.event_log.restore(self._logs.events())
        for name, histogram in self._logs.new_histograms():
            if run.histograms.stored(name, histogram.step) is None:
                run.histograms.add(name, histogram.step, histogram.counts, histogram.ends)
        for picture in self._logs.new_pictures():
            if run.activations.stored(picture.module, picture.kind, picture.step) is None:
                run.activations.add(picture)
        for sample in self._logs.new_samples():
            run.sample_log.add(sample)
        run.sample_log.restore_logged(decoded(dict[str, int], data.get("logged", {}), "counts"))
        run.final_values = self._logs.parameters()
        incident = self._logs.incident()
        if incident is not None and run.incident is None:
            run.add_incident(incident)
        self._facts = facts
        return facts

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """Turn every error into a `FileError`: a file may hold anything."""
        try:
            yield
        except DamagedError as error:
            raise FileError(f"{self._path.name} is damaged: {error}.") from error
        except (FileError, OSError):
            raise
        except Exception as error:
            raise FileError(f"{self._path.name} is damaged ({described(error)}).") from error


class _Tables:
    """The tables of a run, with those of the parts that one process holds.

    Parameters
    ----------
    run : RunRecord
    """

    def __init__(self, run: RunRecord) -> None:
        self._run = run

    def table(self, id: str, kind: str, names: Sequence[str]) -> SeriesTable:
        """Return the table of an id, created if necessary; see `Recorder.table`."""
        recorder = self._run.shards if kind in SHARD_KINDS else self._run.recorder
        return recorder.table(id, kind, names)


def _read_progress(run: RunRecord, data: Mapping[str, Any]) -> None:
    run.model = decoded(ModelFacts, data.get("model"), "the model")
    run.setup = decoded(RunSetup, data.get("setup", {}), "the setup")
    progress = decoded(
        dict[str, tuple[tuple[int, float], ...]], data.get("progress", {}), "the progress"
    )
    run.epochs.restore(_knots(progress.get("epochs", ())))
    run.step_times.restore(_knots(progress.get("seconds", ())))
    seconds = decoded(float, data.get("loading_seconds", 0.0), "the time of loading")
    run.observations.loading_ns = int(max(0.0, min(seconds, 1e9)) * 1e9)


def _knots(found: tuple[tuple[int, float], ...]) -> list[Knot]:
    rises = all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(found))
    if len(found) > _MAX_KNOTS or not rises:
        raise DamagedError("the progress does not rise")
    return [Knot(*each) for each in found]


def _read_findings(run: RunRecord, data: Mapping[str, Any], logs: LogReader) -> None:
    rules = decoded(_Rules, data.get("rules"), "the rules")
    run.findings_log.restore(
        logs.findings(), rules=rules.known, ignored=rules.ignored, dropped=rules.dropped
    )


@dataclass(frozen=True)
class _Rules:
    known: tuple[str, ...]
    ignored: tuple[str, ...]
    dropped: int
