"""The still picture of a loop and its runs, for notebooks without a kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence

from labkit.views.messages.loop import LoopCurves, LoopLine, LoopSeries
from labkit.views.still.sheet import INSET, LINE, ROOM, Section, label, sheet

_HEIGHT = 110
"""Height of the axes of a series, in px."""
_HEADROOM = 1.5
"""Curves are drawn up to so many times the largest value of the run with all lines."""


def top_of(series: Sequence[LoopSeries]) -> float:
    """Return the upper end of the axis of a series of some runs, the one with all lines first.

    Fractions have all of 0 to 1.

    Examples
    --------
    >>> top_of([{"name": "loss", "steps": [0, 1], "values": [2.3, None]}])
    4.0
    """
    sizes = [[abs(value) for value in each["values"] if value is not None] for each in series]
    if all(size <= 1 for run in sizes for size in run):
        return 1.0
    return _rounded_up(max(sizes[0], default=0.0) * _HEADROOM or 1.0)


def _rounded_up(value: float) -> float:
    """Return the next number with one significant digit."""
    unit = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / unit) * unit


def still_picture(code: Sequence[LoopLine], off: Sequence[int], runs: Sequence[LoopCurves]) -> str:
    """Return the lines, those that are off marked, and the curves as SVG source."""
    names = list(dict.fromkeys(each["name"] for run in runs for each in run["series"]))
    sections = [_code(code, off), _legend(runs), *(_axes(name, runs) for name in names)]
    return sheet("A training loop, run with all lines and without some", "", sections)


def _code(code: Sequence[LoopLine], off: Sequence[int]) -> Section:
    rows = []
    for row, line in enumerate(code):
        text = label(INSET, LINE * (row + 1) - 4, line["text"], room=2 * ROOM, kind="u")
        crossed = ";text-decoration:line-through" if line["number"] in off else ""
        style = f'xml:space="preserve" style="font-family:ui-monospace,monospace{crossed}"'
        rows.append(text.replace("<text ", f"<text {style} ", 1))
    return Section("".join(rows), LINE * len(rows))


def _legend(runs: Sequence[LoopCurves]) -> Section:
    rows = ""
    for row, run in enumerate(runs):
        y = LINE * (row + 1) - 4
        rows += f'<polyline class="s{row}" points="{INSET},{y - 4} {INSET + 20},{y - 4}"/>'
        text = f"{run['label']}. {run['error']}" if run["error"] else run["label"]
        rows += label(INSET + 28, y, text, room=ROOM - 28)
    return Section(rows, LINE * len(runs))


def _axes(name: str, runs: Sequence[LoopCurves]) -> Section:
    found = [each for run in runs for each in run["series"] if each["name"] == name]
    top = top_of(found)
    last = max((each["steps"][-1] for each in found if each["steps"]), default=1) or 1
    body = label(INSET, 12, f"{name}, 0 to {top:.3g}, over {last} steps", kind="k")
    body += f'<rect class="a" x="{INSET}" y="20" width="{ROOM}" height="{_HEIGHT}"/>'
    for place, run in enumerate(runs):
        for each in run["series"]:
            if each["name"] == name:
                body += _curve(each, place, top, last)
    return Section(body, _HEIGHT + 24)


def _curve(series: LoopSeries, place: int, top: float, last: int) -> str:
    points = " ".join(
        f"{INSET + ROOM * step / last:.1f},{20 + _HEIGHT * (1 - _share(value, top)):.1f}"
        for step, value in zip(series["steps"], series["values"], strict=True)
    )
    return f'<polyline class="s{place}" points="{points}"/>'


def _share(value: float | None, top: float) -> float:
    """Return a height as a fraction of the axis; what is not a number is at the top."""
    return 1.0 if value is None else min(max(value / top, 0.0), 1.0)
