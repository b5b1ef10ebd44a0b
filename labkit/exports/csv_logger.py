"""Reads the CSV files of loggers: Lightning's, fastai's, Keras's, and those of `to_csv`."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

from labkit.exports.csv_file import without_apostrophe
from labkit.exports.imported_run import ImportedSeries, imported_run
from labkit.exports.places import source
from labkit.run import Run

_FILES = ("metrics.csv", "history.csv")
_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,6}):(\d{2})")
"""Durations as fastai writes them: ``00:05``, or with hours."""
_AXES = ("step", "epoch", "seconds")


def from_csv_logger(path: str | PathLike[str], *, name: str | None = None) -> Run:
    r"""Return the series of a CSV file of a logger as an ended run.

    The file has names in its first line, among them ``step`` or, as those of fastai and Keras,
    ``epoch``; then a step is an epoch. Empty cells are no points. Columns of text are left out,
    with a notice.

    Parameters
    ----------
    path : str or path
        The file, or a folder that has a ``metrics.csv`` (Lightning) or ``history.csv`` (fastai).
    name : str, optional
        Name of the run; by default that of the file, or of the folder of a file of that name.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is no such file, or has no numbers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "history.csv"
    ...     _ = file.write_text("epoch,train_loss,time\n0,0.5,00:05\n1,0.25,00:04\n")
    ...     run = from_csv_logger(folder, name="fastai")
    >>> [each.tolist() for each in run.series("train_loss")]
    [[1, 2], [0.5, 0.25]]
    """
    file = _file(source(path))
    lines = list(_lines(file))
    if not lines:
        raise ValueError(f"{file} is empty.")
    (_, names), rows = lines[0], [line for line in lines[1:] if line[1] != lines[0][1]]
    imported = ImportedSeries(str(file))
    columns = _columns(imported, names, rows)
    steps = _steps(imported, columns, [number for number, _ in rows])
    for column, cells in columns.items():
        if column not in _AXES and not _add_times(imported, column, cells, steps):
            _add_series(imported, column, cells, steps, [number for number, _ in rows])
    default = file.resolve().parent.name if file.name in _FILES else file.stem
    return imported_run(name or default, imported)


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = [path / name for name in _FILES if (path / name).is_file()]
    if not found:
        raise FileNotFoundError(f"{path} has neither a {' nor a '.join(_FILES)}.")
    return found[0]


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line that is not empty."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file} is not CSV: it is no text in UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f"{file} is not CSV: line {reader.line_num}: {error}.") from None


def _columns(
    imported: ImportedSeries, names: Sequence[str], rows: list[tuple[int, list[str]]]
) -> dict[str, list[str]]:
    """Return the cells by the name of the column; a column without a name is left out."""
    if len(set(filter(None, names))) < len([name for name in names if name]):
        raise ValueError(f"{imported.source}: two columns in line 1 have the same name.")
    if rows and len(rows[-1][1]) < len(names):
        rows.pop()  # the last line of a file that is being written
    for number, cells in rows:
        if len(cells) != len(names):
            raise ValueError(
                f"{imported.source}: line {number} has {len(cells)} values and line 1 has "
                f"{len(names)} names."
            )
    return {name: [cells[place] for _, cells in rows] for place, name in enumerate(names) if name}


def _steps(
    imported: ImportedSeries, columns: dict[str, list[str]], numbers: Sequence[int]
) -> list[int]:
    """Return the step of each row, and add the epochs and times that are known."""
    epochs = [_number(cell) for cell in columns.get("epoch", [])]
    if "step" in columns:
        steps = [_step(imported, *each) for each in zip(numbers, columns["step"], strict=True)]
        are_completed = any("." in cell for cell in columns.get("epoch", []))
        imported.epochs += _completed(steps, epochs, are_completed=are_completed)
    elif "epoch" in columns:
        cells = columns["epoch"]
        steps = [1 + _step(imported, *each) for each in zip(numbers, cells, strict=True)]
        imported.epochs += [(step, float(step)) for step in steps]
    else:
        raise ValueError(f"{imported.source} has neither a column 'step' nor 'epoch' in line 1.")
    seconds = map(_number, columns.get("seconds", []))
    imported.seconds += [
        (step, time) for step, time in zip(steps, seconds, strict=False) if time is not None
    ]
    return steps


def _completed(
    steps: Sequence[int], epochs: Sequence[float | None], *, are_completed: bool
) -> list[tuple[int, float]]:
    """Return the numbers of completed epochs at some steps.

    A logger writes the number of the present epoch, counted from 0; its last row is its end.
    """
    known = [each for each in zip(steps, epochs, strict=False) if each[1] is not None]
    if are_completed:
        return [(step, epoch) for step, epoch in known if epoch is not None]
    ends: dict[float, int] = {}
    for step, epoch in known:
        if epoch is not None:
            ends[epoch] = max(step, ends.get(epoch, 0))
    return [(step + 1, epoch + 1) for epoch, step in ends.items()]


def _step(imported: ImportedSeries, number: int, cell: str) -> int:
    value = _number(cell)
    if value is None or not math.isfinite(value) or value != int(value) or abs(value) >= 2**62:
        raise ValueError(
            f"{imported.source}: line {number} has no whole number as its step: {cell[:40]!r}"
        )
    return int(value)


def _add_times(
    imported: ImportedSeries, column: str, cells: Sequence[str], steps: Sequence[int]
) -> bool:
    """Add the durations of a column ``time``; return False if there are none in it."""
    found = [_CLOCK.fullmatch(cell) for cell in cells]
    if column != "time" or not cells or not all(found):
        return False
    total = 0
    imported.seconds.append((0, 0.0))
    for step, each in zip(steps, found, strict=True):
        hours, minutes, seconds = (int(part or 0) for part in each.groups()) if each else (0, 0, 0)
        total += 3600 * hours + 60 * minutes + seconds
        imported.seconds.append((step, float(total)))
    return True


def _add_series(
    imported: ImportedSeries,
    column: str,
    cells: Sequence[str],
    steps: Sequence[int],
    numbers: Sequence[int],
) -> None:
    """Add the points of a column, unless one of its cells is a text."""
    points = [(step, cell) for step, cell in zip(steps, cells, strict=True) if cell.strip()]
    values = [_number(cell) for _, cell in points]
    if None in values:
        text = points[values.index(None)][1]
        line = numbers[cells.index(text)]
        imported.notices.append(
            f"The column {column[:80]!r} was not imported: line {line} has no number in it: "
            f"{text[:40]!r}."
        )
        return
    for (step, _), value in zip(points, values, strict=True):
        if value is not None:
            imported.add(without_apostrophe(column), step, value)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
