"""Builds the messages of a folder of runs, whose types are in `labkit.views.messages.runs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.run.folder.listed_run import ListedRun
from labkit.views import message_builders as wire

_MAX_LETTERS = 300
_MAX_CONFIGURATION = 300


def runs_message(folder: str, problem: str | None, runs: Sequence[ListedRun]) -> wire.Message:
    """Return the message with all runs of a folder."""
    message = wire.Message(
        {
            "type": "runs",
            "protocol": wire.PROTOCOL_VERSION,
            "folder": _short(folder),
            "problem": problem,
        }
    )
    message.content["content"] = _rows(message, runs)
    return message


def rows_message(
    problem: str | None, runs: Sequence[ListedRun], removed: Sequence[str]
) -> wire.Message:
    """Return the message with the runs that have changed, and the keys of those that are gone."""
    message = wire.Message({"type": "run-rows", "problem": problem, "removed": list(removed)})
    message.content["content"] = _rows(message, runs)
    return message


def compared_message(
    request: int | None, keys: Sequence[str], names: Sequence[str], channels: Sequence[str]
) -> wire.Message:
    """Return the message with the model ids of the channels of the runs that are compared."""
    return wire.Message(
        {
            "type": "compared",
            "request": request,
            "keys": list(keys),
            "names": list(names),
            "channels": [f"IPY_MODEL_{channel}" for channel in channels],
        }
    )


def _rows(message: wire.Message, runs: Sequence[ListedRun]) -> dict[str, Any]:
    numbers = [
        value
        for run in runs
        for result in run.results
        for value in (result.last, result.lowest, result.highest)
    ]
    outlines = [part for run in runs for part in (_places(run), run.outline.values)]
    flat = np.concatenate([np.empty(0), *(np.asarray(part, np.float64) for part in outlines)])
    return {
        "rows": [_row(run) for run in runs],
        "numbers": message.add(np.asarray(numbers, np.float64), "<f8"),
        "outlines": message.add(flat, "<f4"),
    }


def _places(run: ListedRun) -> NDArray[np.float64]:
    """Return the steps of an outline as places from 0 to 1."""
    steps: NDArray[np.float64] = np.asarray(run.outline.steps, np.float64)
    if len(steps):
        steps = (steps - steps[0]) / max(1.0, float(steps[-1] - steps[0]))
    return steps


def _row(run: ListedRun) -> dict[str, Any]:
    return {
        "key": run.key,
        "name": _short(run.name),
        "error": run.error and _short(run.error),
        "status": run.status,
        "message": run.message and _short(run.message),
        "steps": run.steps,
        "started": wire.finite(run.started),
        "duration": wire.finite(run.duration),
        "note": _short(run.note),
        "findings": len(run.findings),
        "finding": _short(run.findings[0].message) if run.findings else "",
        "configuration": _configuration(run.configuration),
        "results": [_short(result.name) for result in run.results],
        "points": len(run.outline.steps),
    }


def _configuration(rows: Mapping[str, str]) -> dict[str, str]:
    return {_short(name): _short(text) for name, text in islice(rows.items(), _MAX_CONFIGURATION)}


def _short(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else f"{text[: _MAX_LETTERS - 1]}…"
