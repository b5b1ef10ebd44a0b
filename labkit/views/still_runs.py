"""The static picture of a folder of runs: a table with the course of each loss."""

from __future__ import annotations

from html import escape
from os import fsencode

from labkit.run.listed_run import ListedRun
from labkit.run.run_folder import RunFolder
from labkit.run.runs_text import table_of, text_of, title_of
from labkit.views import pictures

_FIRST_WIDTHS = (130, 80, 52, 70)
_CURVE_LEFT, _CURVE_WIDTH = 352, 76
_MORE_LEFT = 438
_MAX_COLUMNS = 4
_LINE, _TOP = 22, 58
_RAISED = 6
_LETTER = 7.4
"""Approximate width of a letter, in px."""


def text(folder: RunFolder) -> str:
    """Return the runs as a table of text."""
    return text_of(_name(folder), folder.listed)


def svg(folder: RunFolder) -> str:
    """Return the runs as SVG source, the newest first, with the course of each loss."""
    runs = folder.listed
    title = title_of(_name(folder), len(runs))
    if not runs:
        return pictures.frame(title, 76, '<text x="16" y="58">There is no run yet.</text>')
    table = table_of(runs, _MAX_COLUMNS)
    lines = [_row(table.head, _TOP, "t2")]
    for place, (cells, run) in enumerate(zip(table.rows, table.runs, strict=True), start=1):
        lines += [_row(cells, _TOP + place * _LINE), _curve(run, _TOP + place * _LINE)]
    bottom = _TOP + _LINE * (len(table.rows) + 1)
    if table.more:
        lines.append(f'<text x="16" y="{bottom}">and {table.more:,} more</text>')
    style = "<style>.t2{font-weight:600}</style>"
    edge = f'<path class="a" d="M16 {_TOP + 7}H{pictures.WIDTH - 16}"/>'
    return pictures.frame(title, bottom + _LINE * bool(table.more), style + edge + "".join(lines))


def _name(folder: RunFolder) -> str:
    return fsencode(folder.folder).decode("utf-8", "backslashreplace")


def _row(cells: list[str], y: int, kind: str = "") -> str:
    lefts = [16 + sum(_FIRST_WIDTHS[:place]) for place in range(len(_FIRST_WIDTHS))]
    others = len(cells) - len(lefts)
    room = (pictures.WIDTH - 16 - _MORE_LEFT) // max(1, others)
    lefts += [_MORE_LEFT + room * place for place in range(others)]
    widths = [*_FIRST_WIDTHS, *[room] * others]
    label = f' class="{kind}"' if kind else ""
    return "".join(
        f'<text{label} x="{left}" y="{y}">{escape(_fitting(cell, width))}</text>'
        for cell, left, width in zip(cells, lefts, widths, strict=True)
    )


def _fitting(cell: str, width: int) -> str:
    letters = max(2, int((width - 8) / _LETTER))
    return cell if len(cell) <= letters else f"{cell[: letters - 1]}…"


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
    return f'<polyline class="l" points="{points}"/>'
