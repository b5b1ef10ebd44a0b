"""The loss surface: the loss over two parameters as a map, with training's real steps on it.

The map is computed once from the learner's own loss function; each step adds a point. Shown in a
notebook, the picture is redrawn in place while the loop runs, at most four times a second, whatever
the number of steps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from labkit.learn.pictures.picture import FAINT, LINE, PALETTE, Picture, Sheet
from labkit.learn.pictures.png import colours, data_address

_SIDE, _LEFT, _TOP, _PIXELS, _BANDS = 340, 46, 24, 120, 14
_LONGEST_TRAIL = 600
_SECONDS_BETWEEN_DRAWINGS = 0.25


class LossSurface:
    """A map of a loss over two parameters.

    Parameters
    ----------
    loss : callable
        Takes the two parameters as floats and returns the loss as a float.
    first, second : (str, float, float)
        Each parameter's name and the range to draw, as in ``("w", -1, 5)``.

    Examples
    --------
    >>> surface = LossSurface(lambda w, b: (w - 2) ** 2 + b**2, ("w", -1, 5), ("b", -3, 3))
    >>> surface.step("lr 0.1", 0.0, 1.0)
    >>> surface.step("lr 0.1", 0.4, 0.8)
    >>> print(surface.picture().text.splitlines()[1])
    lr 0.1: 2 points, from (0, 1) to (0.4, 0.8).
    """

    def __init__(
        self,
        loss: Callable[[float, float], float],
        first: tuple[str, float, float],
        second: tuple[str, float, float],
    ) -> None:
        self._first, self._second = _axis(first), _axis(second)
        self._heights = self._survey(loss)
        self._trails: dict[str, list[tuple[float, float]]] = {}
        self._map = paint(self._heights)
        self._handle: object | None = None
        self._drawn_at = -math.inf

    def show(self) -> None:
        """Display the picture in the cell, and redraw it in place as steps are added."""
        from IPython.display import display

        self._handle = display(self.picture(), display_id=True)  # type: ignore[no-untyped-call]
        self._drawn_at = time.monotonic()

    def step(self, trail: str, first: float, second: float) -> None:
        """Add a point to the trail of one training.

        Parameters
        ----------
        trail : str
            The name of the training, as the picture's legend shows it.
        first, second : float
            The values of the two parameters.
        """
        self._trails.setdefault(trail, []).append((float(first), float(second)))
        if self._handle is None:
            return
        if time.monotonic() - self._drawn_at >= _SECONDS_BETWEEN_DRAWINGS:
            self.redraw()

    def redraw(self) -> None:
        """Redraw the displayed picture with all points."""
        if self._handle is not None:
            self._handle.update(self.picture())  # type: ignore[attr-defined]
            self._drawn_at = time.monotonic()

    def picture(self) -> Picture:
        """Return the map with all trails."""
        sheet = Sheet()
        sheet.image(_LEFT, _TOP, _SIDE, _SIDE, self._map, crisp=False)
        sheet.box(_LEFT, _TOP, _SIDE, _SIDE)
        self._draw_axes(sheet)
        lines = [self._describe_map()]
        for number, (name, points) in reversed(list(enumerate(self._trails.items()))):
            self._draw_trail(sheet, number, name, points)
        lines += [_describe_trail(name, points) for name, points in self._trails.items()]
        return sheet.finish("\n".join(lines))

    def _survey(self, loss: Callable[[float, float], float]) -> NDArray[np.float64]:
        """Compute the loss at every pixel; the second parameter grows upward."""
        across = np.linspace(self._first[1], self._first[2], _PIXELS)
        up = np.linspace(self._second[2], self._second[1], _PIXELS)
        return np.array([[float(loss(float(w), float(b))) for w in across] for b in up])

    def _place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Say where a point lies on the sheet."""
        x = (point[0] - self._first[1]) / (self._first[2] - self._first[1])
        y = (point[1] - self._second[1]) / (self._second[2] - self._second[1])
        return _LEFT + x * _SIDE, _TOP + (1 - y) * _SIDE

    def _inside(self, point: tuple[float, float]) -> bool:
        return (
            self._first[1] <= point[0] <= self._first[2]
            and self._second[1] <= point[1] <= self._second[2]
        )

    def _draw_axes(self, sheet: Sheet) -> None:
        bottom = _TOP + _SIDE
        for name, low, high, across in ((*self._first, True), (*self._second, False)):
            for share in (0.0, 0.5, 1.0):
                words = f"{low + share * (high - low):.3g}"
                if across:
                    x = _LEFT + share * _SIDE
                    sheet.text(x, bottom + 15, words, size=11, anchor="middle", colour=FAINT)
                else:
                    y = bottom - share * _SIDE + 4
                    sheet.text(_LEFT - 6, y, words, size=11, anchor="end", colour=FAINT)
            if across:
                sheet.text(_LEFT + _SIDE / 2, bottom + 32, name, bold=True, anchor="middle")
            else:
                sheet.text(_LEFT - 6, _TOP - 9, name, bold=True, anchor="end")
        low, high = np.nanmin(self._heights), np.nanmax(self._heights)
        words = f"loss: dark {low:.3g}, light {high:.3g}"
        sheet.text(_LEFT, _TOP - 9, words, size=11, colour=FAINT)

    def _draw_trail(
        self, sheet: Sheet, number: int, name: str, points: list[tuple[float, float]]
    ) -> None:
        hue = ("#ffffff", PALETTE[1], PALETTE[5], PALETTE[3], PALETTE[2], PALETTE[4])[number % 6]
        kept = _thin(points)
        places = [self._place(point) for point in _until_outside(kept, self._inside)]
        sheet.path(places, colour="#000000", width=3.2)
        sheet.path(places, colour=hue, width=1.6)
        for place in places[:: max(1, len(places) // 60)]:
            sheet.dot(*place, 2.6, fill=hue, stroke="#000000")
        if places:
            sheet.dot(*places[-1], 5, fill=hue, stroke="#000000")
        x, y = _LEFT + _SIDE + 16, _TOP + 14 + number * 40
        sheet.dot(x, y - 4, 5, fill=hue, stroke=LINE)
        sheet.text(x + 12, y, name, bold=True)
        where = f"step {len(points) - 1}: {_pair(points[-1])}"
        left_map = not self._inside(points[-1])
        sheet.text(x + 12, y + 15, where + (", off the map" if left_map else ""), size=11)

    def _describe_map(self) -> str:
        row, column = np.unravel_index(np.nanargmin(self._heights), self._heights.shape)
        across = np.linspace(self._first[1], self._first[2], _PIXELS)[column]
        up = np.linspace(self._second[2], self._second[1], _PIXELS)[row]
        return (
            f"Map of the loss over {self._first[0]} (across) and {self._second[0]} (up); "
            f"lowest, {np.nanmin(self._heights):.3g}, near {_pair((across, up))}; "
            f"highest {np.nanmax(self._heights):.3g}."
        )


def _axis(axis: tuple[str, float, float]) -> tuple[str, float, float]:
    name, low, high = axis
    if not low < high:
        raise ValueError(
            f'{name} runs from {low} to {high}; give the lower end first, as in ("w", -1, 5)'
        )
    return str(name), float(low), float(high)


def _describe_trail(name: str, points: list[tuple[float, float]]) -> str:
    count = "1 point" if len(points) == 1 else f"{len(points)} points"
    return f"{name}: {count}, from {_pair(points[0])} to {_pair(points[-1])}."


def _pair(point: Iterable[float]) -> str:
    return "(" + ", ".join(f"{value + 0.0:.3g}" for value in point) + ")"


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep at most `_LONGEST_TRAIL` points, the first and the last among them."""
    if len(points) <= _LONGEST_TRAIL:
        return points
    chosen = np.linspace(0, len(points) - 1, _LONGEST_TRAIL).round().astype(int)
    return [points[i] for i in chosen]


def _until_outside(
    points: list[tuple[float, float]], inside: Callable[[tuple[float, float]], bool]
) -> list[tuple[float, float]]:
    """Return the points up to the first that leaves the map."""
    kept = []
    for point in points:
        if not inside(point):
            break
        kept.append(point)
    return kept


def paint(heights: NDArray[np.float64]) -> str:
    """Paint the map as an image, in bands: their borders are lines of equal loss."""
    low = float(np.nanmin(heights))
    logs = np.log1p((heights - low) / max(float(np.nanmedian(heights)) - low, 1e-12) * 8)
    share = logs / max(float(np.nanmax(logs)), 1e-12)
    banded = np.floor(share * _BANDS) / (_BANDS - 1)
    return data_address(colours(banded, "sequential"))
