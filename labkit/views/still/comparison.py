"""The static picture of a comparison: the losses over each other, and what differs as a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from labkit.run import Run
from labkit.run.configuration import configuration_of, differing, results_of
from labkit.run.printable import printable
from labkit.views.still.sheet import WIDTH, Section, drawn_at, label, sheet, style

_LEFT, _RIGHT = 64, 16
_TOP, _BOTTOM = 24, 264
_MAX_POINTS = 800
_MAX_ROWS = 24
_MAX_CELL = 24
_NAME_WIDTH = 176
_LINE = 18
_UNKNOWN = "–"  # noqa: RUF001 - a dash where a run has no such row
_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#b5428a", "#b07d00", "#3a9bd4", "#6b6b6b")
_DARK = ("#56b4e9", "#f0883e", "#2bc49a", "#e08fc0", "#e6b422", "#a6d3f2", "#b8b8b8")
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "12 4 2 4", "", "7 3")
"""Colours and dashes of the runs, as in the page (`frontend/src/views/comparison/looks.ts`)."""

_EXPLODES = 20.0
"""How many times as large as its first value, and as all others, a loss becomes that explodes."""
_FAR = 10
"""Number of heights beyond the plot at which the values of such a loss are drawn at most."""

Curve = tuple[NDArray[np.int64], NDArray[np.float32]]


def text(runs: Sequence[Run], names: Sequence[str]) -> str:
    """Return what differs between the runs, as a table of text."""
    rows = _rows(runs, names)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([f"labkit: {_title(names)}", *(f"  {line}" for line in lines)])


def svg(runs: Sequence[Run], names: Sequence[str]) -> str:
    """Return the first loss of each run in one plot, and what differs below it, as SVG source."""
    curves = [_loss_of(run) for run in runs]
    bottom, body = _plot(curves, names)
    rows = _rows(runs, names)[:_MAX_ROWS]
    table = "".join(_row_at(row, bottom + _LINE * (place + 1)) for place, row in enumerate(rows))
    swatches = "".join(
        f'<path d="M{_column(place + 1, len(runs))} {bottom + 5}h24" fill="none" '
        f'stroke-width="2.5" {_stroke(place)}/>'
        for place in range(len(runs))
    )
    height = bottom + _LINE * (len(rows) + 1)
    section = Section(_style() + body + swatches + table, height)
    return sheet(_title(names), drawn_at(), [section])


def _style() -> str:
    """Return the colours of the runs on a light and on a dark page."""
    light, dark = (
        {f".c{place}": f"stroke:{colour}" for place, colour in enumerate(colours)}
        for colours in (_LIGHT, _DARK)
    )
    return style(light, dark)


def _title(names: Sequence[str]) -> str:
    return f"{len(names)} runs compared: {', '.join(_short(name) for name in names)}"


def _rows(runs: Sequence[Run], names: Sequence[str]) -> list[list[str]]:
    """Return the names of the runs, and a row for each difference."""
    found = [
        [name, *(column.get(name, _UNKNOWN) for column in columns)]
        for columns in ([configuration_of(run) for run in runs], [results_of(run) for run in runs])
        for name in differing(columns)
    ]
    return [[_short(printable(cell)) for cell in row] for row in [["", *names], *found]]


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…"


def _loss_of(run: Run) -> Curve | None:
    """Return the points of the first loss that are finite; None without any."""
    for name in run.names():
        if name != "loss" and not name.startswith("loss/"):
            continue
        steps, values = run.series(name)
        finite = np.isfinite(values)
        if finite.any():
            return steps[finite], values[finite]
    return None


def _plot(curves: Sequence[Curve | None], names: Sequence[str]) -> tuple[int, str]:
    """Return the lower edge of the plot and its source."""
    known = [curve for curve in curves if curve is not None]
    if not known:
        return _TOP + 20, f'<text x="16" y="{_TOP}">No loss has been recorded yet.</text>'
    last = max(int(steps[-1]) for steps, _ in known)
    first = min(int(steps[0]) for steps, _ in known)
    low, high = _common_range([values for _, values in known])
    right = WIDTH - _RIGHT
    lines = "".join(
        f'<polyline fill="none" stroke-width="1.6" {_stroke(place)} points="'
        f'{_points(curve, (first, last), (low, high))}"/>'
        for place, curve in enumerate(curves)
        if curve is not None
    )
    beyond = [
        f"{_short(name)} reaches {_furthest(curve[1]):.3g}"
        for name, curve in zip(names, curves, strict=True)
        if curve is not None and not low <= _furthest(curve[1]) <= high
    ]
    axes = (
        f'<path class="a" d="M{_LEFT} {_TOP}V{_BOTTOM}H{right}"/>'
        f'<text x="16" y="{_TOP - 12}">loss</text>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" class="u" text-anchor="end">{high:.3g}</text>'
        f'<text x="{_LEFT - 6}" y="{_BOTTOM}" class="u" text-anchor="end">{low:.3g}</text>'
        f'<text x="{_LEFT}" y="{_BOTTOM + _LINE}">{first:,}</text>'
        f'<text x="{right}" y="{_BOTTOM + _LINE}" text-anchor="end">step {last:,}</text>'
    )
    if beyond:
        note = f"{', '.join(beyond)}: beyond this axis, which is that of the others"
        axes += label(right, _TOP - 12, note, right - _LEFT, kind="u", anchor="end")
    width, height = right - _LEFT, _BOTTOM - _TOP
    box = f'x="{_LEFT}" y="{_TOP}" width="{width}" height="{height}"'
    # An inner element clips its contents.
    inner = f'<svg {box} viewBox="{_LEFT} {_TOP} {width} {height}">{lines}</svg>'
    return _BOTTOM + 2 * _LINE, axes + inner


def _common_range(curves: Sequence[NDArray[np.float32]]) -> tuple[float, float]:
    """Return the lowest and the highest value of the curves that do not explode.

    The page has the same axis (``frontend/src/views/curves/common-scale.ts``).

    Examples
    --------
    >>> wild, low = np.array([3, 1e9], np.float32), np.array([3, 1], np.float32)
    >>> _common_range([wild, low]), _common_range([wild])
    ((1.0, 3.0), (3.0, 1000000000.0))
    """
    kept: list[NDArray[np.float32]] = []
    reach = 0.0
    for values in sorted(curves, key=lambda values: abs(_furthest(values))):
        size = abs(_furthest(values))
        if reach > 0 and size > _EXPLODES * max(reach, abs(float(values[0]))):
            continue
        kept.append(values)
        reach = max(reach, size)
    return min(float(each.min()) for each in kept), max(float(each.max()) for each in kept)


def _furthest(values: NDArray[np.float32]) -> float:
    """Return the value that is furthest from zero."""
    return float(values[np.argmax(np.abs(values))])


def _points(curve: Curve, ends: tuple[int, int], range_: tuple[float, float]) -> str:
    steps, values = curve
    stride = max(1, len(steps) // _MAX_POINTS)
    chosen = np.unique([*range(0, len(steps), stride), len(steps) - 1])
    (first, last), (low, high) = ends, range_
    share = (steps[chosen] - first) / max(1, last - first)
    across = _LEFT + share * (WIDTH - _LEFT - _RIGHT)
    rise = (values[chosen].astype(float) - low) / (high - low or 1.0)
    rise = np.clip(rise, -_FAR, _FAR)
    down = _BOTTOM - rise * (_BOTTOM - _TOP)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))


def _stroke(place: int) -> str:
    dash = _DASHES[place % len(_DASHES)]
    pattern = f' stroke-dasharray="{dash}"' if dash else ""
    return f'class="c{place % len(_LIGHT)}"{pattern}'


def _column(place: int, runs: int) -> int:
    """Return where a column of the table begins; the first has the names of the rows."""
    return 16 if place == 0 else 16 + _NAME_WIDTH + (place - 1) * (_room() // runs)


def _room() -> int:
    return WIDTH - 32 - _NAME_WIDTH


def _row_at(row: Sequence[str], y: int) -> str:
    letters = max(4, _room() // (len(row) - 1) // 7)
    cells = [row[0], *(cell if len(cell) <= letters else f"{cell[:letters]}…" for cell in row[1:])]
    return "".join(
        f'<text x="{_column(place, len(row) - 1)}" y="{y + 4}">{escape(cell)}</text>'
        for place, cell in enumerate(cells)
    )
