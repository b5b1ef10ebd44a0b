"""Builds an ended run from the series of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.run import Run
from labkit.run.series.kinds import SAMPLED_KINDS
from labkit.run.series.series_table import Floats, Steps
from labkit.run.state import RunState

Points = tuple[Steps, Floats]
_MAX_STEP = 2**53
"""Steps below are exact in the browser's numbers."""
_MAX_EPOCHS = 10_000
"""Maximum number of epochs whose begins are recorded."""


_NOT_EVALUATED = "labkit's rules were not evaluated, as they need more than these series."


class ImportedRun(Run):
    """A run whose series come from the log of another tool.

    Parameters
    ----------
    name : str
    source : str
        Name of the file or the folder.
    """

    def __init__(self, name: str, source: str) -> None:
        super().__init__(name)
        self._source = source

    @property
    def elapsed(self) -> float:
        """Time from the start until the newest step, in s; 0 if it is unknown."""
        knots = self.step_times.knots()
        return float(knots[-1].value) if knots else 0.0

    def state(self, process_memory: int | None = None) -> RunState:
        """Return the state; see `Run.state`. The memory of this process is not that of the run."""
        return replace(super().state(), read_from=self._source)


@dataclass
class ImportedSeries:
    """What was read from a file.

    Attributes
    ----------
    source : str
        The file, for errors.
    points : dict of str to (steps, values)
        The series, in the order in which they were written; steps may go back.
    epochs : list of (step, completed epochs)
    seconds : list of (step, time since the start in s)
    notices : list of str
        What was not imported.
    """

    source: str
    points: dict[str, tuple[Sequence[int], Sequence[float]]] = field(default_factory=dict)
    epochs: list[tuple[int, float]] = field(default_factory=list)
    seconds: list[tuple[int, float]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def add(self, name: str, step: int, value: float) -> None:
        """Append a point to a series."""
        steps, values = self.points.setdefault(name, ([], []))
        assert isinstance(steps, list)
        assert isinstance(values, list)
        steps.append(step)
        values.append(value)


def imported_run(name: str, imported: ImportedSeries) -> ImportedRun:
    """Return a run with the status "finished".

    Series named as those that labkit records are of their kind: ``"loss"``, ``"lr/<group>"``,
    ``"grad_norm/<parameter>"``. All others are metrics. Where the steps of a series go back, as
    after a restart from a checkpoint, its later points replace the earlier ones from there on.

    Raises
    ------
    ValueError
        If there is no series, or a step is negative or too large.

    Examples
    --------
    >>> run = imported_run("demo", ImportedSeries("a file", {"loss": ([1, 2, 2], [3.0, 2.0, 1.5])}))
    >>> run.status, run.steps, run.series("loss")[1].tolist()
    ('finished', 2, [3.0, 1.5])
    """
    if not imported.points:
        raise ValueError(f"{imported.source} has no series of numbers.")
    run = ImportedRun(name, Path(imported.source).name)
    run.started_at = nan
    found = {
        series: _rising(imported.source, series, *points)
        for series, points in imported.points.items()
    }
    _begin_epochs(run, imported.epochs)
    for step, seconds in _latest(imported.seconds):
        run.step_times.add(step, seconds)
    for kind, columns in _by_kind(found).items():
        _add_tables(run, kind, columns)
    run.advance_to(max(int(steps[-1]) for steps, _ in found.values()))
    for notice in [*imported.notices, _NOT_EVALUATED]:
        run.add_notice("import", notice)
    run.close()
    return run


def _rising(source: str, name: str, steps: ArrayLike, values: ArrayLike) -> Points:
    """Return the points without those that later ones replace."""
    every = np.asarray(steps)
    if every.dtype.kind not in "iu" or every.min() < 0 or every.max() > _MAX_STEP:
        raise ValueError(
            f"{source}: the steps of {name[:80]!r} are not whole numbers from 0 to 2**53."
        )
    every = every.astype(np.int64)
    next_least = np.append(np.minimum.accumulate(every[::-1])[::-1][1:], _MAX_STEP + 1)
    kept = every < next_least
    with np.errstate(over="ignore"):
        return every[kept], np.asarray(values, np.float64)[kept].astype(np.float32)


def _by_kind(found: Mapping[str, Points]) -> dict[str, dict[str, Points]]:
    """Return the points by the kind of the series and the name of the column."""
    kinds: dict[str, dict[str, Points]] = {}
    for name, points in found.items():
        first, slash, rest = name.partition("/")
        if first == "loss":
            kinds.setdefault("loss", {})[name] = points
        elif slash and (first in SAMPLED_KINDS or first == "lr"):
            kinds.setdefault(first, {})[rest] = points
        else:
            kinds.setdefault("metric", {})[name] = points
    return kinds


def _add_tables(run: Run, kind: str, columns: Mapping[str, Points]) -> None:
    """Add a table for each set of columns with the same steps; losses and metrics have their own.

    A common table of all columns would need rows for all of their steps.
    """
    if kind in ("loss", "metric"):
        for name, (steps, values) in columns.items():
            id = name if kind == "loss" else f"metric/{name}"
            run.add_table(id, kind, [name]).extend(steps, values)
        return
    groups: dict[bytes, list[str]] = {}
    for name, (steps, _) in columns.items():
        groups.setdefault(steps.tobytes(), []).append(name)
    for place, names in enumerate(groups.values()):
        id = kind if place == 0 else f"{kind}/{names[0]}"
        rows = np.stack([columns[name][1] for name in names], axis=1)
        run.add_table(id, kind, names).extend(columns[names[0]][0], rows)


def _latest(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return the latest time of each step."""
    latest: dict[int, float] = {}
    for step, seconds in points:
        if np.isfinite(seconds):
            latest[step] = max(seconds, latest.get(step, seconds))
    return sorted(latest.items())


def _begin_epochs(run: Run, points: Sequence[tuple[int, float]]) -> None:
    """Record the begins of the epochs, interpolated between the known numbers of completed ones."""
    known = sorted({(0, 0.0), *points})
    steps = np.array([step for step, _ in known], np.float64)
    completed = np.maximum.accumulate([value for _, value in known])
    count = int(np.ceil(completed[-1])) if np.isfinite(completed).all() else 0
    if not 0 < count <= _MAX_EPOCHS:
        return
    rising = np.append(True, np.diff(completed) > 0)
    begins: NDArray[np.float64] = np.interp(np.arange(count), completed[rising], steps[rising])
    for step in np.round(begins).astype(np.int64).tolist():
        run.epochs.begin(step, None)
