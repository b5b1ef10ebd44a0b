"""Encodes pixels as PNG with the standard library only."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG's number for grey, grey with alpha, RGB and RGBA, by the number of channels."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SIZE = slice(16, 24)
"""Where width and height are in a file."""


def encode(pixels: NDArray[np.uint8], level: int = 6) -> bytes:
    r"""Return pixels as a PNG file.

    Parameters
    ----------
    pixels : ndarray, shape (height, width, n_channels), dtype uint8
        Grey, grey with alpha, RGB or RGBA; at least one pixel.
    level : int
        Compression level of zlib, 1 to 9.

    Examples
    --------
    >>> png = encode(np.zeros((2, 3, 1), np.uint8))
    >>> png[:8], size(png)
    (b'\x89PNG\r\n\x1a\n', (3, 2))
    """
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(_filtered(pixels), level))
        + _chunk(b"IEND", b"")
    )


def is_png(data: bytes) -> bool:
    """Return whether data begins as a PNG file does, up to its size."""
    return data.startswith(_SIGNATURE) and len(data) >= _SIZE.stop


def size(png: bytes) -> tuple[int, int]:
    """Return the width and the height of a PNG file."""
    width, height = struct.unpack(">II", png[_SIZE])
    return width, height


def _filtered(pixels: NDArray[np.uint8]) -> bytes:
    """Return the rows, each with the number of its filter before it.

    A row is stored as it is (0), or as the differences to the pixels at the left (1) or above (2):
    the one with the smallest sum of magnitudes, which usually compresses best.
    """
    height, width, channels = pixels.shape
    left, above = pixels.copy(), pixels.copy()
    left[:, 1:] -= pixels[:, :-1]
    above[1:] -= pixels[:-1]
    candidates = np.stack([pixels, left, above]).reshape(3, height, width * channels)
    magnitudes = np.minimum(candidates, 0 - candidates)  # of signed bytes
    chosen = magnitudes.sum(axis=2, dtype=np.int64).argmin(axis=0)
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = chosen
    rows[:, 1:] = candidates[chosen, np.arange(height)]
    return rows.tobytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
