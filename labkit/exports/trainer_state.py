"""Reads the history in the ``trainer_state.json`` of Transformers' Trainer."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from labkit.exports.imported_run import ImportedSeries, imported_run
from labkit.exports.places import source
from labkit.run import Run
from labkit.run.error_text import described

_FILE = "trainer_state.json"
_RENAMED = {"learning_rate": "lr/0"}
_SPEEDS = ("_runtime", "_per_second", "_compilation_time")
_SUMMARY = "train_runtime"
"""A key of the entry at the end, which sums the training up."""


def from_trainer_state(path: str | PathLike[str], *, name: str | None = None) -> Run:
    """Return what Transformers' Trainer logged in ``trainer_state.json`` as an ended run.

    ``learning_rate`` becomes ``"lr/0"``; the other values keep their names. Speeds and the summary
    at the end are left out. The epochs are known, the times are not.

    Parameters
    ----------
    path : str or path
        The file, or the folder of a checkpoint.
    name : str, optional
        Name of the run; by default that of the folder.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is no such file, or has no history.
    """
    file = source(path)
    file = file / _FILE if file.is_dir() else file
    imported = ImportedSeries(str(file))
    for entry in _history(file):
        _add_entry(imported, entry)
    return imported_run(name or file.resolve().parent.name, imported)


def _history(file: Path) -> list[Any]:
    content = file.read_bytes()
    try:
        state = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is not JSON ({described(error)[:200]}).") from None
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list):
        text = f"{file} is no trainer_state.json: it has no list 'log_history'."
        raise ValueError(text)  # noqa: TRY004 - what is wrong is the content, not an argument
    return history


def _add_entry(imported: ImportedSeries, entry: Any) -> None:
    step = entry.get("step") if isinstance(entry, dict) else None
    if not isinstance(step, int) or isinstance(step, bool) or abs(step) >= 2**63:
        raise ValueError(
            f"{imported.source}: an entry of 'log_history' has no step: {str(entry)[:80]}"
        )
    epoch = _number(entry.get("epoch"))
    if epoch is not None:
        imported.epochs.append((step, epoch))
    if _SUMMARY in entry:
        return
    for name, given in entry.items():
        value = _number(given)
        if value is not None and name not in ("step", "epoch") and not name.endswith(_SPEEDS):
            imported.add(_RENAMED.get(name, name), step, value)


def _number(value: Any) -> float | None:
    """Return a number as a float; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
