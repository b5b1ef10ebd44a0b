"""A curve that is sketched, and compared with the curve of the run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.learn.predictions.prediction import Prediction, Score
from labkit.learn.predictions.typed_values import items_from, number_from, rounded, shown
from labkit.views.messages.prediction import CurveForm

Point = tuple[float, float]

_FEWEST, _MOST = 2, 64
_PLACES = 33
"""Number of evenly spaced places at which two curves are compared."""
_MAX_OUTCOME = 100_000
_MAX_STORED = 200
_PAIR = 2

_LEVEL, _SLOPE, _BOTTOM, _HIGH, _TOP = 0.08, 0.15, 0.03, 0.8, 0.9
"""Fractions of the vertical axis that tell shapes apart."""
_TEETH = 2
_TWO_DIGITS = 10.0
"""From here on, a height is written without its fraction: two digits show enough of it."""


def _rises(heights: NDArray[np.float64]) -> int:
    """Return how often a curve rises clearly, after it has fallen or at its beginning."""
    count, turn, up = 0, heights[0], False
    for height in heights:
        if up:
            turn, up = (height, False) if turn - height > _SLOPE else (max(turn, height), True)
        elif height - turn > _SLOPE:
            count, turn, up = count + 1, height, True
        else:
            turn = min(turn, height)
    return count


_SHAPES: dict[str, Callable[[NDArray[np.float64]], bool]] = {
    "flat": lambda y: bool(np.ptp(y) < _LEVEL),
    "rises": lambda y: bool(y[-1] - y[0] > _SLOPE),
    "falls": lambda y: bool(y[0] - y[-1] > _SLOPE),
    "only falls": lambda y: bool(
        y[0] - y[-1] > _SLOPE and (y - np.minimum.accumulate(y)).max() < _LEVEL
    ),
    "straight": lambda y: bool(
        np.abs(y - np.linspace(y[0], y[-1], len(y))).max() < _LEVEL <= np.ptp(y)
    ),
    "straight up": lambda y: bool(
        y[-1] - y[0] > _SLOPE and np.abs(y - np.linspace(y[0], y[-1], len(y))).max() < _LEVEL
    ),
    "reaches the bottom": lambda y: bool(y.min() < _BOTTOM),
    "stays high": lambda y: bool(y.min() > _HIGH),
    "starts at the top": lambda y: bool(y[0] > _TOP),
    "falls and rises": lambda y: bool(min(y[0], y[-1]) - y.min() > _LEVEL),
    "zigzags": lambda y: _rises(y) >= _TEETH,
    "levels off": lambda y: bool(
        y[0] - y[-1] > _SLOPE and np.ptp(y[len(y) // 2 :]) < _SLOPE < y[-1]
    ),
}
"""Shapes that `reasons` and `shape` may name; each takes heights as fractions of the axis."""
_EXAMPLES: dict[str, Sequence[float]] = {
    "flat": (0.5, 0.5),
    "rises": (0.0, 0.9, 0.9),
    "falls": (0.9, 0.1, 0.1),
    "only falls": (0.9, 0.2, 0.1),
    "straight": (0.8, 0.2),
    "straight up": (0.1, 0.9),
    "reaches the bottom": (0.5, 0.0, 0.0),
    "stays high": (0.85, 1.0, 0.85),
    "starts at the top": (1.0, 0.9, 0.2),
    "falls and rises": (0.9, 0.2, 0.5),
    "zigzags": (0.4, 0.0, 0.8, 0.0, 0.8, 0.0, 0.8, 0.0),
    "levels off": (1.0, 0.4, 0.4, 0.4),
}


@dataclass(frozen=True)
class Curve(Prediction):
    """A curve over an axis, sketched in the card or typed as heights that are evenly spaced.

    The keys of `reasons` are shapes: flat, rises, falls, only falls, straight, straight up,
    reaches the bottom, stays high, starts at the top, falls and rises, zigzags, levels off. The
    first that a sketch has is its reason.

    Attributes
    ----------
    x, y : tuple of two float
        The ends of the axes.
    x_label, y_label : str
    log : bool
        Whether the vertical axis is logarithmic.
    near, far : float
        The mean vertical distance up to which a sketch is right or close, as a fraction of the
        axis.
    shape : str
        A shape that makes a sketch right at any height, where the shape is what was asked for. A
        sketch without it that has one of the shapes of `reasons` is off, however near it is.

    Examples
    --------
    >>> loss = Curve("loss", "How does it fall?", x=(0, 100), y=(0, 1))
    >>> value = loss.read([1, 0.5, 0.2])
    >>> loss.score(value, loss.read_outcome([(0, 1.0), (50, 0.45), (100, 0.2)]))
    'right'
    """

    x: Point = field(kw_only=True)
    y: Point = field(kw_only=True)
    x_label: str = field(default="step", kw_only=True)
    y_label: str = field(default="loss", kw_only=True)
    log: bool = field(default=False, kw_only=True)
    near: float = field(default=0.08, kw_only=True)
    far: float = field(default=0.2, kw_only=True)
    shape: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse shapes that are not known, and a logarithmic axis that contains 0."""
        unknown = {*self.reasons, *([self.shape] if self.shape else [])} - set(_SHAPES)
        if unknown:
            raise ValueError(f"{self.name!r} has no shape {unknown}; shapes are {list(_SHAPES)}")
        if self.log and self.y[0] <= 0:
            raise ValueError(f"the logarithmic axis of {self.name!r} begins at {self.y[0]:g}")

    def read(self, value: object) -> tuple[float, ...]:
        """Return the heights; heights beyond the axis are at its end."""
        items = items_from(value, _MOST + 1)
        if items is None or not _FEWEST <= len(items) <= _MOST:
            raise ValueError(
                f"this asks for a curve: {_FEWEST} to {_MOST} heights, evenly spaced, as in "
                f"`[{self.y[1]:g}, {self.y[0]:g}]`; got {shown(value)}"
            )
        return tuple(rounded(self._within(number_from(item))) for item in items)

    def read_outcome(self, outcome: object) -> tuple[Point, ...]:
        """Return points; accepts points, heights, or an array of steps and one of values."""
        points = self._points(outcome)
        if len(points) < _FEWEST:
            raise ValueError(f"the outcome of {self.name!r} must be a curve; got {shown(outcome)}")
        thinned = _thinned(points)
        return tuple((rounded(x), rounded(self._within(y))) for x, y in thinned)

    def reason(self, value: tuple[float, ...]) -> str:
        """Return the reason of the first shape that the sketch has."""
        heights = self.fractions(np.linspace(*self.x, len(value)), value)
        return next((text for shape, text in self.reasons.items() if _SHAPES[shape](heights)), "")

    def text(self, value: tuple[float, ...]) -> str:
        """Return where the sketch begins and ends."""
        return f"a curve from {_ends(value)}"

    def outcome_text(self, outcome: tuple[Point, ...]) -> str:
        """Return where the curve begins and ends."""
        return f"a curve from {_ends(_settled(outcome))}"

    def comparison(self, value: tuple[float, ...], outcome: tuple[Point, ...]) -> str:
        """Return where the sketch and the curve begin and end."""
        ran = _ends(_settled(outcome))
        return f"Your sketch goes from {_ends(value)}, the run from {ran}."

    def form(self) -> CurveForm:
        """Return the axes."""
        return {
            "kind": "curve",
            "x": list(self.x),
            "y": list(self.y),
            "x_label": self.x_label,
            "y_label": self.y_label,
            "log": self.log,
        }

    def misconceptions(self) -> dict[str, tuple[float, ...]]:
        """Return a sketch of each shape that has a reason."""
        return {
            shape: tuple(rounded(self._height(each)) for each in _EXAMPLES[shape])
            for shape in self.reasons
        }

    def fractions(
        self, x: Sequence[float] | NDArray[np.float64], heights: Sequence[float]
    ) -> NDArray[np.float64]:
        """Return heights at evenly spaced places, shape (33,), as fractions of the axis."""
        places = np.linspace(*self.x, _PLACES)
        return np.interp(places, x, [self.fraction(height) for height in heights])

    def fraction(self, height: float) -> float:
        """Return a height as a fraction of the axis: 0 at its bottom, 1 at its top."""
        low, high = (self._scaled(end) for end in self.y)
        return (self._scaled(self._within(height)) - low) / (high - low)

    def _height(self, fraction: float) -> float:
        low, high = (self._scaled(end) for end in self.y)
        height = low + fraction * (high - low)
        return float(10**height) if self.log else height

    def _scaled(self, height: float) -> float:
        return math.log10(height) if self.log else height

    def _within(self, height: float) -> float:
        """Return the height within the axis; what is not a number has diverged, and is on top."""
        return min(max(height, self.y[0]), self.y[1]) if not math.isnan(height) else self.y[1]

    def _distance_score(self, value: tuple[float, ...], outcome: tuple[Point, ...]) -> Score:
        x, heights = zip(*outcome, strict=True)
        sketched = self.fractions(np.linspace(*self.x, len(value)), value)
        if self.shape and _SHAPES[self.shape](sketched):
            return "right"
        if self.shape and self.reason(value):
            return "off"
        inside = (np.linspace(*self.x, _PLACES) >= x[0]) & (np.linspace(*self.x, _PLACES) <= x[-1])
        distances = np.abs(sketched - self.fractions(x, heights))[inside]
        distance = float(distances.mean()) if len(distances) else 1.0
        return "right" if distance <= self.near else "close" if distance <= self.far else "off"

    def _points(self, outcome: object) -> list[Point]:
        items = items_from(outcome, _MAX_OUTCOME) or []
        if len(items) == _PAIR and (columns := [items_from(each, _MAX_OUTCOME) for each in items]):
            x, heights = columns
            if x is not None and heights is not None and len(x) == len(heights) > _PAIR:
                return [(_float(a), _float(b)) for a, b in zip(x, heights, strict=True)]
        pairs = [items_from(each, _PAIR + 1) for each in items]
        if pairs and all(pair is not None and len(pair) == _PAIR for pair in pairs):
            return sorted((_float(pair[0]), _float(pair[1])) for pair in pairs if pair)
        even = np.linspace(*self.x, len(items)) if items else ()
        return [(float(x), _float(height)) for x, height in zip(even, items, strict=True)]


def _settled(outcome: Sequence[Point]) -> list[float]:
    """Return the heights; the last one is the median of the last twentieth, which may be noisy."""
    heights = [height for _, height in outcome]
    return [*heights[:-1], float(np.median(heights[-max(1, len(heights) // 20) :]))]


def _ends(heights: Sequence[float]) -> str:
    first, last = (
        f"{height:.2g}" if abs(height) < _TWO_DIGITS else f"{height:.0f}"
        for height in (heights[0], heights[-1])
    )
    return f"`{first}` to `{last}`"


def _float(value: Any) -> float:
    """Return a number of an outcome, which may be infinite or NaN."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise ValueError(f"the outcome must consist of numbers; got {shown(value)}") from None


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most 200 points: means of groups of neighbours."""
    if len(points) <= _MAX_STORED:
        return list(points)
    groups = np.array_split(np.array(points, dtype=np.float64), _MAX_STORED)
    return [(float(group[:, 0].mean()), float(group[:, 1].mean())) for group in groups]
