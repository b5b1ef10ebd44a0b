"""Curves of the losses and the metrics of a run as SVG, with their last and extreme values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labkit.run import Run
from labkit.run.series.decimate import decimate
from labkit.views.still.sheet import INSET, ROOM, SERIES_COLOURS, Section, label

MAX_CURVES = 4
_MAX_LOSSES = 2
_SLICES = 200
"""A curve has at most three points for each."""
_GAP, _HEIGHT, _WIDE_HEIGHT = 24, 128, 160
_AXIS = 52
"""Width of the labels of the vertical axis, in px."""
_HEAD, _FOOT = 26, 20
_LETTER = 6.0
"""Width of a letter of the summaries, in px."""

Points = tuple[NDArray[np.int64], NDArray[np.float32]]


def names_of(run: Run) -> list[str]:
    """Return the losses and the metrics that have values, the losses first.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> names_of(run)
    ['accuracy']
    """
    kinds = [table for table in run.tables.values() if table.kind in ("loss", "metric")]
    kinds.sort(key=lambda table: table.kind)
    return [name for table in kinds for name in table.names if len(run.series(name)[0])]


def summary(run: Run, name: str) -> str:
    """Return the first, the last, the smallest and the largest value of a series.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> summary(run, "accuracy")
    '0.5 at step 0, 0.5 at step 0, min 0.5, max 0.5'
    """
    steps, values = run.series(name)
    first = f"{values[0]:.4g} at step {steps[0]:,}"
    last = f"{values[-1]:.4g} at step {steps[-1]:,}"
    finite = values[np.isfinite(values)]
    missing = len(values) - len(finite)
    ends = f", min {finite.min():.4g}, max {finite.max():.4g}" if len(finite) else ""
    return f"{first}, {last}{ends}" + (f", {missing:,} not finite" if missing else "")


def curves(run: Run) -> Section:
    """Return up to four curves: two in a row, the first alone if their number is odd."""
    found = names_of(run)
    losses = [name for name in found if name == "loss" or name.startswith("loss/")]
    metrics = [name for name in found if name not in losses]
    shown = [*losses[: _MAX_LOSSES if metrics else MAX_CURVES], *metrics][:MAX_CURVES]
    if not shown:
        return Section(label(INSET, 14, "No loss has been recorded yet."), 18)
    body, top, left = "", 0, 0.0
    for place, name in enumerate(shown):
        is_wide = place == 0 and len(shown) % 2 == 1
        width = ROOM if is_wide else (ROOM - _GAP) / 2
        height = _WIDE_HEIGHT if is_wide else _HEIGHT
        body += (
            f'<g transform="translate({INSET + left:g},{top})">'
            f"{_curve(run, name, place, width, height)}</g>"
        )
        left = 0.0 if is_wide or left else width + _GAP
        if not left:
            top += height + 12
    if len(found) > len(shown):
        others = ", ".join(name for name in found if name not in shown)
        body += label(INSET, top + 8, f"Also recorded: {others}", kind="u")
        top += 18
    return Section(body, top - 12)


def _curve(run: Run, name: str, place: int, width: float, height: int) -> str:
    """Return one curve with its axes in a box."""
    extremes = _extremes(run, name)
    room = max(width / 4, width - _LETTER * len(extremes) - 8)
    head = label(0, 14, name, room - 8, "k") + label(width, 14, extremes, width - room, "u", "end")
    steps, values = decimate(*run.series(name), _SLICES)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return head + label(_AXIS, height / 2, "No finite value was recorded.")
    low, high = float(finite.min()), float(finite.max())
    bottom = height - _FOOT
    across = _AXIS + (steps - steps[0]) / max(1, int(steps[-1] - steps[0])) * (width - _AXIS)
    centred = values.astype(np.float64) - (low if high > low else low - 0.5)
    down = bottom - centred / (high - low if high > low else 1.0) * (bottom - _HEAD)
    lines = "".join(
        f'<polyline class="s{place % SERIES_COLOURS}" points="{points}"/>'
        for points in _parts(across, down)
    )
    labels = (
        label(_AXIS - 5, _HEAD + 8, f"{high:.3g}", _AXIS, "u", "end")
        + label(_AXIS - 5, bottom, f"{low:.3g}", _AXIS, "u", "end")
        + label(_AXIS, height - 6, f"{steps[0]:,}", kind="u")
        + label(width, height - 6, f"step {steps[-1]:,}", kind="u", anchor="end")
    )
    return f'{head}<path class="a" d="M{_AXIS} {_HEAD}V{bottom}H{width:g}"/>{lines}{labels}'


def _extremes(run: Run, name: str) -> str:
    """Return the last, the smallest and the largest value in few letters."""
    values = run.series(name)[1]
    finite = values[np.isfinite(values)]
    missing = len(values) - len(finite)
    ends = f", min {finite.min():.3g}, max {finite.max():.3g}" if len(finite) else ""
    return f"last {values[-1]:.3g}{ends}" + (f", {missing:,} not finite" if missing else "")


def _parts(across: NDArray[np.float64], down: NDArray[np.float64]) -> list[str]:
    """Return the points of each part of a curve between values that are not finite."""
    breaks = np.flatnonzero(~np.isfinite(down))
    parts = [
        [f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True) if np.isfinite(y)]
        for xs, ys in zip(np.split(across, breaks), np.split(down, breaks), strict=True)
    ]
    # A line of one point is not drawn; a short one is.
    return [" ".join(part if len(part) > 1 else [part[0], part[0]]) for part in parts if part]
