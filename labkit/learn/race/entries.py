"""Writes maps and lanes as the page takes them: numbers of few digits, None for NaN."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from labkit.learn.race.running import Lane
from labkit.learn.race.surfaces import Axis, HeightMap, Surface
from labkit.views.messages.race import HeldValues, RaceAxis, RaceLane, RaceMap

_DIGITS = 6
"""Enough for drawing; the race's own numbers are not rounded."""


def as_map(surface: Surface, painted: HeightMap) -> RaceMap:
    """Return the map of a surface for the page."""
    return {
        "first": _axis(surface.first),
        "second": _axis(surface.second),
        "image": painted.image,
        "lowest": short(painted.lowest),
        "highest": short(painted.highest),
    }


def as_lane(lane: Lane) -> RaceLane:
    """Return a lane for the page."""
    held: list[HeldValues] = [
        {"name": name, "values": [_or_none(value) for value in values.reshape(-1).tolist()]}
        for name, values in lane.state.items()
    ]
    return {
        "name": lane.name,
        "kind": lane.kind,
        "rate": None if lane.rate is None else short(lane.rate),
        "places": _flat(lane.places),
        "losses": _flat(lane.losses),
        "gradients": _flat(lane.gradients),
        "rates": _flat(lane.rates),
        "state": held,
        "ended": lane.ended,
    }


def short(value: float) -> float:
    """Return a number with six significant digits.

    >>> short(0.123456789)
    0.123457
    """
    return float(f"{value:.{_DIGITS}g}")


def _axis(axis: Axis) -> RaceAxis:
    name, low, high = axis
    return {"name": str(name), "low": float(low), "high": float(high)}


def _flat(values: NDArray[Any]) -> list[float]:
    return [short(value) for value in _finite(values.reshape(-1).tolist())]


def _finite(values: Iterable[float]) -> Iterable[float]:
    """Replace what is not finite by the largest number; only gradients can be."""
    return (value if math.isfinite(value) else math.copysign(1e308, value) for value in values)


def _or_none(value: float) -> float | None:
    return short(value) if math.isfinite(value) else None
