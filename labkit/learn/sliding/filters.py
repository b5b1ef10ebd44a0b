"""The classic filters: kernels that people wrote down long before networks learned them."""

from __future__ import annotations

from typing import NamedTuple

Rows = tuple[tuple[float, ...], ...]
_NINTH = round(1 / 9, 4)


class Filter(NamedTuple):
    """A kernel, and what it finds in an image."""

    rows: Rows
    finds: str


FILTERS = {
    "left to right": Filter(
        ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)), "positive where it gets brighter to the right"
    ),
    "top to bottom": Filter(
        ((-1, -1, -1), (0, 0, 0), (1, 1, 1)), "positive where it gets brighter downwards"
    ),
    "blur": Filter(((_NINTH, _NINTH, _NINTH),) * 3, "the mean of nine pixels: noise and detail go"),
    "sharpen": Filter(
        ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
        "the pixel, and what sets it apart from the four around it",
    ),
    "outline": Filter(
        ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
        "0 where all nine pixels are equal: edges of any direction",
    ),
    "emboss": Filter(
        ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)), "light from the top left, as if the image stood out"
    ),
    "identity": Filter(((0, 0, 0), (0, 1, 0), (0, 0, 0)), "the image itself"),
    "wide blur": Filter(((0.04,) * 5,) * 5, "the mean of twenty-five pixels"),
}
