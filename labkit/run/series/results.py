"""What a run has come to, in a few numbers: the last and extreme values of its losses and metrics.

They stand in the run's file beside its rows, so that a table of hundreds of runs reads no rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from labkit.run.series.buckets import Floats, Steps
from labkit.run.series.series_table import SeriesTable

MAX_SERIES = 64
"""Maximum number of losses and metrics with results."""
MAX_POINTS = 64
"""Maximum number of points of an outline."""
_LOSS, _METRIC = "loss", "metric"


@dataclass(frozen=True)
class SeriesResult:
    """What a loss or a metric has come to.

    Attributes
    ----------
    name : str
        Name of the series.
    last : float
        The newest value; may be NaN or infinite.
    lowest, highest : float
        Of the finite values; NaN without one.
    """

    name: str
    last: float
    lowest: float = nan
    highest: float = nan


@dataclass(frozen=True)
class Outline:
    """The course of a loss in a few points, which include its extremes.

    Attributes
    ----------
    steps : tuple of int
    values : tuple of float
        Finite.
    """

    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()


class ResultsReader:
    """Reads results from the tables of a run, and only from those that have changed.

    Examples
    --------
    >>> table = SeriesTable("loss", "loss", ["loss"])
    >>> table.extend([1, 2, 3], [3.0, 1.0, 2.0])
    >>> reader = ResultsReader()
    >>> reader.results({"loss": table})
    (SeriesResult(name='loss', last=2.0, lowest=1.0, highest=3.0),)
    >>> reader.outline({"loss": table})
    Outline(steps=(1, 2, 3), values=(3.0, 1.0, 2.0))
    """

    def __init__(self) -> None:
        self._results: dict[str, tuple[int, tuple[SeriesResult, ...]]] = {}
        """The results by table, with the number of rows that they were read from."""
        self._outline: tuple[int, Outline] = -1, Outline()

    def results(self, tables: Mapping[str, SeriesTable]) -> tuple[SeriesResult, ...]:
        """Return the results of at most 64 losses and metrics, the losses first."""
        found: list[SeriesResult] = []
        for kind in (_LOSS, _METRIC):
            for table in (table for table in tables.values() if table.kind == kind):
                if len(found) >= MAX_SERIES:
                    break
                total = table.total
                known = self._results.get(table.id)
                if known is None or known[0] != total:
                    known = self._results[table.id] = total, results_of_table(table)
                found += known[1]
        return tuple(found[:MAX_SERIES])

    def outline(self, tables: Mapping[str, SeriesTable]) -> Outline:
        """Return the outline of the first loss; an empty one without a loss."""
        loss = next((table for table in tables.values() if table.kind == _LOSS), None)
        if loss is None:
            return Outline()
        total = loss.total
        if self._outline[0] != total:
            self._outline = total, outline_of(*loss.points(0))
        return self._outline[1]


def results_of_table(table: SeriesTable) -> tuple[SeriesResult, ...]:
    """Return the results of each column of a table."""
    whole = table.whole()
    if not len(whole.steps):
        return ()
    every = np.concatenate([whole.buckets.low, whole.buckets.high, whole.values])
    finite = np.isfinite(every)
    lowest = np.where(finite, every, np.inf).min(axis=0)
    highest = np.where(finite, every, -np.inf).max(axis=0)
    return tuple(
        SeriesResult(
            name,
            float(whole.values[-1, column]),
            float(lowest[column]) if np.isfinite(lowest[column]) else nan,
            float(highest[column]) if np.isfinite(highest[column]) else nan,
        )
        for column, name in enumerate(whole.names)
    )


def outline_of(steps: Steps, values: Floats) -> Outline:
    """Return at most 64 points of a series: the extremes of equal spans of steps.

    Examples
    --------
    >>> outline = outline_of(np.arange(1000), np.arange(1000, 0, -1, dtype=np.float32))
    >>> len(outline.steps), outline.values[0], outline.values[-1]
    (64, 1000.0, 1.0)
    """
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    if len(steps) > MAX_POINTS:
        edges = np.linspace(steps[0], steps[-1] + 1, MAX_POINTS // 2 + 1)
        starts = np.unique(np.searchsorted(steps, edges[:-1]))
        lengths = np.diff(starts, append=len(steps))
        spans = np.repeat(np.arange(len(starts)), lengths)
        low, high = (extreme.reduceat(values, starts) for extreme in (np.minimum, np.maximum))
        extremes = [_first_in_spans(values == each[spans], spans) for each in (low, high)]
        places = np.unique(np.concatenate(extremes))
        steps, values = steps[places], values[places]
    return Outline(tuple(steps.tolist()), tuple(float(f"{each:.5g}") for each in values))


def _first_in_spans(marked: NDArray[np.bool_], spans: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the first marked place of each span."""
    places = np.flatnonzero(marked)
    return places[np.unique(spans[places], return_index=True)[1]]
