"""A run in a table of many: what its file says of it, or why that cannot be read."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labkit.run.configuration import configuration_rows, differing
from labkit.run.file.summary import FileSummary, FindingSummary
from labkit.run.file.writer import why_ended
from labkit.run.folder.scan import Stamp
from labkit.run.series.results import Outline, SeriesResult
from labkit.run.state import FINAL_STATUSES, Status

_NOTE = "note"
_OPTIMIZER = "optimizer"
GIVEN = "config."
"""Begin of the names of what the user gave as the configuration."""
_MAX_LETTERS = 2_000
_OFF = frozenset({"0", "False", "None"})
"""Values of a setting with which a run does what one without this setting does."""


@dataclass(frozen=True)
class ListedRun:
    """A file in a folder of runs.

    Attributes
    ----------
    key : str
        Path of the file relative to the folder, with slashes.
    path : Path
        The file.
    name : str
        Name of the run; of a file that cannot be read, that of the file.
    error : str or None
        Why the file cannot be read; None if it can.
    status : str or None
        Status of the run; "interrupted" if its process was killed. None for such a file, as the
        next five.
    message : str or None
        Why the run is idle, was interrupted or failed.
    steps : int or None
        Number of completed optimizer steps.
    started : float or None
        When it was created, in s since 1970; None if unknown.
    duration : float or None
        Time from then to its end, or until now, in s.
    note : str
    configuration : mapping of str to str
        As `labkit.run.configuration.configuration_of` returns it, without the note.
    results : tuple of SeriesResult
        The last, lowest and highest values of its losses and metrics.
    outline : Outline
        The course of its first loss.
    findings : tuple of FindingSummary
        Those that hold.
    """

    key: str
    path: Path
    name: str
    error: str | None = None
    status: Status | None = None
    message: str | None = None
    steps: int | None = None
    started: float | None = None
    duration: float | None = None
    note: str = ""
    configuration: Mapping[str, str] = field(default_factory=dict)
    results: tuple[SeriesResult, ...] = ()
    outline: Outline = field(default_factory=Outline)
    findings: tuple[FindingSummary, ...] = ()

    @property
    def is_growing(self) -> bool:
        """Whether the run may still grow."""
        return self.status is not None and self.status not in FINAL_STATUSES


def labels_of(runs: Sequence[ListedRun]) -> list[str]:
    """Return what tells the runs apart: their names, or their files where names are the same.

    Examples
    --------
    >>> paths = [Path("a.lab"), Path("sweep/b.lab"), Path("c.lab")]
    >>> names = ["Net", "Net", "GPT"]
    >>> runs = [ListedRun(str(path), path, name) for path, name in zip(paths, names, strict=True)]
    >>> labels_of(runs)
    ['a', 'sweep/b', 'GPT']
    """
    counts = Counter(run.name for run in runs)
    return [run.name if counts[run.name] == 1 else run.key.removesuffix(".lab") for run in runs]


def differing_settings(runs: Sequence[ListedRun]) -> list[str]:
    """Return the names of the configuration in which runs differ.

    A setting that some runs lack counts if the user gave it, or if it is in use in the others:
    optimizers of different classes have different ones. Of a run whose optimizer is unknown, it is
    unknown what it lacks.

    Examples
    --------
    >>> sgd = {"optimizer": "SGD", "momentum": "0.9", "nesterov": "False", "config.width": "16"}
    >>> runs = [
    ...     ListedRun("a", Path("a"), "a", configuration=sgd),
    ...     ListedRun("b", Path("b"), "b", configuration={"optimizer": "Adam"}),
    ... ]
    >>> differing_settings(runs)
    ['optimizer', 'momentum', 'config.width']
    """
    readable = [run.configuration for run in runs if run.error is None]

    def differs(name: str) -> bool:
        found = {c[name] for c in readable if name in c}
        is_lacking = any(name not in c and _OPTIMIZER in c for c in readable)
        return name.startswith(GIVEN) or len(found) > 1 or (is_lacking and not found <= _OFF)

    return [name for name in differing(readable) if differs(name)]


@dataclass(frozen=True)
class WatchedFile:
    """What was read of a file, and since when it has not changed.

    Attributes
    ----------
    stamp : Stamp
        That of the file before it was read.
    summary : FileSummary
    changed_at : float
        When its process was first seen to have written it last, on the monotonic clock, in s.
    configuration : mapping of str to str
        As in `ListedRun`.
    """

    stamp: Stamp
    summary: FileSummary
    changed_at: float
    configuration: Mapping[str, str]

    @classmethod
    def of(cls, stamp: Stamp, summary: FileSummary, before: WatchedFile | None) -> WatchedFile:
        """Return a file that was read again; `before` is what was read before."""
        is_same = before is not None and before.summary.writer == summary.writer
        changed_at = before.changed_at if before is not None and is_same else time.monotonic()
        return cls(stamp, summary, changed_at, _shown_rows(configuration_rows(summary)))

    def listed(self, key: str, path: Path) -> ListedRun:
        """Return the run as it is now: its process may have been killed since."""
        summary, state = self.summary, self.summary.state
        still = self.why_still()
        is_final = still is None or state.status in FINAL_STATUSES
        return ListedRun(
            key=key,
            path=path,
            name=summary.name[:_MAX_LETTERS],
            status=state.status if is_final else "interrupted",
            message=state.message if is_final else still,
            steps=state.step,
            started=None if math.isnan(summary.started_at) else summary.started_at,
            duration=state.elapsed if math.isfinite(state.elapsed) else None,
            note=summary.note[:_MAX_LETTERS],
            configuration=self.configuration,
            results=summary.results,
            outline=summary.outline,
            findings=summary.findings,
        )

    def why_still(self) -> str | None:
        """Return why nothing will be added to the file; None if its process may be writing."""
        state = self.summary.state
        if state.status in FINAL_STATUSES:
            return "the run has ended"
        unchanged = time.monotonic() - self.changed_at
        return why_ended(self.summary.writer, state.step, unchanged)


def _shown_rows(rows: Mapping[str, str]) -> dict[str, str]:
    """Return the rows of a configuration without the note, and without what says nothing new."""
    is_all_trainable = rows.get("trainable parameters") == rows.get("parameters")
    hidden = {_NOTE, "trainable parameters"} if is_all_trainable else {_NOTE}
    return {name: text for name, text in rows.items() if name not in hidden}
