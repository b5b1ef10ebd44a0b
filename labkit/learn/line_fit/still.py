"""The latest line and the whole walk as a still picture and as text, without a kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labkit.learn.line_fit.walking import Points
from labkit.learn.race.running import Lane
from labkit.learn.race.still import HUES, trail
from labkit.learn.race.surfaces import HeightMap, Surface
from labkit.views.still.sheet import INSET, ROOM, Section, label, sheet

_SIDE, _PLANE_LEFT, _PLANE_WIDTH, _ROW = 300.0, 360.0, 320.0, 20


def line_text(points: Points, lanes: Sequence[Lane]) -> str:
    """Return a sentence for the latest line, and one for each walk.

    Examples
    --------
    >>> line_text(Points(np.arange(4.0), np.arange(4.0)), [])
    '4 points, and no step yet.'
    """
    n = len(points.x)
    if not lanes:
        return f"{n} points, and no step yet."
    w, b = lanes[-1].places[-1].tolist()
    head = f"{n} points and the line {_formula(w, b)}, of loss {lanes[-1].losses[-1]:.3g}."
    return "\n".join([head, *map(_lane_text, lanes)])


def line_svg(points: Points, surface: Surface, painted: HeightMap, lanes: Sequence[Lane]) -> str:
    """Return the map with all walks, and the points with the latest line."""
    body = (
        f'<image x="{INSET}" y="0" width="{_SIDE}" height="{_SIDE}" preserveAspectRatio="none" '
        f'href="{painted.image}"/>'
    )
    for number, lane in enumerate(lanes):
        body += trail(surface, lane, HUES[number % len(HUES)])
    body += _plane(points, lanes[-1] if lanes else None)
    for number, lane in enumerate(lanes):
        y = _SIDE + 22 + number * _ROW
        hue = HUES[number % len(HUES)]
        body += f'<circle cx="{INSET + 6}" cy="{y - 4}" r="5" fill="{hue}" stroke="#000"/>'
        body += label(INSET + 18, y, _lane_text(lane), room=ROOM)
    axes = "left: w across, b up, dark is a low loss; right: the points and the latest line"
    height = _SIDE + 16 + _ROW * len(lanes)
    return sheet("A line fitted to points", axes, [Section(body, height)])


def _plane(points: Points, lane: Lane | None) -> str:
    x, y = points.x, points.y
    low, high = float(y.min()), float(y.max())
    room = max((high - low) / 4, 1e-3)
    across = _PLANE_WIDTH / max(float(x.max() - x.min()), 1e-9)
    up = _SIDE / (high - low + 2 * room)

    def place(at: float, height: float) -> tuple[float, float]:
        return _PLANE_LEFT + (at - float(x.min())) * across, (high + room - height) * up

    made = (
        f'<rect x="{_PLANE_LEFT - 8:g}" y="0" width="{_PLANE_WIDTH + 16:g}" height="{_SIDE:g}" '
        'fill="none" stroke="#8a8a8a"/>'
    )
    if lane is not None:
        w, b = lane.places[-1].tolist()
        line = np.linspace(float(x.min()), float(x.max()), 400)
        seen = line[np.abs(w * line + b - (low + high) / 2) <= (high - low) / 2 + room]
        route = " ".join("{:.1f},{:.1f}".format(*place(at, w * at + b)) for at in seen.tolist())
        made += f'<polyline points="{route}" style="stroke:#0a84c6;stroke-width:2.5"/>'
    for at, height in zip(x.tolist(), y.tolist(), strict=True):
        cx, cy = place(at, height)
        made += f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="4" fill="#d55e00" stroke="#fff"/>'
    return made


def _formula(w: float, b: float) -> str:
    return f"{w:.3g}x {'−' if b < 0 else '+'} {abs(b):.3g}"


def _lane_text(lane: Lane) -> str:
    (w, b), steps = lane.places[0].tolist(), len(lane.places) - 1
    ended = f"; it {lane.ended}" if lane.ended else ""
    return (
        f"{lane.name}: {steps} steps from w = {w:.3g}, b = {b:.3g}, from a loss of "
        f"{lane.losses[0]:.3g} to {lane.losses[-1]:.3g}{ended}."
    )
