"""The latest line and the whole walk as a still picture and as text, without a kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labkit.learn.line_fit.walking import Points, ends_of
from labkit.learn.pictures.ticks import decades, round_ticks
from labkit.learn.race.running import Lane
from labkit.learn.race.still import HUES, trail
from labkit.learn.race.surfaces import HeightMap, Surface
from labkit.views.still.sheet import INSET, ROOM, WIDTH, Section, label, sheet

_SIDE, _TOP, _PLANE_LEFT = 300.0, 16.0, INSET + 24.0
_MAP_LEFT = WIDTH - INSET - _SIDE
_CURVE_LEFT, _CURVE_HEIGHT = INSET + 40.0, 80.0
_CURVE_WIDTH = WIDTH - INSET - _CURVE_LEFT
_TICKS, _ROW = 4, 20
_LOWEST, _HIGHEST = 1e-9, 1e12
_GREY = "#8a8a8a"
"""Of frames, and of the first loss, whose way on the map is white."""


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


def line_svg(
    points: Points,
    surface: Surface,
    painted: HeightMap,
    lanes: Sequence[Lane],
    *,
    start: Sequence[float],
    held: Points | None = None,
) -> str:
    """Return the points with the latest line, the map with all walks, and their losses."""
    line = lanes[-1].places[-1].tolist() if lanes else list(start)
    pictures = _plane(points, held, line) + _map(surface, painted, lanes, start)
    sections = [Section(pictures, _TOP + _SIDE + 30)]
    if lanes:
        sections.append(Section(_losses(lanes), _CURVE_HEIGHT + 34))
        sections.append(Section(_legend(lanes), _ROW * len(lanes)))
    about = "left: the points and the latest line; right: w across, b up, dark is a low loss"
    return sheet("A line fitted to points", about, sections)


def _plane(points: Points, held: Points | None, line: Sequence[float]) -> str:
    ends_x, ends_y = ends_of(points, held)
    (left, right), (low, high) = ends_x, ends_y

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = (x - left) / (right - left), (y - low) / (high - low)
        return _PLANE_LEFT + across * _SIDE, _TOP + (1 - up) * _SIDE

    made = _frame(_PLANE_LEFT, _SIDE) + _axes(_PLANE_LEFT, ends_x, ends_y, ("x", "y"))
    w, b = line
    at = np.linspace(left, right, 400)
    seen = at[(w * at + b >= low) & (w * at + b <= high)]
    route = " ".join("{:.1f},{:.1f}".format(*place(x, w * x + b)) for x in seen.tolist())
    made += f'<polyline points="{route}" style="stroke:#0a84c6;stroke-width:2.5"/>'
    for each, looks in (
        (held, f'fill="none" stroke="{_GREY}"'),
        (points, 'fill="#d55e00" stroke="#fff"'),
    ):
        for x, y in [] if each is None else zip(each.x.tolist(), each.y.tolist(), strict=True):
            cx, cy = place(x, y)
            made += f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="4" {looks}/>'
    return made


def _map(
    surface: Surface, painted: HeightMap, lanes: Sequence[Lane], start: Sequence[float]
) -> str:
    body = (
        f'<image x="{INSET}" y="0" width="{_SIDE}" height="{_SIDE}" preserveAspectRatio="none" '
        f'href="{painted.image}"/>'
    )
    for number, lane in enumerate(lanes):
        body += trail(surface, lane, HUES[number % len(HUES)])
    (name_x, *ends_x), (name_y, *ends_y) = surface.first, surface.second
    if not lanes and surface.contains(list(start)):
        x = INSET + (start[0] - ends_x[0]) / (ends_x[1] - ends_x[0]) * _SIDE
        y = (ends_y[1] - start[1]) / (ends_y[1] - ends_y[0]) * _SIDE
        body += f'<path d="M{x - 8:.1f},{y:.1f}h16M{x:.1f},{y - 8:.1f}v16" stroke="#000"/>'
    axes = _axes(_MAP_LEFT, ends_x, ends_y, (name_x, name_y))
    return f'<g transform="translate({_MAP_LEFT - INSET:g},{_TOP:g})">{body}</g>{axes}'


def _frame(left: float, width: float, top: float = _TOP, height: float = _SIDE) -> str:
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="none" '
        f'stroke="{_GREY}"/>'
    )


def _axes(
    left: float, ends_x: Sequence[float], ends_y: Sequence[float], names: tuple[str, str]
) -> str:
    bottom, made = _TOP + _SIDE, ""
    for tick in round_ticks(ends_x[0], ends_x[1], _TICKS):
        x = left + (tick - ends_x[0]) / (ends_x[1] - ends_x[0]) * _SIDE
        made += label(x, bottom + 14, f"{tick:g}", kind="u", anchor="middle")
    for tick in round_ticks(ends_y[0], ends_y[1], _TICKS):
        y = bottom - (tick - ends_y[0]) / (ends_y[1] - ends_y[0]) * _SIDE
        made += label(left - 5, y + 4, f"{tick:g}", kind="u", anchor="end")
    made += label(left + _SIDE / 2, bottom + 27, names[0], kind="u", anchor="middle")
    return made + label(left, _TOP - 5, names[1], kind="u")


def _losses(lanes: Sequence[Lane]) -> str:
    """Return the losses over the steps, on a logarithmic axis."""
    logs = [_logarithm(lane.losses) for lane in lanes]
    finite = np.concatenate([each[np.isfinite(each)] for each in logs] + [np.zeros(1)])
    low = math.floor(float(finite.min()))
    high = max(low + 1, math.ceil(float(finite.max())))
    steps = max(1, *(len(lane.losses) - 1 for lane in lanes))
    made = _frame(_CURVE_LEFT, _CURVE_WIDTH, _TOP, _CURVE_HEIGHT)
    made += label(_CURVE_LEFT, _TOP - 5, "loss of all training points", kind="u")

    def down(power: float) -> float:
        return _TOP + (high - power) / (high - low) * _CURVE_HEIGHT

    for power in decades(10.0**low, 10.0**high)[:: 2 if high - low > _TICKS else 1]:
        y = down(math.log10(power)) + 4
        made += label(_CURVE_LEFT - 5, y, f"{power:g}", kind="u", anchor="end")
    for number, each in enumerate(logs):
        route = " ".join(
            f"{_CURVE_LEFT + step / steps * _CURVE_WIDTH:.1f},{down(power):.1f}"
            for step, power in enumerate(each.tolist())
            if math.isfinite(power)
        )
        hue = _GREY if number == 0 else HUES[number % len(HUES)]
        made += f'<polyline points="{route}" style="stroke:{hue}"/>'
    bottom = _TOP + _CURVE_HEIGHT
    made += label(_CURVE_LEFT, bottom + 14, "0", kind="u", anchor="middle")
    return made + label(WIDTH - INSET, bottom + 14, f"step {steps}", kind="u", anchor="end")


def _logarithm(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    powers: NDArray[np.float64] = np.log10(np.clip(losses, _LOWEST, _HIGHEST))
    return powers


def _legend(lanes: Sequence[Lane]) -> str:
    made = ""
    for number, lane in enumerate(lanes):
        y, hue = 6 + number * _ROW, HUES[number % len(HUES)]
        made += f'<circle cx="{INSET + 6}" cy="{y - 4}" r="5" fill="{hue}" stroke="#000"/>'
        made += label(INSET + 18, y, _lane_text(lane), room=ROOM - 18)
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
