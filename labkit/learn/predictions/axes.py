"""The plot area of a curve: where a point is, and the ticks of both axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labkit.learn.pictures.ticks import decades, round_ticks
from labkit.learn.predictions.curve import Curve

WIDTH, HEIGHT = 440, 210
LEFT, TOP, RIGHT, BOTTOM = 58, 10, 14, 40
"""Size of the drawing and its margins around the plot area, in px; as in the card's sketch."""

_TICKS_ACROSS, _TICKS_UP = 5, 4
_PLAIN = 1e-3
"""Axes that begin here or higher have their powers of ten written with zeros."""
_LONG = 4


@dataclass(frozen=True)
class Axes:
    """The plot area of a curve, with its top left corner at an offset.

    Examples
    --------
    >>> axes = Axes(Curve("loss", "How does it fall?", x=(0, 100), y=(0, 1)))
    >>> axes.at(0, 1), [text for _, text in axes.ticks_across()]
    ((58.0, 10.0), ['0', '20', '40', '60', '80', '100'])
    """

    curve: Curve
    left: float = LEFT
    top: float = TOP
    width: float = WIDTH - LEFT - RIGHT
    height: float = HEIGHT - TOP - BOTTOM

    def at(self, x: float, height: float) -> tuple[float, float]:
        """Return the position of a point in px."""
        begin, end = self.curve.x
        across = (x - begin) / (end - begin)
        return (
            self.left + across * self.width,
            self.top + (1 - self.curve.fraction(height)) * self.height,
        )

    def sketch(self, heights: Sequence[float]) -> list[tuple[float, float]]:
        """Return the positions of heights that are evenly spaced."""
        places = np.linspace(*self.curve.x, len(heights))
        return [self.at(float(x), height) for x, height in zip(places, heights, strict=True)]

    def ticks_across(self) -> list[tuple[float, str]]:
        """Return the ticks of the horizontal axis: position in px, and text."""
        return [
            (self.at(tick, 0)[0], f"{tick:g}") for tick in round_ticks(*self.curve.x, _TICKS_ACROSS)
        ]

    def ticks_up(self) -> list[tuple[float, str]]:
        """Return the ticks of the vertical axis."""
        low, high = self.curve.y
        ticks = decades(low, high) if self.curve.log else round_ticks(low, high, _TICKS_UP)
        text = _power if self.curve.log and low < _PLAIN else "{:g}".format
        return [(self.at(self.curve.x[0], tick)[1], text(tick)) for tick in ticks]


def _power(tick: float) -> str:
    """Return a power of ten as 1e-5, or as 100 if it is not small."""
    exponent = round(math.log10(tick))
    return f"{tick:.0f}" if 0 <= exponent < _LONG else f"1e{exponent}"
