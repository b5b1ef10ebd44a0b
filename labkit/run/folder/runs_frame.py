"""Many runs as a data frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labkit.run.folder.listed_run import ListedRun, differing_settings
from labkit.run.optional import import_optional
from labkit.run.series.results import SeriesResult

if TYPE_CHECKING:
    import pandas

_LOSS = "loss"
_FIRST = ("name", "status", "steps", "started", "duration")


def frame_of(runs: Sequence[ListedRun], *, only_differing: bool) -> pandas.DataFrame:
    """Return a data frame with a row for each run; see `RunFolder.to_frame`."""
    pandas = import_optional("pandas", needed_by="runs.to_frame()")
    readable = [run.configuration for run in runs if run.error is None]
    names = dict.fromkeys(name for column in readable for name in column)
    chosen = differing_settings(runs) if only_differing else list(names)
    columns: dict[str, list[Any]] = {name: [getattr(run, name) for run in runs] for name in _FIRST}
    columns["started"] = pandas.to_datetime(
        [math.nan if run.started is None else run.started for run in runs], unit="s", utc=True
    )
    columns |= _result_columns(runs)
    for name in chosen:
        key = f"configuration, {name}" if name in columns else name
        columns[key] = _numbers([run.configuration.get(name) for run in runs])
    columns["findings"] = [None if run.error else len(run.findings) for run in runs]
    for name in ("note", "error"):
        columns[name] = [getattr(run, name) or None for run in runs]
    columns["path"] = [str(run.path) for run in runs]
    frame = pandas.DataFrame(columns)
    for name in ("steps", "findings"):
        frame[name] = frame[name].astype("Int64")
    return frame


def results_as_row(results: Sequence[SeriesResult]) -> dict[str, float]:
    """Return results by the names of their columns; those of a loss without its highest value.

    Examples
    --------
    >>> results_as_row([SeriesResult("accuracy", 0.5, 0.25, 0.75)])
    {'accuracy, last': 0.5, 'accuracy, lowest': 0.25, 'accuracy, highest': 0.75}
    """
    row: dict[str, float] = {}
    for result in results:
        row[f"{result.name}, last"] = result.last
        row[f"{result.name}, lowest"] = result.lowest
        if _LOSS not in result.name:
            row[f"{result.name}, highest"] = result.highest
    return row


def _result_columns(runs: Sequence[ListedRun]) -> dict[str, list[Any]]:
    rows = [results_as_row(run.results) for run in runs]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name, math.nan) for row in rows] for name in names}


def _numbers(texts: Sequence[str | None]) -> list[Any]:
    """Return the texts of a column as numbers if all that are known are numbers."""
    try:
        found = [None if text is None else float(text.replace(",", "")) for text in texts]
    except ValueError:
        return list(texts)
    return found
