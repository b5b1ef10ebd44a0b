"""How many bytes watching may add at its peak, shared by everything that holds tensors."""

from __future__ import annotations

from collections.abc import Iterable

import torch

_AT_LEAST = 64 * 2**20
_PART_OF_WEIGHTS = 10
_COPIES = 2
"""The reciprocal of the part of the limit that is for copies; the rest is for intermediate results,
pictures and series."""
_SHARES = 3
"""Kinds of readings that hold copies: of weights, of gradients, and of several passes'."""


class MemoryLimit:
    """The limit of what watching one run may add: 64 MiB or a tenth of the weights, the larger one.

    Parameters
    ----------
    weights_bytes : int
        Size of all watched parameters, in bytes.

    Examples
    --------
    >>> limit = MemoryLimit(weights_bytes=6_000_000_000)
    >>> limit.allowed, limit.room
    (600000000, 100000000)
    >>> limit.hold(250_000_000)
    >>> limit.room
    50000000
    """

    def __init__(self, weights_bytes: int) -> None:
        self.allowed = max(_AT_LEAST, weights_bytes // _PART_OF_WEIGHTS)
        """Bytes that watching may add at its peak."""
        self._held = 0

    @classmethod
    def of(cls, parameters: Iterable[torch.Tensor]) -> MemoryLimit:
        """Return the limit of a model with these parameters."""
        return cls(sum(parameter.numel() * parameter.element_size() for parameter in parameters))

    @property
    def share(self) -> int:
        """Bytes that one reading may hold from one call to the next, if no other holds any."""
        return self.allowed // (_COPIES * _SHARES)

    @property
    def room(self) -> int:
        """Bytes that one more reading may hold now."""
        return min(self.share, self.allowed // _COPIES - self._held)

    def hold(self, size: int) -> None:
        """Count some bytes as held; a negative size releases them."""
        self._held += size
