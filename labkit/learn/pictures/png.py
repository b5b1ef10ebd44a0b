"""Turns an array of colours into a PNG that an SVG can carry.

Also the two colour scales of the course's pictures. Both grow steadily in lightness, so they are
read the same by colour-blind people and in print.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from labkit.run.logged import png

# Stops from low to high; linear in between.
_SEQUENTIAL = np.array(
    [(0, 32, 77), (62, 77, 107), (124, 123, 120), (187, 175, 113), (255, 234, 70)], dtype=float
)
_DIVERGING = np.array(
    [(5, 78, 140), (100, 170, 215), (247, 247, 247), (240, 160, 90), (178, 70, 5)], dtype=float
)
_GREY = np.array([(0, 0, 0), (255, 255, 255)], dtype=float)
SCALES = {"sequential": _SEQUENTIAL, "diverging": _DIVERGING, "grey": _GREY}


def colours(fractions: NDArray[np.floating], scale: str) -> NDArray[np.uint8]:
    """Return the colours for fractions from 0 to 1.

    Parameters
    ----------
    fractions : ndarray, any shape
        Values outside [0, 1] take the end's colour; NaN is drawn in magenta, which no scale holds.
    scale : {"sequential", "diverging", "grey"}
        The colour scale.

    Returns
    -------
    ndarray, shape fractions.shape + (3,), dtype uint8

    Examples
    --------
    >>> colours(np.array([0.0, 1.0]), "grey").tolist()
    [[0, 0, 0], [255, 255, 255]]
    """
    stops = SCALES[scale]
    place = np.clip(np.nan_to_num(fractions, nan=0.0), 0, 1)
    at = np.linspace(0, 1, len(stops))
    channels = [np.interp(place, at, stops[:, channel]) for channel in range(3)]
    rgb = np.stack(channels, axis=-1).round().astype(np.uint8)
    rgb[np.isnan(fractions)] = (230, 0, 230)
    return rgb


def data_address(rgb: NDArray[np.uint8]) -> str:
    """Return a PNG as a ``data:`` address.

    Parameters
    ----------
    rgb : ndarray, shape (height, width, 3), dtype uint8

    Examples
    --------
    >>> data_address(np.zeros((1, 1, 3), dtype=np.uint8))[:22]
    'data:image/png;base64,'
    """
    return "data:image/png;base64," + base64.b64encode(png.encode(rgb, level=9)).decode("ascii")
