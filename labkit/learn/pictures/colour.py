"""Colour images side by side, with the three channels as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from labkit.learn.pictures.picture import Picture, Sheet
from labkit.learn.pictures.png import data_address

if TYPE_CHECKING:
    from torch import Tensor

_CHANNELS, _MOST = 3, 16


def colour_picture(
    images: Tensor | ArrayLike,
    *,
    titles: Sequence[object] = (),
    per_row: int = 4,
    size: int = 160,
) -> Picture:
    """Draw colour images side by side.

    Parameters
    ----------
    images : Tensor or ndarray, shape (n, 3, height, width) or (3, height, width)
        Up to 16 images; red, green and blue from 0 to 1. What is outside is drawn as 0 or 1.
    titles : sequence
        One label for each image.
    per_row : int
        Images in a row.
    size : int
        An image's longer side in pixels.

    Returns
    -------
    Picture

    Examples
    --------
    >>> print(colour_picture(np.zeros((3, 4, 6)), titles=["night"]))
    1 colour image of 4 x 6 pixels. Labels: night.
    """
    stack = np.asarray(images, dtype=np.float64)
    stack = stack[None] if stack.ndim == _CHANNELS else stack
    if stack.ndim != _CHANNELS + 1 or stack.shape[1] != _CHANNELS or not 0 < len(stack) <= _MOST:
        raise ValueError(
            f"up to {_MOST} images of shape (3, height, width) are taken; got {stack.shape}. Grey "
            "images are drawn by tile_picture"
        )
    n, _, height, width = stack.shape
    unit = size / max(height, width)
    sheet = Sheet()
    labels = [str(title) for title in titles]
    for number, image in enumerate(stack):
        x = number % per_row * (width * unit + 10)
        y = number // per_row * (height * unit + 24)
        shares = np.clip(np.nan_to_num(image), 0, 1).transpose(1, 2, 0)  # (height, width, 3)
        address = data_address((255 * shares).round().astype(np.uint8))
        sheet.image(x, y, width * unit, height * unit, address, crisp=True)
        if number < len(labels):
            middle = x + width * unit / 2
            sheet.text(middle, y + height * unit + 15, labels[number], size=12, anchor="middle")
    words = f"{n} colour image{'s' if n != 1 else ''} of {height} x {width} pixels."
    return sheet.finish(words + (f" Labels: {', '.join(labels)}." if labels else ""))
