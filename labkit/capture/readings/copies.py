"""Copies of weights or gradients, for comparison with later values."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from labkit.capture.elements import spaced
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.rotation import Named, Rotation

_SAMPLED = 2**18
"""Number of elements that are compared if a tensor exceeds the memory of one reading."""


@dataclass(frozen=True, eq=False)
class Copy:
    """Copied elements of one tensor.

    Attributes
    ----------
    name : str
    source : Tensor or None
        The copied tensor, if it will be read again.
    elements : Tensor, shape (n,), dtype that of the source
        All elements, or evenly spaced ones of a very large tensor.
    max_count : int
        Maximum number of elements that were copied.
    """

    name: str
    source: torch.Tensor | None
    elements: torch.Tensor
    max_count: int

    def elements_of(self, tensor: torch.Tensor | None) -> torch.Tensor | None:
        """Return the same elements of a tensor; None if its size, dtype or device differs."""
        if tensor is None:
            return None
        found = elements(tensor, self.max_count)
        same = found.shape == self.elements.shape and found.dtype == self.elements.dtype
        return found if same and found.device == self.elements.device else None


class Copier:
    """Copies tensors in rotation, at each call as many as the memory limit allows.

    Parameters
    ----------
    limit : MemoryLimit
        Shared by all readings of a run.
    """

    def __init__(self, limit: MemoryLimit) -> None:
        self._limit = limit
        self._rotation = Rotation(self._size)
        self.copies: list[Copy] = []
        """The copies of the last call, until they are released."""

    def copy(self, tensors: Sequence[Named], *, keep_source: bool) -> None:
        """Copy the next tensors; earlier copies are dropped.

        Parameters
        ----------
        tensors : sequence of (str, Tensor)
            In the same order at each call; some may be missing or new.
        keep_source : bool
            Whether to store a reference to each copied tensor, which is read again later.
        """
        self.release()
        for name, tensor in self._rotation.next(tensors, self._limit.room):
            max_count = sys.maxsize if _bytes(tensor) <= self._limit.share else _SAMPLED
            found = elements(tensor, max_count).clone()
            self.copies.append(Copy(name, tensor if keep_source else None, found, max_count))
        self._limit.hold(self._held())

    def release(self) -> list[Copy]:
        """Remove and return the copies; their memory no longer counts as held."""
        self._limit.hold(-self._held())
        copies, self.copies = self.copies, []
        return copies

    def _held(self) -> int:
        return sum(_bytes(copy.elements) for copy in self.copies)

    def _size(self, tensor: torch.Tensor) -> int:
        size = _bytes(tensor)
        return size if size <= self._limit.share else _SAMPLED * tensor.element_size()


def elements(tensor: torch.Tensor, max_count: int) -> torch.Tensor:
    """Return at most `max_count` evenly spaced elements of a tensor, shape (n,), with its dtype.

    Complex elements are returned as pairs; sparse tensors are converted to dense ones.
    """
    values = tensor.detach()
    values = values.to_dense() if values.layout is not torch.strided else values
    return spaced(torch.view_as_real(values) if values.is_complex() else values, max_count)


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
