"""The widget that fits a line: points and line, map of the loss, and loss over the steps.

A place on the map is a line in the plane, and the other way round. The page shows both at once
wherever the pointer is; where it is clicked, the kernel walks from there with an optimizer of
torch, and the page plays the walk. The steps of a learner's own loop are shown while it runs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from labkit.learn.line_fit.still import line_svg, line_text
from labkit.learn.line_fit.walking import (
    Points,
    Walk,
    empty_walk,
    ends_of,
    run_walk,
    surface_of,
)
from labkit.learn.queries import QueriedWidget
from labkit.learn.race.entries import as_lane, as_map, short
from labkit.learn.race.surfaces import height_map
from labkit.run.error_text import described
from labkit.views.assets import small_script
from labkit.views.lifetimes import ShownViews
from labkit.views.messages.line import LinePlane, LineWalk
from labkit.views.saved_output import PicturedWidget

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

    from labkit.learn.race.running import Lane

    Numbers = Tensor | ArrayLike
    Ends = tuple[float, float]

_SECONDS_BETWEEN_FRAMES = 0.08
_MOST_STEPS, _MOST_WALKS = 2000, 6
_FASTEST = 100.0
_BATCHES = (16, 4, 1)


class LineFit(QueriedWidget, PicturedWidget):
    """Points with the line that is fitted to them, beside the map of the loss.

    Parameters
    ----------
    x, y : tensor or array, shape (n,) or (n, 1)
        The points.
    held_out : tuple of two tensors or arrays, optional
        Points that no step sees; their loss is drawn, too.
    start : (float, float)
        Slope and intercept at which walks begin.
    lr : float
        The learning rate of walks from the page.
    batch : int, optional
        The number of points in each step; by default all.
    steps : int
        The length of a walk from the page, up to 2000.
    w, b : (float, float)
        The range of slope and intercept on the map.

    Examples
    --------
    >>> fit = LineFit([0, 1, 2, 3], [1, 3, 5, 7], start=(4, 3))
    >>> round(float(fit.walk(lr=0.1, steps=100).losses[-1]), 4)
    0.0
    >>> print(fit)
    4 points and the line 2x + 1, of loss 1.3e-06.
    lr 0.1: 100 steps from w = 4, b = 3, from a loss of 30 to 1.3e-06.
    """

    plane = traitlets.Dict().tag(sync=True)
    map = traitlets.Dict().tag(sync=True)
    walks = traitlets.List(traitlets.Dict()).tag(sync=True)
    start = traitlets.List(traitlets.Float()).tag(sync=True)
    rate = traitlets.Float().tag(sync=True)
    batch = traitlets.Int().tag(sync=True)
    batches = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        x: Numbers,
        y: Numbers,
        *,
        held_out: tuple[Numbers, Numbers] | None = None,
        start: Ends = (4.0, 3.0),
        lr: float = 0.01,
        batch: int | None = None,
        steps: int = 200,
        w: Ends = (-1.0, 5.0),
        b: Ends = (-2.0, 4.0),
    ) -> None:
        self._points = _points(x, y)
        self._held = None if held_out is None else _points(*held_out)
        if not 1 <= steps <= _MOST_STEPS:
            raise ValueError(f"steps is a number from 1 to {_MOST_STEPS}; got {steps}")
        self._steps = steps
        self._surface = surface_of(self._points, ("w", *_ends("w", w)), ("b", *_ends("b", b)))
        self._height_map = height_map(self._surface)
        self._walks: dict[str, Walk] = {}
        self._from_page = ""
        self._changes, self._sent_at = 0, -math.inf
        n = len(self._points.x)
        super().__init__(
            plane=dict(_plane(self._points, self._held)),
            map=dict(as_map(self._surface, self._height_map)),
            start=[float(start[0]), float(start[1])],
            rate=float(lr),
            batch=0 if batch is None else batch,
            batches=[0, *sorted({size for size in (*_BATCHES, batch or 1) if size < n})[::-1]],
            _esm=small_script("line.js"),
        )
        self.answer_queries(start=self.start, rate=self.rate, batch=self.batch)

    def show(self) -> None:
        """Display the view in the running cell."""
        self._ipython_display_()

    def step(self, name: str, w: float, b: float) -> None:
        """Add a step of your own loop.

        Parameters
        ----------
        name : str
            The name of the training.
        w, b : float
            Slope and intercept after the step.
        """
        walk = self._walks.get(name)
        if walk is None:
            walk = self._store(name, empty_walk(name))
        walk.add(self._points, float(w), float(b))
        self._changes += 1
        if time.monotonic() - self._sent_at >= _SECONDS_BETWEEN_FRAMES:
            self._send_walks()

    def walk(
        self,
        *,
        lr: float | None = None,
        start: Ends | None = None,
        batch: int | None = None,
        steps: int | None = None,
    ) -> Lane:
        """Walk with `torch.optim.SGD`, and show it.

        Parameters
        ----------
        lr : float, optional
            The learning rate; by default that of the view.
        start : (float, float), optional
            Where to begin; by default at the start of the view.
        batch : int, optional
            The number of points in each step; by default all.
        steps : int, optional
            The number of steps; by default that of the view.

        Returns
        -------
        Lane
            The places, losses and gradients of the walk.
        """
        begin = (self.start[0], self.start[1]) if start is None else start
        self.rate, self.batch = self.rate if lr is None else float(lr), batch or 0
        walk = run_walk(
            self._points,
            self._surface,
            begin,
            rate=self.rate,
            batch=batch,
            steps=self._steps if steps is None else steps,
        )
        self._store(walk.lane.name, walk)
        self._send_walks()
        return walk.lane

    def cell_ended(self) -> None:
        """Send the latest steps, and update the picture of the output."""
        if self._changes:
            self._send_walks()
        super().cell_ended()

    def __repr__(self) -> str:
        return line_text(self._points, self._lanes())

    def _lanes(self) -> list[Lane]:
        return [walk.lane for walk in self._walks.values() if len(walk.lane.places)]

    def _store(self, name: str, walk: Walk) -> Walk:
        self._walks.pop(name, None)
        self._walks[name] = walk
        while len(self._walks) > _MOST_WALKS:
            del self._walks[next(iter(self._walks))]
        self._changes += 1
        return walk

    def _send_walks(self) -> None:
        self._sent_at = time.monotonic()
        self.walks = [dict(self._message(walk)) for walk in self._walks.values()]

    def _message(self, walk: Walk) -> LineWalk:
        held = self._held
        losses = [] if held is None else [held.loss(*place) for place in walk.lane.places.tolist()]
        return {
            "lane": as_lane(walk.lane),
            "held": [short(loss) for loss in losses],
            "batches": walk.batches,
        }

    def answer_query(self, query: Mapping[str, Any]) -> str:
        """Walk as the page wants; a query that makes no sense is left out."""
        wanted = _read(query)
        if wanted is None:
            return ""
        (w, b), self.rate, self.batch = wanted
        self.start = [w, b]
        self._walks.pop(self._from_page, None)
        try:
            self._from_page = self.walk(batch=self.batch or None).name
        except Exception as error:  # noqa: BLE001 - the page displays the error
            return f"The walk was stopped: {described(error)}"
        return ""

    def _picture(self) -> dict[str, str]:
        svg = line_svg(
            self._points,
            self._surface,
            self._height_map,
            self._lanes(),
            start=self.start,
            held=self._held,
        )
        return {"text/plain": repr(self), "image/svg+xml": svg}

    def _revision(self) -> object:
        return self._changes

    def _on_display(self) -> None:
        ShownViews.add(self)


def _points(x: Numbers, y: Numbers) -> Points:
    columns = [_numbers(name, each) for name, each in (("x", x), ("y", y))]
    if len(columns[0]) != len(columns[1]):
        raise ValueError(
            f"x and y need equally many numbers; got {len(columns[0])} and {len(columns[1])}"
        )
    return Points(*columns)


def _numbers(name: str, values: Any) -> np.ndarray[Any, Any]:
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    column = np.asarray(values, dtype=np.float64)
    if not column.size or column.shape not in ((column.size,), (column.size, 1)):
        raise ValueError(f"{name} of shape (n,) or (n, 1) is taken; got {column.shape}")
    if not np.isfinite(column).all():
        at = int(np.argmin(np.isfinite(column)))
        raise ValueError(
            f"{name} has to hold finite numbers; number {at + 1} of {column.size} is "
            f"{column.reshape(-1)[at]}. (A division by a standard deviation of 0 gives such.)"
        )
    return column.reshape(-1)


def _ends(name: str, ends: Ends) -> Ends:
    low, high = map(float, ends)
    if not low < high:
        raise ValueError(f"{name} runs from {low:g} to {high:g}; give the lower end first")
    return low, high


def _plane(points: Points, held: Points | None) -> LinePlane:
    ends_x, ends_y = ends_of(points, held)
    return {
        "x": points.x.tolist(),
        "y": points.y.tolist(),
        "held_x": [] if held is None else held.x.tolist(),
        "held_y": [] if held is None else held.y.tolist(),
        "ends_x": ends_x,
        "ends_y": ends_y,
        "best": points.loss(*points.best()),
    }


def _read(query: Mapping[str, Any]) -> tuple[Ends, float, int] | None:
    """Return start, learning rate and size of the batches; None if they make no sense."""
    numbers = [*query["start"]] if isinstance(query.get("start"), list) else []
    numbers += [query.get("rate"), query.get("batch")]
    if len(numbers) != 4 or not all(_is_finite(number) for number in numbers):  # noqa: PLR2004
        return None
    w, b, rate, batch = map(float, numbers)
    return ((w, b), rate, int(batch)) if 0 <= rate <= _FASTEST and batch >= 0 else None


def _is_finite(number: object) -> bool:
    return isinstance(number, int | float) and math.isfinite(number)
