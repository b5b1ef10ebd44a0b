"""Lines over an axis: losses of several runs, a schedule, a loss over learning rates.

All lines share both axes, each of which may be logarithmic. Lines differ in colour and in their
dashes, and the legend stands beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labkit.learn.pictures.picture import FAINT, PALETTE, Picture, Sheet
from labkit.learn.pictures.ticks import round_ticks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Line = ArrayLike | tuple[ArrayLike, ArrayLike]

_WIDTH, _HEIGHT, _LEFT, _TOP = 344, 210, 58, 26
_MOST_POINTS, _MOST_LINES = 300, 6
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 4")
_TICKS = 5
_LARGE, _SMALL = 1e5, 1e-3


def line_picture(
    lines: Mapping[str, Line],
    *,
    dots: Mapping[str, Line] | None = None,
    x: str = "step",
    y: str = "loss",
    x_ends: tuple[float, float] | None = None,
    y_ends: tuple[float, float] | None = None,
    log_x: bool = False,
    log_y: bool = False,
) -> Picture:
    """Draw lines, and dots, over a common axis.

    Parameters
    ----------
    lines : mapping of str to values, or to a pair of values across and up
        The lines by their names. Values alone are drawn over 0, 1, 2, ...
    dots : mapping, optional
        What is drawn as dots, in the same form; up to six names together.
    x, y : str
        What the axes show.
    x_ends, y_ends : tuple of two float, optional
        The ends of the axes; by default those of the points. Points beyond them are left out.
    log_x, log_y : bool
        Whether an axis is logarithmic; numbers that are not positive are then left out.

    Examples
    --------
    >>> print(line_picture({"lr 0.1": [4.0, 2.0, 1.0]}, log_y=True))
    loss over step, 0 to 2; loss on a logarithmic axis, 1 to 4.
    lr 0.1: from 4 to 1, lowest 1.
    """
    drawn = {**lines, **(dots or {})}
    if not 1 <= len(drawn) <= _MOST_LINES:
        raise ValueError(f"1 to {_MOST_LINES} lines are drawn; got {len(drawn)}")
    points = {name: _points(name, line, log_x=log_x, log_y=log_y) for name, line in drawn.items()}
    across, up = (
        _Axis(
            [p for line in points.values() for p in line[:, place]] if ends is None else ends,
            log=log,
        )
        for place, ends, log in ((0, x_ends, log_x), (1, y_ends, log_y))
    )
    sheet = Sheet()
    sheet.box(_LEFT, _TOP, _WIDTH, _HEIGHT)
    _draw_axes(sheet, across, up, x, y)
    for number, (name, line) in enumerate(points.items()):
        hue = PALETTE[number]
        dash = _DASHES[number] if name in lines else None
        places = [
            (_LEFT + across.share(a) * _WIDTH, _TOP + (1 - up.share(b)) * _HEIGHT)
            for a, b in _thin(line)
            if across.has(a) and up.has(b)
        ]
        row, left = _TOP + 14 + number * 20, _LEFT + _WIDTH + 12
        _draw(sheet, places, hue, dash)
        _draw(sheet, [(left + at, row - 4.0) for at in (0.0, 13.0, 26.0)], hue, dash)
        sheet.text(left + 32, row, name)
    words = [_describe_axes(across, up, x, y)]
    words += [_describe(name, line[:, 1]) for name, line in points.items()]
    return sheet.finish("\n".join(words))


def _draw(sheet: Sheet, places: list[tuple[float, float]], hue: str, dash: str | None) -> None:
    """Draw a line with its dashes, or dots if there are no dashes given."""
    if dash is not None:
        sheet.path(places, colour=hue, width=2, dashed=bool(dash), dashes=dash)
        return
    for across, down in places:
        sheet.dot(across, down, 3, fill=hue)


class _Axis:
    """The range of an axis, and where a number is on it."""

    def __init__(self, values: Sequence[float], *, log: bool) -> None:
        self.low, self.high, self.log = min(values), max(values), log
        if self.high <= self.low:
            self.high = self.low * 2 if log else self.low + 1

    def share(self, value: float) -> float:
        """Return 0 at the lower end, 1 at the upper end."""
        low, high, at = (self._scaled(each) for each in (self.low, self.high, value))
        return (at - low) / (high - low)

    def has(self, value: float) -> bool:
        """Return whether the axis reaches this far."""
        return self.low <= value <= self.high

    def ticks(self) -> list[float]:
        """Return powers of ten on a logarithmic axis that has two of them, else round numbers."""
        if self.log:
            ends = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            powers = range(ends[0], ends[1] + 1, 1 + (ends[1] - ends[0]) // _TICKS)
            if len(powers) > 1:
                return [10.0**power for power in powers]
            return [self.low, self.high]
        return round_ticks(self.low, self.high, _TICKS)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value


def _points(name: str, line: Any, *, log_x: bool, log_y: bool) -> NDArray[np.float64]:
    """Return the finite points that the axes can show, shape (n, 2)."""
    if isinstance(line, tuple):
        across, up = (_numbers(each) for each in line)
    else:
        up = _numbers(line)
        across = np.arange(len(up), dtype=np.float64)
    if len(across) != len(up):
        raise ValueError(f"{name} has {len(across)} values across and {len(up)} up; give as many")
    points: NDArray[np.float64] = np.stack([across, up], axis=1)
    shown = np.isfinite(points).all(axis=1)
    shown &= ~(log_x & (across <= 0)) & ~(log_y & (up <= 0))
    if not shown.any():
        raise ValueError(f"{name} has no number that the axes can show")
    kept: NDArray[np.float64] = points[shown]
    return kept


def _numbers(values: Any) -> NDArray[np.float64]:
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    return np.asarray(values, dtype=np.float64).reshape(-1)


def _thin(line: NDArray[np.float64]) -> list[tuple[float, float]]:
    if len(line) > _MOST_POINTS:
        line = line[np.linspace(0, len(line) - 1, _MOST_POINTS).round().astype(int)]
    return [(float(across), float(up)) for across, up in line]


def _draw_axes(sheet: Sheet, across: _Axis, up: _Axis, x: str, y: str) -> None:
    bottom = _TOP + _HEIGHT
    for tick in across.ticks():
        place = _LEFT + across.share(tick) * _WIDTH
        sheet.text(place, bottom + 15, _number(tick), size=11, anchor="middle", colour=FAINT)
    for tick in up.ticks():
        place = bottom - up.share(tick) * _HEIGHT
        sheet.text(_LEFT - 6, place + 4, _number(tick), size=11, anchor="end", colour=FAINT)
    sheet.text(_LEFT + _WIDTH / 2, bottom + 32, x, bold=True, anchor="middle")
    sheet.text(_LEFT, _TOP - 10, y, bold=True)


def _number(value: float) -> str:
    size = abs(value)
    if size and not _SMALL <= size < _LARGE:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    short = f"{value:.3g}"
    return f"{value:.0f}" if "e" in short else short


def _describe_axes(across: _Axis, up: _Axis, x: str, y: str) -> str:
    kinds = ["on a logarithmic axis, " if axis.log else "" for axis in (across, up)]
    return (
        f"{y} over {x}, {kinds[0]}{across.low:.3g} to {across.high:.3g}; "
        f"{y} {kinds[1]}{up.low:.3g} to {up.high:.3g}."
    )


def _describe(name: str, values: NDArray[np.float64]) -> str:
    return f"{name}: from {values[0]:.3g} to {values[-1]:.3g}, lowest {values.min():.3g}."
