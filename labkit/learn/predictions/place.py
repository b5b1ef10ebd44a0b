"""A place on a picture, clicked in the card."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.learn.pictures import Picture
from labkit.learn.predictions.prediction import Prediction, Score
from labkit.learn.predictions.typed_values import items_from, number_from, rounded, shown
from labkit.views.messages.prediction import PlaceForm

Point = tuple[float, float]
_PAIR = 2


@dataclass(frozen=True)
class Place(Prediction):
    """A place on a picture, clicked, reached with the keyboard, or typed as ``(x, y)``.

    The keys of `reasons` are places, as in ``"(3, 0)"``.

    Attributes
    ----------
    picture : Picture or callable
        A picture whose drawing fills the ``<svg>``, or a function that returns it.
    x, y : tuple of two float
        The coordinates at its left and right edge, and at its bottom and top edge.
    cells : bool
        Whether the picture consists of cells whose centres are at whole coordinates; a click then
        means a cell, and only the outcome's own cell is right unless `near` says otherwise.
    near, far : float
        The distance up to which a place is right or close, as a fraction of the picture's width
        and height.
    names : tuple of two str
        What the coordinates are, for texts; a coordinate without a name is left out, and where the
        second has none, the first may be typed alone.

    Examples
    --------
    >>> from labkit.learn.pictures import Picture
    >>> blank = lambda: Picture("<svg></svg>", "four cells in a row")
    >>> ends = {"x": (-0.5, 3.5), "y": (0.5, -0.5)}
    >>> strip = Place("place", "Which cell?", picture=blank, cells=True, **ends)
    >>> strip.read((2.2, 0.1)), strip.score((2, 0), (2, 0)), strip.score((2, 0), (3, 0))
    ((2, 0), 'right', 'off')
    >>> grid = Place("g", "Which?", picture=blank, cells=True, numbered="sample", **ends)
    >>> grid.read(2), grid.text((2, 0))
    ((2, 0), 'sample `2`')
    """

    picture: Picture | Callable[[], Picture] = field(kw_only=True)
    x: Point = field(default=(0.0, 1.0), kw_only=True)
    y: Point = field(default=(0.0, 1.0), kw_only=True)
    cells: bool = field(default=False, kw_only=True)
    near: float = field(default=0.0, kw_only=True)
    far: float = field(default=0.0, kw_only=True)
    names: tuple[str, str] = field(default=("x", "y"), kw_only=True)
    numbered: str = field(default="", kw_only=True)

    def read(self, value: object) -> Point:
        """Return the coordinates; a place beyond the picture's edge is at its edge."""
        items = self._pair(value)
        if items is None or len(items) != _PAIR:
            raise ValueError(f"this asks for a place, as in `(1, 2)`; got {shown(value)}")
        ends = (self.x, self.y)
        x, y = (
            min(max(number_from(item), min(end)), max(end))
            for item, end in zip(items, ends, strict=True)
        )
        return (
            (self._cell(x, self.x), self._cell(y, self.y))
            if self.cells
            else (_tidy(x, self.x), _tidy(y, self.y))
        )

    def _pair(self, value: object) -> list[object] | None:
        """Return the items of a place; one number is enough where it says which place is meant."""
        items = items_from(value, _PAIR + 1)
        named = [bool(name) for name in self.names]
        takes_one = bool(self.numbered) or sum(named) == 1
        if not takes_one or (items is not None and len(items) != 1):
            return items
        try:
            number = number_from(value if items is None else items[0])
        except ValueError:
            return None
        if self.numbered:
            row, column = divmod(number, self._columns)
            return [column, row]
        middles = (sum(ends) / _PAIR for ends in (self.x, self.y))
        return [
            number if has_name else middle for has_name, middle in zip(named, middles, strict=True)
        ]

    def reason(self, value: Point) -> str:
        """Return the reason of a known place that is as near as the outcome would have to be."""
        for key, reason in self.reasons.items():
            if self._distance(value, self.read(ast.literal_eval(key))) <= self.near:
                return reason
        return ""

    def text(self, value: Point) -> str:
        """Return the number of the cell, or the coordinates with their names."""
        if self.numbered:
            return f"{self.numbered} `{value[1] * self._columns + value[0]:g}`"
        parts = zip(self.names, value, strict=True)
        return ", ".join(f"{name} `{part:g}`" for name, part in parts if name)

    def form(self) -> PlaceForm:
        """Return the picture and its coordinates."""
        picture = self.drawn()
        return {
            "kind": "place",
            "picture": picture.svg,
            "description": picture.text,
            "x": list(self.x),
            "y": list(self.y),
            "cells": self.cells,
            "names": list(self.names),
            "numbered": self.numbered,
        }

    def misconceptions(self) -> dict[str, Point]:
        """Return the place of each key."""
        return {key: self.read(ast.literal_eval(key)) for key in self.reasons}

    def drawn(self) -> Picture:
        """Return the picture."""
        return self.picture if isinstance(self.picture, Picture) else self.picture()

    def fractions(self, value: Point) -> Point:
        """Return a place as fractions of the picture, from its left and from its top edge."""
        across = (value[0] - self.x[0]) / (self.x[1] - self.x[0])
        return across, (self.y[1] - value[1]) / (self.y[1] - self.y[0])

    @property
    def _columns(self) -> int:
        return round(abs(self.x[1] - self.x[0]))

    def _distance(self, one: Point, other: Point) -> float:
        return math.dist(self.fractions(one), self.fractions(other))

    @staticmethod
    def _cell(coordinate: float, ends: Point) -> int:
        """Return the nearest whole coordinate of a cell."""
        low, high = math.ceil(min(ends)), math.floor(max(ends))
        return min(max(round(coordinate), low), high)

    def _distance_score(self, value: Point, outcome: Point) -> Score:
        distance = self._distance(value, outcome)
        if distance <= self.near:
            return "right"
        return "close" if distance <= self.far else "off"


def _tidy(coordinate: float, ends: Point) -> float:
    """Round to about a thousandth of the axis: nobody points more exactly."""
    digits = 3 - math.ceil(math.log10(abs(ends[1] - ends[0]) or 1.0))
    return rounded(round(coordinate, max(digits, 0)))
