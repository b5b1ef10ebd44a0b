"""Many runs as a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from labkit.run.folder.listed_run import GIVEN, ListedRun, differing_settings, labels_of
from labkit.run.printable import printable

MAX_ROWS = 24
_MAX_CELL = 24
_MAX_COLUMNS = 8
_MAX_LINE = 98
_UNKNOWN = "-"


class RunsTable(NamedTuple):
    """The texts of a table of runs, the newest run first.

    Attributes
    ----------
    head : list of str
        The names of the columns.
    rows : list of list of str
        The cells, of at most 24 runs.
    runs : list of ListedRun
        The runs of the rows.
    more : int
        Number of runs without a row.
    """

    head: list[str]
    rows: list[list[str]]
    runs: list[ListedRun]
    more: int


def table_of(runs: Sequence[ListedRun], max_columns: int) -> RunsTable:
    """Return the table with at most so many columns of what differs in the configuration."""
    newest_first = sorted(runs, key=lambda run: -(run.started or 0))
    shown, labels = newest_first[:MAX_ROWS], labels_of(newest_first)
    names = differing_settings(runs)[:max_columns]
    head = ["run", "status", "steps", "loss", *names]
    rows = [_cells(run, label, names) for run, label in zip(shown, labels, strict=False)]
    cells = [[_short(printable(cell)) for cell in row] for row in rows]
    more = len(runs) - len(shown)
    heads = [_short(printable(name.removeprefix(GIVEN))) for name in head]
    return RunsTable(heads, cells, shown, more)


def text_of(folder: str, runs: Sequence[ListedRun]) -> str:
    """Return the runs in a folder as lines of text.

    Examples
    --------
    >>> from pathlib import Path
    >>> print(text_of("runs", [ListedRun("a.lab", Path("a.lab"), "a", steps=1_000)]))
    labkit: 1 run in runs
      run  status  steps  loss
      a    -       1,000  -
    """
    lines = [title_of(folder, len(runs))]
    if runs:
        head, rows, _, more = table_of(runs, _MAX_COLUMNS)
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        ends = accumulate(width + 2 for width in widths)
        widths = [width for width, end in zip(widths, ends, strict=True) if end <= _MAX_LINE]
        lines += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *rows)]
        lines += [f"  and {more:,} more"] if more else []
    return "\n".join(lines)


def title_of(folder: str, runs: int) -> str:
    """Return what a table of runs shows, in one line."""
    return f"labkit: {runs:,} {'run' if runs == 1 else 'runs'} in {printable(folder)}"


def _cells(run: ListedRun, label: str, names: Sequence[str]) -> list[str]:
    loss = next((result.last for result in run.results if result.name.startswith("loss")), None)
    return [
        label,
        "unreadable" if run.error else (run.status or _UNKNOWN),
        _UNKNOWN if run.steps is None else f"{run.steps:,}",
        _UNKNOWN if loss is None else f"{loss:.4g}",
        *(run.configuration.get(name, _UNKNOWN) for name in names),
    ]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_CELL else f"{line[: _MAX_CELL - 1]}…"
