"""Conversion of arrays to the little-endian bytes in a run's file, and back."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.run.file.errors import DamagedError
from labkit.run.series.buckets import Floats, Steps

_MAX_OFFSET = 2**32 - 1


def to_bytes(values: NDArray[Any], dtype: str) -> bytes:
    """Return the items of an array, row by row, as a dtype such as ``"<f4"``."""
    return np.ascontiguousarray(values, dtype).tobytes()


def from_bytes(blob: object, dtype: str, shape: tuple[int, ...], what: str) -> NDArray[Any]:
    """Return the array of some bytes, in the byte order of this machine.

    Raises
    ------
    DamagedError
        If the number of bytes does not belong to the shape.
    """
    size = 1
    for length in shape:
        if length < 0:
            raise DamagedError(f"{what} has a negative size")
        size *= length  # in whole numbers of Python, which do not overflow
    kind = np.dtype(dtype)
    if not isinstance(blob, bytes) or len(blob) != size * kind.itemsize:
        raise DamagedError(f"{what} has not the size that belongs to it")
    array = np.frombuffer(blob, kind).reshape(shape)
    return array.astype(kind.newbyteorder("=")) if sys.byteorder == "big" else array.copy()


def offsets_of(steps: Steps) -> bytes | None:
    """Return the steps minus the first one; None if each is one more than the step before."""
    offsets = steps - steps[0]
    if np.array_equal(offsets, np.arange(len(steps))):
        return None
    return to_bytes(offsets, "<u4")


def steps_from(first: int, offsets: object, rows: int, what: str) -> Steps:
    """Return the steps of the rows of a chunk.

    Raises
    ------
    DamagedError
        If they do not rise.
    """
    if offsets is None:
        return np.arange(first, first + rows, dtype=np.int64)
    steps = first + from_bytes(offsets, "<u4", (rows,), what).astype(np.int64)
    if (np.diff(steps) <= 0).any():
        raise DamagedError(f"{what} do not rise")
    return steps


def pieces(steps: Steps, values: Floats, rows: int) -> list[tuple[Steps, Floats]]:
    """Return rows in pieces of at most `rows`, whose steps differ by less than 2**32.

    Examples
    --------
    >>> steps, values = np.arange(5), np.zeros((5, 1), np.float32)
    >>> [piece.tolist() for piece, _ in pieces(steps, values, 2)]
    [[0, 1], [2, 3], [4]]
    """
    found: list[tuple[Steps, Floats]] = []
    start = 0
    while start < len(steps):
        end = min(start + rows, len(steps))
        within = int(np.searchsorted(steps[start:end], steps[start] + _MAX_OFFSET, side="right"))
        end = start + within
        found.append((steps[start:end], values[start:end]))
        start = end
    return found
