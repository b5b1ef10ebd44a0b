"""Reads what the file of a run says of the run as a whole, and none of its rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.run.error_text import described
from labkit.run.file.errors import DamagedError, FileError
from labkit.run.file.json_values import decoded, parsed
from labkit.run.file.opening import OpenFile
from labkit.run.file.writer import Writer
from labkit.run.ranks import RankFacts
from labkit.run.run_setup import RunSetup
from labkit.run.series.results import MAX_POINTS, MAX_SERIES, Outline, SeriesResult
from labkit.run.state import ModelFacts, Status

_FACTS = frozenset(
    {
        "id",
        "name",
        "started_at",
        "config",
        "note",
        "environment",
        "model",
        "setup",
        "state",
        "findings",
        "writer",
        "results",
        "outline",
        "ranks",
    }
)
_MAX_FACT_BYTES = 4_000_000


@dataclass(frozen=True)
class StateSummary:
    """The part of a `RunState` that a table of runs shows; the names are the same."""

    status: Status
    message: str | None
    step: int
    elapsed: float


@dataclass(frozen=True)
class FindingSummary:
    """The part of a `Finding` that a table of runs shows; the names are the same."""

    severity: str
    message: str


@dataclass(frozen=True)
class FileSummary:
    """What a file says of its run, without rows, graphs and pictures.

    Attributes
    ----------
    id, name : str
    state : StateSummary
    writer : Writer
    model : ModelFacts
    setup : RunSetup
    config : dict of str to object
    note : str
    environment : dict of str to str
    findings : tuple of FindingSummary
        Those that hold.
    started_at : float
        When the run was created, in s since 1970; NaN if unknown.
    results : tuple of SeriesResult
        What its losses and metrics have come to.
    outline : Outline
        The course of its first loss.
    ranks : RankFacts or None
        The place of the run among those of several processes.
    """

    id: str
    name: str
    state: StateSummary
    writer: Writer
    model: ModelFacts
    setup: RunSetup = field(default_factory=RunSetup)
    config: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    findings: tuple[FindingSummary, ...] = ()
    started_at: float = math.nan
    results: tuple[SeriesResult, ...] = ()
    outline: Outline = field(default_factory=Outline)
    ranks: RankFacts | None = None


def read_summary(path: Path) -> FileSummary | None:
    """Return what a file says of its run; None if nothing has been written to it yet.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it cannot be read.
    FileError
        If it is not the file of a run, or damaged.
    """
    with _checked(path):
        opened = OpenFile(path)
        try:
            with opened.reading():
                rows = opened.connection.execute(
                    "SELECT name, value FROM facts WHERE length(value) < ?", (_MAX_FACT_BYTES,)
                ).fetchall()
        finally:
            opened.close()
        if not rows:
            return None
        data = {
            str(name): parsed(value, f"the fact {name!r}") for name, value in rows if name in _FACTS
        }
        found: FileSummary = decoded(FileSummary, data, "the description of the run")
        if len(found.results) > MAX_SERIES or not _is_drawable(found.outline):
            raise DamagedError("the results are damaged")
        return found


def _is_drawable(outline: Outline) -> bool:
    return len(outline.steps) == len(outline.values) <= MAX_POINTS and all(
        math.isfinite(value) for value in outline.values
    )


@contextmanager
def _checked(path: Path) -> Iterator[None]:
    """Turn every error into a `FileError`: a file may hold anything."""
    try:
        yield
    except DamagedError as error:
        raise FileError(f"{path.name} is damaged: {error}.") from error
    except (FileError, OSError):
        raise
    except Exception as error:
        raise FileError(f"{path.name} is damaged ({described(error)}).") from error
