"""The mean squared error of a line, and walks of SGD over it, with all points or with batches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labkit.learn.race.running import Lane, run_lane
from labkit.learn.race.surfaces import Axis, Surface

if TYPE_CHECKING:
    from torch import Tensor

Numbers = NDArray[np.float64]
_ROOM_ACROSS, _ROOM_UP = 0.08, 0.25
"""Parts of the points' range, on both sides of them."""
_SEED = 0
"""Of the generator that draws the batches."""


@dataclass(frozen=True)
class Points:
    """The points that a line is fitted to.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
    """

    x: Numbers
    y: Numbers

    def loss(self, w: float, b: float) -> float:
        """Return the mean squared error of the line with slope `w` and intercept `b`."""
        return float(((w * self.x + b - self.y) ** 2).mean())

    def gradient(self, w: float, b: float) -> tuple[float, float]:
        """Return the derivatives of the loss with respect to `w` and `b`."""
        error = 2 * (w * self.x + b - self.y)
        return float((error * self.x).mean()), float(error.mean())

    def best(self) -> tuple[float, float]:
        """Return slope and intercept of the line with the lowest loss."""
        columns = np.stack([self.x, np.ones_like(self.x)], axis=1)
        w, b = np.linalg.lstsq(columns, self.y, rcond=None)[0].tolist()
        return w, b


def ends_of(points: Points, held: Points | None) -> tuple[list[float], list[float]]:
    """Return the ends of the two axes, with room around all points.

    Examples
    --------
    >>> ends_of(Points(np.arange(2.0), np.arange(2.0)), None)
    ([-0.08, 1.08], [-0.25, 1.25])
    """
    every = [points] if held is None else [points, held]
    x, y = (np.concatenate([getattr(each, axis) for each in every]) for axis in ("x", "y"))
    return _with_room(x, _ROOM_ACROSS), _with_room(y, _ROOM_UP)


def _with_room(values: Numbers, share: float) -> list[float]:
    low, high = float(values.min()), float(values.max())
    room = max((high - low) * share, 1e-3)
    return [low - room, high + room]


@dataclass
class Walk:
    """What one training did, step by step.

    Attributes
    ----------
    lane : Lane
        The places, losses and gradients.
    batches : list of list of int
        The points that each step was made with; an empty list for all points.
    """

    lane: Lane
    batches: list[list[int]] = field(default_factory=list)

    def add(self, points: Points, w: float, b: float) -> None:
        """Add a place to the end."""
        self.lane = replace(
            self.lane,
            places=np.append(self.lane.places, [[w, b]], axis=0),
            losses=np.append(self.lane.losses, points.loss(w, b)),
            gradients=np.append(self.lane.gradients, [points.gradient(w, b)], axis=0),
            rates=np.append(self.lane.rates, 0.0),
        )


def empty_walk(name: str) -> Walk:
    """Return a walk without a place, for the steps of a loop that runs elsewhere."""
    nothing, no_pairs = np.empty(0), np.empty((0, 2))
    return Walk(Lane(name, "", None, no_pairs, nothing, no_pairs, nothing, {}, ""))


def surface_of(points: Points, w: Axis, b: Axis) -> Surface:
    """Return the mean squared error as a surface over slope and intercept."""
    import torch

    x, y = torch.tensor(points.x), torch.tensor(points.y)

    def mean_squared_error(slope: Tensor, intercept: Tensor) -> Tensor:
        return ((slope * x + intercept - y) ** 2).mean()

    middle = ((w[1] + w[2]) / 2, (b[1] + b[2]) / 2)
    return Surface("mean squared error", mean_squared_error, w, b, middle)


def run_walk(
    points: Points,
    surface: Surface,
    start: tuple[float, float],
    *,
    rate: float,
    batch: int | None,
    steps: int,
) -> Walk:
    """Walk with `torch.optim.SGD`.

    Parameters
    ----------
    points : Points
    surface : Surface
        The loss of all points.
    start : (float, float)
    rate : float
        The learning rate.
    batch : int or None
        The number of points in each step, drawn in a new order each time all have had their turn;
        None for all points in every step.
    steps : int

    Examples
    --------
    >>> points = Points(np.arange(4.0), 2 * np.arange(4.0) + 1)
    >>> surface = surface_of(points, ("w", -1, 5), ("b", -2, 4))
    >>> walk = run_walk(points, surface, (4, 3), rate=0.1, batch=None, steps=1)
    >>> walk.lane.places.round(3).tolist()
    [[4.0, 3.0], [2.0, 2.0]]
    """
    import torch
    from torch import optim

    if batch is not None and not 1 <= batch <= len(points.x):
        raise ValueError(f"a batch has 1 to {len(points.x)} of the points; got {batch}")
    batches = [] if batch is None else _batches(len(points.x), batch, steps + 1)
    x, y = torch.tensor(points.x), torch.tensor(points.y)

    def of_batch(slope: Tensor, intercept: Tensor, step: int) -> Tensor:
        rows = batches[step]
        return ((slope * x[rows] + intercept - y[rows]) ** 2).mean()

    name = f"lr {rate:g}" + ("" if batch is None else f", batches of {batch}")
    step_loss = of_batch if batches else None
    lane = run_lane(
        name, lambda p: optim.SGD(p, lr=rate), surface, start, steps, step_loss=step_loss
    )
    return Walk(lane, batches[: len(lane.places)])


def _batches(n: int, size: int, count: int) -> list[list[int]]:
    """Return batches of rows: each row once, in random order, before any comes again."""
    generator = np.random.default_rng(_SEED)
    found: list[list[int]] = []
    while len(found) < count:
        order = generator.permutation(n).tolist()
        found += [order[at : at + size] for at in range(0, n - size + 1, size)]
    return found[:count]
