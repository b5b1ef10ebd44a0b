"""A small colour image that is computed: sky, sun, a hill and a house."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_FINER = 4
"""Places along each pixel's side; their mean makes the edges soft."""
_SUN, _HILL, _ROOF = (1.0, 0.88, 0.35), (0.33, 0.55, 0.25), (0.72, 0.25, 0.18)
_SUN_RADIUS, _EAVES = 0.11, 0.56
# The wall, the door and the window: left, right, top, bottom, and the colour.
_BOXES = (
    ((0.2, 0.6, _EAVES, 0.86), (0.9, 0.84, 0.72)),
    ((0.44, 0.53, 0.66, 0.86), (0.35, 0.22, 0.15)),
    ((0.26, 0.37, 0.62, 0.73), (0.25, 0.35, 0.5)),
)


def scene(side: int = 48) -> Tensor:
    """Return a picture of a house under the sun.

    Parameters
    ----------
    side : int
        Width and height in pixels.

    Returns
    -------
    Tensor, shape (3, side, side), dtype float32
        Red, green and blue, from 0 to 1.

    Examples
    --------
    >>> image = scene()
    >>> tuple(image.shape), image.dtype
    ((3, 48, 48), torch.float32)
    """
    import torch
    import torch.nn.functional as F

    steps = (torch.arange(side * _FINER) + 0.5) / (side * _FINER)
    y, x = torch.meshgrid(steps, steps, indexing="ij")  # from the top left corner, 0 to 1
    image = torch.stack([0.42 + 0.45 * y, 0.66 + 0.28 * y, 0.95 + 0 * y])
    shapes = [
        (torch.hypot(x - 0.78, y - 0.2) < _SUN_RADIUS, _SUN),
        (y > 0.72 + 0.08 * torch.sin(5 * x + 0.6), _HILL),
        (((x - 0.4).abs() < 1.6 * (y - 0.4)) & (y < _EAVES), _ROOF),
    ]
    for (left, right, top, bottom), colour in _BOXES:
        shapes.append(((x > left) & (x < right) & (y > top) & (y < bottom), colour))
    for inside, colour in shapes:
        image = torch.where(inside, torch.tensor(colour)[:, None, None], image)
    return F.avg_pool2d(image, _FINER)
