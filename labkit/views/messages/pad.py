"""The synchronised state of the drawing pad's widget."""

from __future__ import annotations

from typing import TypedDict


class PadTiles(TypedDict):
    """Small images beside the drawing; `values` from 0 to 1, image by image, row by row."""

    count: int
    rows: int
    columns: int
    values: list[float]


class PadState(TypedDict):
    """The state that the kernel sends. `pixels` has `side * side` values from 0 to 1."""

    protocol: int
    side: int
    pixels: list[float]
    said: str
    tiles: PadTiles


class PadDrawing(TypedDict):
    """The changes that a page sends after a stroke, with the page's protocol version."""

    page_protocol: int
    pixels: list[float]
