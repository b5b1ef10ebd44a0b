"""Reads the scalars of TensorBoard's event files, with tbparse."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from labkit.exports.imported_run import ImportedSeries, imported_run
from labkit.exports.places import source
from labkit.run import Run
from labkit.run.error_text import described
from labkit.run.optional import import_optional

_EVENT_FILES = "*tfevents*"
_PARTS = ("train", "training", "validation", "valid", "val", "test", "eval", "evaluation")
"""Folders that hold a part of the data of one run."""
_MAX_LISTED = 8
_TYPES = ("scalars", "tensors")
"""Where the old format and the new one have scalars."""


class _Scalar(NamedTuple):
    tag: str
    step: int
    value: float
    seconds: float
    """Time of day, in s since 1970."""


def from_tensorboard(folder: str | PathLike[str], *, name: str | None = None) -> Run:
    """Return the scalars of a run of TensorBoard as an ended run.

    Both formats of scalars are read, and the times of the steps. Folders named ``train``,
    ``validation`` or likewise, as Keras writes them, belong to the run: their series are named
    ``"train/loss"`` and ``"validation/loss"``. After a restart from an earlier step, the points of
    the later file replace those of the earlier one from there on. All event files are read into
    memory at once, pictures and histograms in them included.

    Parameters
    ----------
    folder : str or path
        The folder of one run, or an event file.
    name : str, optional
        Name of the run; by default that of the folder.

    Raises
    ------
    ImportError
        If tbparse is not installed.
    OSError
        If there is no such folder.
    ValueError
        If it has no event files with scalars, or if these are in folders of several runs.
    """
    tbparse = import_optional("tbparse", needed_by="from_tensorboard()")
    path = source(folder)
    imported = ImportedSeries(str(path))
    for prefix, files in _files(path).items():
        found = [scalars for file in files if (scalars := _scalars(tbparse, file))]
        for scalars in sorted(found, key=lambda points: points[0].seconds):
            for tag, step, value, seconds in scalars:
                imported.add(prefix + tag, step, value)
                imported.seconds.append((step, seconds))
    begin = min((seconds for _, seconds in imported.seconds), default=0.0)
    imported.seconds = [(step, seconds - begin) for step, seconds in imported.seconds]
    return imported_run(name or path.resolve().name, imported)


def _files(path: Path) -> dict[str, list[Path]]:
    """Return the event files by the prefix of the names of their series."""
    if path.is_file():
        return {"": [path]}
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {path}.")
    own = sorted(each for each in path.glob(_EVENT_FILES) if each.is_file())
    below = {file.parent for file in path.rglob(_EVENT_FILES) if file.is_file()} - {path}
    parts = {each for each in below if each.parent == path and each.name.lower() in _PARTS}
    if not own and not parts:
        listed = ", ".join(str(each.relative_to(path)) for each in sorted(below)[:_MAX_LISTED])
        where = f"; there are some in: {listed}. Give one of these folders" if below else ""
        raise ValueError(f"{path} has no event files of TensorBoard (*tfevents*){where}.")
    return {
        **({"": own} if own else {}),
        **{f"{part.name}/": sorted(part.glob(_EVENT_FILES)) for part in sorted(parts)},
    }


def _scalars(tbparse: Any, file: Path) -> list[_Scalar]:
    """Return the scalars of a file in the order in which they were written."""
    try:
        with _without_messages():
            reader = tbparse.SummaryReader(
                str(file), event_types=set(_TYPES), extra_columns={"wall_time"}
            )
            tables = [reader.scalars, reader.tensors]
    except Exception as error:  # noqa: BLE001 - a file may be damaged in any way
        raise ValueError(
            f"{file} is no event file of TensorBoard, or is damaged ({described(error)[:200]})."
        ) from None
    scalars = [
        _Scalar(str(tag), int(step), float(value), seconds if math.isfinite(seconds) else 0.0)
        for table in tables
        if len(table)
        for tag, step, value, seconds in zip(
            table["tag"], table["step"], table["value"], table["wall_time"], strict=True
        )
        if isinstance(value, Real)
    ]
    return sorted(scalars, key=lambda scalar: scalar.seconds)  # they were sorted by steps


@contextmanager
def _without_messages() -> Iterator[None]:
    """Suppress what TensorBoard logs of truncated files, and warnings about tbparse's own code.

    What precedes the end of a truncated file is read.
    """
    logger = logging.getLogger("tensorboard")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
