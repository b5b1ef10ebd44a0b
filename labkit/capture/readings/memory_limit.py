"""The peak memory that watching may add, shared by all readings that hold tensors."""

from __future__ import annotations

from collections.abc import Iterable

import torch

_MIN_BYTES = 64 * 2**20
_WEIGHTS_DIVISOR = 10
_COPIES_DIVISOR = 2
"""Copies get the limit divided by this; the rest is for temporaries, pictures and series."""
_COPYING_READINGS = 3
"""Number of readings that hold copies: of weights, of gradients and of the gradients of passes."""


class MemoryLimit:
    """The memory that watching one run may add: 64 MiB, or a tenth of the weights if that is more.

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
        self.allowed = max(_MIN_BYTES, weights_bytes // _WEIGHTS_DIVISOR)
        """Number of bytes that watching may add at its peak."""
        self._held = 0

    @classmethod
    def of(cls, parameters: Iterable[torch.Tensor]) -> MemoryLimit:
        """Return the limit for a model with these parameters."""
        return cls(sum(parameter.numel() * parameter.element_size() for parameter in parameters))

    @property
    def share(self) -> int:
        """Number of bytes that one reading may hold between calls, if no other holds any."""
        return self.allowed // (_COPIES_DIVISOR * _COPYING_READINGS)

    @property
    def room(self) -> int:
        """Number of bytes that another reading may hold now."""
        return min(self.share, self.allowed // _COPIES_DIVISOR - self._held)

    def hold(self, size: int) -> None:
        """Count bytes as held; a negative size releases them."""
        self._held += size
