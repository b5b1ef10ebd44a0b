"""Copies of weights or gradients, to be compared with later values."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from labkit.capture.elements import spaced
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.rotation import Named, Rotation

_SAMPLED = 2**18
"""Elements that are compared of a tensor larger than the memory of one reading."""


@dataclass(frozen=True, eq=False)
class Copy:
    """Elements of one tensor at the time of the copy.

    Attributes
    ----------
    name : str
    source : Tensor or None
        The tensor that was copied, if it will be read again.
    elements : Tensor, shape (n,), dtype that of the source
        All elements, or some that are evenly spaced in a very large tensor.
    most : int
        How many elements were copied at most.
    """

    name: str
    source: torch.Tensor | None
    elements: torch.Tensor
    most: int

    def again(self, tensor: torch.Tensor | None) -> torch.Tensor | None:
        """Return the same elements of another tensor; None if it has another size or type."""
        if tensor is None:
            return None
        found = elements(tensor, self.most)
        same = found.shape == self.elements.shape and found.dtype == self.elements.dtype
        return found if same and found.device == self.elements.device else None


class Copier:
    """Copies tensors in rotation: at each call the next ones, as many as the limit allows.

    Parameters
    ----------
    limit : MemoryLimit
        Shared by all copiers of one run.
    """

    def __init__(self, limit: MemoryLimit) -> None:
        self._limit = limit
        self._rotation = Rotation(self._size)
        self.copies: list[Copy] = []
        """The copies of the last call, until they are released."""

    def copy(self, tensors: Sequence[Named], *, again: bool) -> None:
        """Copy the next tensors, in place of the earlier copies.

        Parameters
        ----------
        tensors : sequence of (str, Tensor)
            In the same order at each call; some may be missing or new.
        again : bool
            Whether the same tensor objects will be read again; else no reference to them is kept.
        """
        self.release()
        for name, tensor in self._rotation.next(tensors, self._limit.room):
            most = sys.maxsize if _bytes(tensor) <= self._limit.share else _SAMPLED
            found = elements(tensor, most).clone()
            self.copies.append(Copy(name, tensor if again else None, found, most))
        self._limit.hold(self._held())

    def release(self) -> list[Copy]:
        """Return the copies and drop them here; their bytes no longer count as held."""
        self._limit.hold(-self._held())
        copies, self.copies = self.copies, []
        return copies

    def _held(self) -> int:
        return sum(_bytes(copy.elements) for copy in self.copies)

    def _size(self, tensor: torch.Tensor) -> int:
        size = _bytes(tensor)
        return size if size <= self._limit.share else _SAMPLED * tensor.element_size()


def elements(tensor: torch.Tensor, most: int) -> torch.Tensor:
    """Return at most so many elements of a tensor, evenly spaced, shape (n,), with its dtype.

    Complex elements are returned as pairs, sparse tensors are made dense.
    """
    values = tensor.detach()
    values = values.to_dense() if values.layout is not torch.strided else values
    return spaced(torch.view_as_real(values) if values.is_complex() else values, most)


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
