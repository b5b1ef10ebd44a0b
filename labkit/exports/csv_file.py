"""Writes the series of a run as CSV, with one row per step and one column per series."""

from __future__ import annotations

import csv
from os import PathLike

import numpy as np

from labkit.exports.places import target
from labkit.exports.recorded_rows import recorded_series, rows_by_step
from labkit.run import Run

STEP = "step"
_AXES = ("epoch", "seconds")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Signs with which a spreadsheet begins a formula."""
_LOGGED = " (logged)"
"""Added to the name of a series that is also the name of a column for an axis."""


def to_csv(run: Run, path: str | PathLike[str]) -> None:
    """Write all series as CSV.

    The columns are ``step``, ``epoch`` (completed epochs) and ``seconds`` where these are known,
    and the series; a cell is empty where a series has no point. Values are written with the digits
    that a float32 has. `from_csv_logger` reads the file.

    Parameters
    ----------
    run : Run
        Ended or not.
    path : str or path
        An existing file is replaced; its folder is created if necessary.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_csv(run, f"{folder}/run.csv")
    ...     print(Path(f"{folder}/run.csv").read_text().split())
    ['step,accuracy', '0,0.5']
    """
    series = recorded_series(run)
    axes = [(name, *_knots(run, name)) for name in _AXES if len(_knots(run, name)[0]) > 1]
    with target(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            [STEP, *(name for name, _, _ in axes), *(heading(column_name(each)) for each in series)]
        )
        for step, row in rows_by_step(series):
            places = [f"{np.interp(step, steps, values):.4f}" for _, steps, values in axes]
            writer.writerow([step, *places, *(_text(row.get(name)) for name in series)])


def column_name(series: str) -> str:
    """Return the name of the column of a series, which differs from those of the axes."""
    return f"{series}{_LOGGED}" if series in (STEP, *_AXES) else series


def heading(column: str) -> str:
    """Return the name of a column for a spreadsheet, which would execute a formula.

    A name that begins as a formula gets an apostrophe in front, which `without_apostrophe` removes.

    Examples
    --------
    >>> heading("loss"), heading("=A1")
    ('loss', "'=A1")
    """
    return f"'{column}" if column.lstrip("'").startswith(_FORMULA) else column


def without_apostrophe(heading: str) -> str:
    """Return the name of a column, without the apostrophe of `heading`.

    Examples
    --------
    >>> without_apostrophe("'=A1"), without_apostrophe("'quoted'")
    ('=A1', "'quoted'")
    """
    is_added = heading.startswith("'") and heading.lstrip("'").startswith(_FORMULA)
    return heading[1:] if is_added else heading


def _knots(run: Run, axis: str) -> tuple[list[int], list[float]]:
    knots = (run.epochs.begun if axis == "epoch" else run.step_times).knots()
    return [knot.step for knot in knots], [knot.value for knot in knots]


def _text(value: float | None) -> str:
    """Return the shortest text that is read as the same float32; empty for None."""
    return "" if value is None else str(np.float32(value))
