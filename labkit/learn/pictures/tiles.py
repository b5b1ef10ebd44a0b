"""A grid of small images from one array: kernels, feature maps, digits.

All tiles share one colour scale, given in the legend, so they can be compared; signed values are
drawn around zero. It shows the numbers of the array it is given and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.learn.pictures.picture import FAINT, Picture, Sheet
from labkit.learn.pictures.png import colours, data_address

if TYPE_CHECKING:
    from torch import Tensor

    Tiles = Tensor | ArrayLike

Scale = Literal["auto", "grey", "diverging", "sequential"]
_MOST_TILES = 64
_LEGEND = 130


def tile_picture(
    tiles: Tiles,
    *,
    title: str = "",
    titles: Sequence[object] = (),
    per_row: int = 8,
    scale: Scale = "auto",
    size: int = 72,
) -> Picture:
    """Draw a stack of two-dimensional arrays side by side.

    Parameters
    ----------
    tiles : Tensor or ndarray, shape (n, height, width) or (height, width) or (n, 1, height, width)
        Up to 64 tiles.
    title : str
        Written above the grid.
    titles : sequence
        One label for each tile.
    per_row : int
        Tiles in a row.
    scale : {"auto", "grey", "diverging", "sequential"}
        "auto" takes "diverging" where there are negative values, else "grey".
    size : int
        A tile's longer side in pixels.

    Examples
    --------
    >>> print(tile_picture(np.array([[[0.0, 1.0], [-1.0, 0.5]]]), title="kernel"))
    kernel: 1 tile of 2 x 2, values from -1 to 1.
    """
    stack = _stack(tiles)
    _, height, width = stack.shape
    low, high = _range(stack)
    chosen = _choose(scale, low)
    if chosen == "diverging":
        high = max(-low, high)
        low = -high
    shares = (stack - low) / max(high - low, 1e-12)
    images = [data_address(colours(share, chosen)) for share in shares]
    unit = size / max(height, width)
    sheet = Sheet()
    top = 22.0 if title else 0.0
    if title:
        sheet.text(0, 13, title, bold=True)
    _draw_legend(sheet, top, low, high, chosen)
    labels = [str(label) for label in titles]
    _draw_tiles(sheet, top + 26, images, labels, per_row, (width * unit, height * unit))
    return sheet.finish(_describe(stack, title, labels))


def _stack(tiles: Any) -> NDArray[np.float64]:
    if hasattr(tiles, "detach"):
        tiles = tiles.detach().cpu().double().numpy()
    array = np.asarray(tiles, dtype=np.float64)
    match array.shape:
        case (_, 1, _, _):
            array = array[:, 0]
        case (_, _):
            array = array[None]
    if len(array.shape) != len(("n", "height", "width")) or not array.size:
        raise ValueError(
            f"tiles of shape (n, height, width) are taken; got {array.shape}. For the kernels of a "
            "layer that has several input channels, pick one: conv.weight[:, 0]"
        )
    if len(array) > _MOST_TILES:
        raise ValueError(f"up to {_MOST_TILES} tiles are drawn; got {len(array)}. Take tiles[:64]")
    return array


def _range(stack: NDArray[np.float64]) -> tuple[float, float]:
    finite = stack[np.isfinite(stack)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _choose(scale: Scale, low: float) -> Literal["grey", "diverging", "sequential"]:
    if scale == "auto":
        return "diverging" if low < 0 else "grey"
    if scale not in ("grey", "diverging", "sequential"):
        raise ValueError(f'scale is "auto", "grey", "diverging" or "sequential"; got {scale!r}')
    return scale


def _draw_legend(sheet: Sheet, top: float, low: float, high: float, scale: str) -> None:
    ramp = data_address(colours(np.linspace(0, 1, 64)[None], scale))
    sheet.text(0, top + 13, f"{low:.3g}", size=11, colour=FAINT)
    left = 12 + 7 * len(f"{low:.3g}")
    sheet.image(left, top + 4, _LEGEND, 10, ramp, crisp=False)
    sheet.box(left, top + 4, _LEGEND, 10)
    sheet.text(left + _LEGEND + 8, top + 13, f"{high:.3g}", size=11, colour=FAINT)


def _draw_tiles(
    sheet: Sheet,
    top: float,
    images: list[str],
    labels: list[str],
    per_row: int,
    size: tuple[float, float],
) -> None:
    width, height = size
    step_down = height + (22 if labels else 8)
    for number, image in enumerate(images):
        x = number % per_row * (width + 8)
        y = top + number // per_row * step_down
        sheet.image(x, y, width, height, image, crisp=True)
        sheet.box(x, y, width, height)
        if number < len(labels):
            label = labels[number]
            sheet.text(x + width / 2, y + height + 14, label, size=12, anchor="middle")


def _describe(stack: NDArray[np.float64], title: str, labels: list[str]) -> str:
    n, height, width = stack.shape
    low, high = _range(stack)
    head = f"{title}: " if title else ""
    words = f"{head}{n} tile{'s' if n != 1 else ''} of {height} x {width}, "
    words += f"values from {low:.3g} to {high:.3g}."
    if labels:
        words += f" Labels: {', '.join(labels)}."
    return words
