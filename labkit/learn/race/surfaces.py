"""Losses of two parameters that have a name, and the map of any loss.

Each named loss shows one difficulty: curvatures that differ, the same turned by 45 degrees, a
point where the gradient vanishes without a minimum, and a valley that bends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labkit.learn.pictures.surface import paint

if TYPE_CHECKING:
    from torch import Tensor

    Loss = Callable[[Tensor, Tensor], Tensor]

Axis = tuple[str, float, float]
"""A parameter's name, and the lower and the upper end of its range."""

_PIXELS = 120
_PIXELS_ONE_BY_ONE = 48
_SPOTS = (0, 1, -1)
"""Points at which the loss of all points at once is compared with that of single points."""


@dataclass(frozen=True)
class Surface:
    """A loss of two parameters, the part of it that is drawn, and where races begin.

    Attributes
    ----------
    name : str
    loss : callable
        Takes two tensors without dimensions, and returns one.
    first, second : (str, float, float)
        Name and range of each parameter.
    start : (float, float)
    """

    name: str
    loss: Loss
    first: Axis
    second: Axis
    start: tuple[float, float]

    def contains(self, place: Sequence[float]) -> bool:
        """Return whether a place is on the map."""
        pairs = zip((self.first, self.second), place, strict=True)
        return all(low <= value <= high for (_, low, high), value in pairs)


@dataclass(frozen=True)
class HeightMap:
    """The painted map of a loss.

    Attributes
    ----------
    image : str
        A PNG as a ``data:`` address; the second parameter grows upward.
    lowest, highest : float
        The smallest and the largest loss on it.
    bottom : (float, float)
        Where the loss is smallest.
    """

    image: str
    lowest: float
    highest: float
    bottom: tuple[float, float]


def ravine(x: Tensor, y: Tensor) -> Tensor:
    """Return a loss that is fifty times as curved across (`y`) as along (`x`)."""
    return 0.5 * (x**2 + 50 * y**2)


def turned_ravine(x: Tensor, y: Tensor) -> Tensor:
    """Return the loss of `ravine`, turned by 45 degrees."""
    along, across = (x + y) / 2**0.5, (y - x) / 2**0.5
    return ravine(along, across)


def saddle(x: Tensor, y: Tensor) -> Tensor:
    """Return a loss with a saddle at (0, 0) and a minimum on each side of it, at y = -2 and 2."""
    return 0.5 * x**2 - 0.5 * y**2 + y**4 / 16 + 1


def banana(x: Tensor, y: Tensor) -> Tensor:
    """Return Rosenbrock's loss, with a bent valley and its minimum at (1, 1)."""
    return (1 - x) ** 2 + 20 * (y - x**2) ** 2


SURFACES: dict[str, Surface] = {
    surface.name: surface
    for surface in (
        Surface("ravine", ravine, ("x", -5.0, 5.0), ("y", -2.0, 2.0), (-4.0, 1.0)),
        Surface(
            "turned ravine",
            turned_ravine,
            ("x", -5.0, 5.0),
            ("y", -5.0, 5.0),
            (-5 / 2**0.5, -3 / 2**0.5),
        ),
        Surface("saddle", saddle, ("x", -3.0, 3.0), ("y", -3.0, 3.0), (-2.5, 0.001)),
        Surface("banana", banana, ("x", -2.0, 2.0), ("y", -1.0, 3.0), (-1.5, 2.0)),
    )
}
"""The named losses. The starts of both ravines are the same place, turned."""


def height_map(surface: Surface) -> HeightMap:
    """Compute the loss at every pixel, and paint it.

    Examples
    --------
    >>> height_map(SURFACES["ravine"]).image[:15]
    'data:image/png;'
    """
    heights = _heights(surface, _PIXELS)
    finite = np.where(np.isfinite(heights), heights, np.nan)
    row, column = np.unravel_index(np.nanargmin(finite), finite.shape)
    across, up = _grid(surface, len(finite))
    return HeightMap(
        image=paint(finite),
        lowest=float(np.nanmin(finite)),
        highest=float(np.nanmax(finite)),
        bottom=(float(across[column]), float(up[row])),
    )


def _grid(surface: Surface, pixels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    (_, left, right), (_, low, high) = surface.first, surface.second
    return np.linspace(left, right, pixels), np.linspace(high, low, pixels)


def _heights(surface: Surface, pixels: int) -> NDArray[np.float64]:
    """Compute the losses of all points at once, or one by one if the loss does not allow it."""
    import torch

    across, up = (torch.tensor(values.tolist()) for values in _grid(surface, pixels))
    y, x = torch.meshgrid(up, across, indexing="ij")
    flat_x, flat_y = x.reshape(-1), y.reshape(-1)
    with torch.no_grad():
        # A learner's loss may use what vmap does not know.
        with suppress(Exception):
            losses = torch.func.vmap(surface.loss)(flat_x, flat_y)
            alone = [float(surface.loss(flat_x[spot], flat_y[spot])) for spot in _SPOTS]
            if np.allclose([float(losses[spot]) for spot in _SPOTS], alone, rtol=1e-4):
                return np.asarray(losses.double().cpu().reshape(pixels, pixels))
        return _one_by_one(surface)


def _one_by_one(surface: Surface) -> NDArray[np.float64]:
    import torch

    across, up = (torch.tensor(values.tolist()) for values in _grid(surface, _PIXELS_ONE_BY_ONE))
    return np.array([[float(surface.loss(x, y)) for x in across] for y in up])
