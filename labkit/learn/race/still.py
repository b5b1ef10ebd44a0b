"""The race as a still picture and as text, for notebooks without a kernel and for consoles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from labkit.learn.race.running import Lane
from labkit.learn.race.surfaces import HeightMap, Surface
from labkit.views.still.sheet import INSET, ROOM, Section, label, sheet

HUES = (
    *("#ffffff", "#e69f00", "#56b4e9", "#cc79a7"),
    *("#009e73", "#d55e00", "#f0e442", "#0072b2"),
)
"""The colours of the lanes, as in the page; each has a black border on the map."""
_SIDE, _LEGEND, _ROW = 300, 340, 22


def race_text(surface: str, start: Sequence[float], steps: int, lanes: Iterable[Lane]) -> str:
    """Return a sentence for the race, and one for each lane."""
    return "\n".join(
        [f"Race on the {surface} from {_pair(start)}, {steps} steps.", *map(_lane_text, lanes)]
    )


def race_svg(surface: Surface, painted: HeightMap, lanes: Sequence[Lane]) -> str:
    """Return the map with the whole way of every lane, and a legend."""
    body = (
        f'<image x="{INSET}" y="0" width="{_SIDE}" height="{_SIDE}" preserveAspectRatio="none" '
        f'href="{painted.image}"/>'
    )
    for number, lane in reversed(list(enumerate(lanes))):
        body += trail(surface, lane, HUES[number % len(HUES)])
    for number, lane in enumerate(lanes):
        y = 14 + number * _ROW
        hue = HUES[number % len(HUES)]
        body += f'<circle cx="{_LEGEND}" cy="{y - 4}" r="5" fill="{hue}" stroke="#000"/>'
        body += label(_LEGEND + 12, y, _lane_text(lane), room=ROOM - _LEGEND)
    axes = f"{surface.first[0]} across, {surface.second[0]} up; dark is a low loss"
    return sheet(f"Race on the {surface.name}", axes, [Section(body, _SIDE)])


def _lane_text(lane: Lane) -> str:
    rate = "" if lane.rate is None else f", lr {lane.rate:g}"
    ended = f"; it {lane.ended}" if lane.ended else ""
    first, last = lane.losses[0], lane.losses[-1]
    return f"{lane.name}{rate}: from a loss of {first:.3g} to {last:.2g}{ended}."


def _pair(place: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value + 0.0:.3g}" for value in place) + ")"


def trail(surface: Surface, lane: Lane, hue: str) -> str:
    """Return the way of a lane over its map, in one colour."""
    points = _on_map(surface, lane.places)
    if not points:
        return ""
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<polyline points="{line}" style="stroke:#000;stroke-width:3"/>'
        f'<polyline points="{line}" style="stroke:{hue};stroke-width:1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{hue}" stroke="#000"/>'
    )


def _on_map(surface: Surface, places: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the points of the picture up to the first place that is not on the map."""
    points = []
    for place in places.tolist():
        if not surface.contains(place):
            break
        (_, left, right), (_, low, high) = surface.first, surface.second
        across, up = (place[0] - left) / (right - left), (place[1] - low) / (high - low)
        points.append((INSET + across * _SIDE, (1 - up) * _SIDE))
    return points
