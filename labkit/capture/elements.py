"""Reads the elements of a tensor in pieces of bounded size, without a copy of the whole tensor."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

PIECE = 2**20
"""Number of elements in one piece, 4 MiB of float32."""


def in_pieces(tensor: torch.Tensor, max_count: int = PIECE) -> Iterator[torch.Tensor]:
    """Yield all elements of a tensor, a bounded number at a time.

    Parameters
    ----------
    tensor : Tensor, any shape and strides, detached
    max_count : int
        Maximum number of elements in one piece.

    Yields
    ------
    Tensor, shape (n,), n at most `max_count`
        Views in memory order if the tensor is dense, else copies.

    Examples
    --------
    >>> [len(piece) for piece in in_pieces(torch.zeros(5, 2).t(), max_count=4)]
    [4, 4, 2]
    """
    flat = flattened(tensor)
    if flat is not None:
        for start in range(0, flat.numel(), max_count):
            yield flat[start : start + max_count]
    elif tensor.numel() <= max_count:
        yield tensor.reshape(-1)
    else:
        for half in tensor.chunk(2, _longest(tensor)):
            yield from in_pieces(half, max_count)


def spaced(tensor: torch.Tensor, max_count: int) -> torch.Tensor:
    """Return evenly spaced elements of a tensor.

    The spacing and the number of elements are coprime, so that no row or column is preferred.

    Parameters
    ----------
    tensor : Tensor, any shape and strides, detached
    max_count : int
        Maximum number of elements to return.

    Returns
    -------
    Tensor, shape (n,)
        All elements if there are at most `max_count`; a view if the tensor is dense.

    Examples
    --------
    >>> spaced(torch.arange(10), max_count=4).tolist()
    [0, 3, 6, 9]
    """
    count = tensor.numel()
    flat = flattened(tensor)
    if flat is None:
        while tensor.numel() > max_count:
            place = _longest(tensor)
            tensor = tensor[(*[slice(None)] * place, slice(None, None, 2))]
        return tensor.reshape(-1)
    if count <= max_count:
        return flat
    spacing = -(-count // max_count)
    while math.gcd(spacing, count) > 1:
        spacing += 1
    return flat[::spacing]


def flattened(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return a dense tensor as one dimension in memory order; None if its memory has gaps."""
    if not tensor.is_contiguous():
        strides = tensor.stride()
        tensor = tensor.permute(sorted(range(tensor.dim()), key=lambda n: -strides[n]))
        if not tensor.is_contiguous():
            return None
    return tensor.view(-1)


def _longest(tensor: torch.Tensor) -> int:
    return max(range(tensor.dim()), key=tensor.size)
