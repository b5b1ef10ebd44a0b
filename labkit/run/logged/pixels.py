"""Turns arrays of any range into the pixels of one picture: a batch becomes a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_IMAGES = 64
"""Maximum number of images of a batch that are drawn."""
MAX_PIXELS = 2**20
"""Maximum number of pixels of a picture; larger images are averaged."""
NOT_FINITE = (230, 0, 230)
"""The colour of pixels that are NaN or infinite."""
_GAP = 2
"""Width of the gaps between the images of a grid, in pixels."""
_OVERSHOOT = 0.1
"""Part of a usual range by which values may exceed it; those beyond it are clipped."""
_GREY, _GREY_ALPHA, _RGB, _RGBA = 1, 2, 3, 4

Image = NDArray[Any]
"""One image, shape (height, width, n_channels); grey, grey with alpha, RGB or RGBA."""


class Drawn(NamedTuple):
    """A picture.

    Attributes
    ----------
    pixels : ndarray, shape (height, width, n_channels), dtype uint8
    description : str
        What it shows, and how values became colours.
    """

    pixels: NDArray[np.uint8]
    description: str


def split(array: NDArray[Any], *, channels_first: bool) -> list[Image]:
    """Return the images of an array.

    Parameters
    ----------
    array : ndarray, shape (height, width), (height, width, n_channels), (n_channels, height,
        width), (n_images, n_channels, height, width) or (n_images, height, width, n_channels)
        With 1, 3 or 4 channels.
    channels_first : bool
        How to read a shape in which both sizes could be the channels.

    Returns
    -------
    list of ndarray
        Empty for other shapes. A single row or column is no image, as it rather is a list of
        numbers.

    Examples
    --------
    >>> images = split(np.zeros((8, 3, 16, 12)), channels_first=True)
    >>> len(images), images[0].shape
    (8, (16, 12, 3))
    """
    if array.ndim == 2:  # noqa: PLR2004 - (height, width)
        return [array[:, :, None]] if min(array.shape) > 1 else []
    if array.ndim == 3:  # noqa: PLR2004 - one image with channels
        array = array[None]
    if array.ndim != 4 or not array.size:  # noqa: PLR2004 - (image, ...)
        return []
    axes = [axis for axis in (1, 3) if array.shape[axis] in (_GREY, _RGB, _RGBA)]
    if not axes:
        return []
    return list(np.moveaxis(array, axes[0 if channels_first else -1], -1))


def draw(images: Sequence[Image], total: int | None = None) -> Drawn:
    """Return a picture of some images; several are laid out as a grid.

    Parameters
    ----------
    images : sequence of ndarray, shape (height, width, n_channels)
        Of any sizes and real dtypes, at least one. Values of unsigned bytes are colours. Other
        values share one range: 0 to 1 if all are in it or exceed it by at most a tenth, else -1 to
        1 likewise, else from the smallest to the largest. Whole numbers from 0 to 255 are colours.
    total : int, optional
        Number of images that there are, if these are the first of them.

    Examples
    --------
    >>> ramp = np.linspace(-1, 1, 3).reshape(1, 3, 1)
    >>> drawn = draw([ramp])
    >>> drawn.pixels[0, :, 0].tolist(), drawn.description
    ([0, 128, 255], '3 by 1 pixels · black is -1, white is 1')
    """
    shown = images[:MAX_IMAGES]
    height, width = (max(image.shape[axis] for image in shown) for axis in (0, 1))
    factors = _factors(height, width, len(shown))
    reduced = [_averaged(image, *factors) for image in shown]
    least, greatest = _extremes(reduced)
    low, high = _range(reduced, least, greatest)
    has_marks = not all(np.isfinite(image).all() for image in reduced)
    coloured = [_coloured(image, low, high) for image in reduced]
    channels = _channels(coloured, has_marks=has_marks)
    tiles = [_with_channels(image, channels) for image in coloured]
    if has_marks:
        for tile, image in zip(tiles, reduced, strict=True):
            tile[~np.isfinite(image).all(axis=2)] = (*NOT_FINITE, 255)[:channels]
    words = [
        _size_text(images, total or len(images)),
        f"black is {low:.4g}, white is {high:.4g}",
        *(["values beyond are clipped"] if least < low or greatest > high else []),
        *(["smaller by averaging"] if max(factors) > 1 else []),
        *(["magenta is NaN or infinite"] if has_marks else []),
    ]
    return Drawn(tiles[0] if len(tiles) == 1 else _grid(tiles), " · ".join(words))


def _factors(height: int, width: int, count: int) -> tuple[int, int]:
    """Return powers of two by which rows and columns are reduced, so that the picture fits."""
    down, across = 1, 1
    while (height // down + _GAP) * (width // across + _GAP) * count > MAX_PIXELS:
        if height // down > width // across:
            down *= 2
        else:
            across *= 2
    return down, across


def _averaged(image: Image, down: int, across: int) -> Image:
    """Return an image whose pixels are means of blocks of pixels."""
    down, across = min(down, image.shape[0]), min(across, image.shape[1])
    if down == across == 1:
        return image
    height, width = image.shape[0] // down, image.shape[1] // across
    blocks = image[: height * down, : width * across].reshape(height, down, width, across, -1)
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3), dtype=np.float64)
    return means.round().astype(image.dtype) if image.dtype == np.uint8 else means


def _extremes(images: Sequence[Image]) -> tuple[float, float]:
    """Return the smallest and the largest finite value, of values that are not bytes."""
    others = [image for image in images if image.dtype != np.uint8]
    finite = [values for image in others if (values := image[np.isfinite(image)]).size]
    least = min((float(values.min()) for values in finite), default=0.0)
    return least, max((float(values.max()) for values in finite), default=0.0)


def _range(images: Sequence[Image], least: float, greatest: float) -> tuple[float, float]:
    """Return the values that become black and white.

    A network without a last activation exceeds 0 to 1 by a little; values on both sides of zero
    are those of a range from -1 to 1, however small they are.
    """
    dtypes = {image.dtype for image in images} - {np.dtype(np.uint8)}
    if not dtypes:
        return 0.0, 255.0
    if greatest <= 1 + _OVERSHOOT and least >= -_OVERSHOOT * max(greatest, 0):
        return 0.0, 1.0
    if greatest <= 1 + _OVERSHOOT and least >= -1 - _OVERSHOOT:
        return -1.0, 1.0
    is_whole = all(np.issubdtype(dtype, np.integer) for dtype in dtypes)
    if is_whole and least >= 0 and greatest <= 255:  # noqa: PLR2004 - the largest byte
        return 0.0, 255.0
    return least, greatest


def _coloured(image: Image, low: float, high: float) -> NDArray[np.uint8]:
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    values = np.nan_to_num(image.astype(np.float64), nan=low, posinf=high, neginf=low)
    fractions = (values - low) / ((high - low) or 1.0)
    return (255 * np.clip(fractions, 0, 1)).round().astype(np.uint8)


def _channels(images: Sequence[NDArray[np.uint8]], *, has_marks: bool) -> int:
    """Return the number of channels of a picture; the gaps of a grid are transparent."""
    numbers = {image.shape[2] for image in images}
    has_alpha = len(images) > 1 or bool(numbers & {_GREY_ALPHA, _RGBA})
    if has_marks or max(numbers) >= _RGB:
        return _RGBA if has_alpha else _RGB
    return _GREY_ALPHA if has_alpha else _GREY


def _with_channels(image: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Return a copy of an image with as many channels as given, or more than it has."""
    height, width, given = image.shape
    made = np.full((height, width, channels), 255, np.uint8)
    colours = channels - (channels in (_GREY_ALPHA, _RGBA))
    made[:, :, :colours] = image[:, :, : 1 if given in (_GREY, _GREY_ALPHA) else _RGB]
    if given in (_GREY_ALPHA, _RGBA):
        made[:, :, -1] = image[:, :, -1]
    return made


def _grid(tiles: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return images in rows, about as wide as high, with transparent gaps and margins."""
    height, width = (max(tile.shape[axis] for tile in tiles) + _GAP for axis in (0, 1))
    columns = min(len(tiles), max(1, math.ceil(math.sqrt(len(tiles) * height / width))))
    rows = math.ceil(len(tiles) / columns)
    shape = rows * height - _GAP, columns * width - _GAP, tiles[0].shape[2]
    grid = np.zeros(shape, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * height, place % columns * width
        grid[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return grid


def _size_text(images: Sequence[Image], total: int) -> str:
    sizes = {image.shape[:2] for image in images}
    (height, width), count = next(iter(sizes)), min(total, MAX_IMAGES)
    size = f"{width:,} by {height:,} pixels" if len(sizes) == 1 else "several sizes"
    if total == 1:
        return size
    which = f"the first {count} of {total:,}" if count < total else f"{count}"
    return f"{which} images of {size}"
