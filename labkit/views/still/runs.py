"""The static picture of a folder of runs: a table with the course of each loss."""

from __future__ import annotations

from os import fsencode

from labkit.run.folder.listed_run import ListedRun
from labkit.run.folder.run_folder import RunFolder
from labkit.run.folder.runs_text import table_of, text_of, title_of
from labkit.views.still.sheet import INSET, ROOM, Section, drawn_at, label, paragraph, sheet

_FIRST_WIDTHS = (130, 80, 52, 70)
"""Widths of the columns before the curve, in px."""
_CURVE_LEFT, _CURVE_WIDTH = 352, 76
_MORE_LEFT = 438
_MAX_COLUMNS = 4
_LINE = 22
_RAISED = 6


def text(folder: RunFolder) -> str:
    """Return the runs as a table of text."""
    return text_of(_name(folder), folder.listed)


def svg(folder: RunFolder) -> str:
    """Return the runs as SVG source, the newest first, with the course of each loss."""
    runs = folder.listed
    section = _table(runs) if runs else paragraph(["There is no run yet."])
    return sheet(title_of(_name(folder), len(runs)), drawn_at(), [section])


def _table(runs: tuple[ListedRun, ...]) -> Section:
    table = table_of(runs, _MAX_COLUMNS)
    body = [_row(table.head, 14, "k"), f'<path class="a" d="M{INSET} 20H{INSET + ROOM}"/>']
    for place, (cells, run) in enumerate(zip(table.rows, table.runs, strict=True), start=1):
        bottom = 14 + place * _LINE
        body += [_row(cells, bottom), _curve(run, bottom)]
    if table.more:
        body.append(label(INSET, 14 + _LINE * (len(table.rows) + 1), f"and {table.more:,} more"))
    return Section("".join(body), _LINE * (len(table.rows) + 1 + bool(table.more)))


def _name(folder: RunFolder) -> str:
    return fsencode(folder.folder).decode("utf-8", "backslashreplace")


def _row(cells: list[str], y: int, kind: str = "") -> str:
    lefts = [INSET + sum(_FIRST_WIDTHS[:place]) for place in range(len(_FIRST_WIDTHS))]
    others = len(cells) - len(lefts)
    room = (INSET + ROOM - _MORE_LEFT) // max(1, others)
    lefts += [_MORE_LEFT + room * place for place in range(others)]
    widths = [*_FIRST_WIDTHS, *[room] * others]
    return "".join(
        label(left, y, cell, width - 8, kind)
        for cell, left, width in zip(cells, lefts, widths, strict=True)
    )


def _curve(run: ListedRun, y: int) -> str:
    steps, values = run.outline.steps, run.outline.values
    if len(steps) < 2:  # noqa: PLR2004
        return ""
    first, length = steps[0], max(1, steps[-1] - steps[0])
    low, high = min(values), max(values)
    points = " ".join(
        f"{_CURVE_LEFT + _CURVE_WIDTH * (step - first) / length:.1f},"
        f"{y + 3 - (_LINE - _RAISED) * (value - low) / ((high - low) or 1.0):.1f}"
        for step, value in zip(steps, values, strict=True)
    )
    return f'<polyline class="s0" points="{points}"/>'
