"""Where a grid of logits is zero: marching squares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Place = tuple[float, float]


def boundary_segments(grid: NDArray[np.float32]) -> list[tuple[Place, Place]]:
    """Return the line on which a grid is zero, as segments from place to place.

    Parameters
    ----------
    grid : ndarray, shape (rows, columns)

    Returns
    -------
    list of two places
        Each ``(x, y)``, as fractions from the left and from the top edge.

    Examples
    --------
    >>> boundary_segments(np.array([[-1.0, 1.0], [-1.0, 1.0]]))
    [((0.5, 0.0), (0.5, 1.0))]
    """
    rows, columns = grid.shape
    above = grid > 0
    mixed = (
        above[:-1, :-1].astype(int) + above[:-1, 1:] + above[1:, :-1] + above[1:, 1:]
    )  # of the four corners of each cell
    found = []
    for row, column in np.argwhere((mixed > 0) & (mixed < 4)).tolist():  # noqa: PLR2004 - corners
        corners = grid[row : row + 2, column : column + 2].astype(float)
        crossings = [
            ((column + x) / (columns - 1), (row + y) / (rows - 1)) for x, y in _crossings(corners)
        ]
        found += list(zip(crossings[::2], crossings[1::2], strict=True))
    return found


def _crossings(corners: NDArray[np.float64]) -> Iterator[Place]:
    """Return where the edges of a cell cross zero: two places, or four."""
    (a, b), (c, d) = corners.tolist()
    for low, high, start, step in (
        (a, b, (0, 0), (1, 0)),
        (a, c, (0, 0), (0, 1)),
        (c, d, (0, 1), (1, 0)),
        (b, d, (1, 0), (0, 1)),
    ):
        if (low > 0) != (high > 0):
            share = low / (low - high)
            yield start[0] + share * step[0], start[1] + share * step[1]
