"""Stores tensors in a temporary file, so that they take no memory until they are read."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Sequence

import torch


class TensorFile:
    """Writes the present values of tensors; the unnamed file is deleted with this object.

    Parameters
    ----------
    tensors : sequence of Tensor
        Dense tensors of any shapes and dtypes.

    Raises
    ------
    OSError
        If there is not enough space for the file.
    RuntimeError
        If a tensor has no bytes to write: sparse, quantized or without storage.

    Examples
    --------
    >>> weight = torch.ones(2)
    >>> file = TensorFile([weight])
    >>> _ = weight.zero_()
    >>> file.read()
    [tensor([1., 1.])]
    """

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when this object is deleted
        weakref.finalize(self, self._file.close)
        self._forms = [(tuple(t.shape), t.dtype, t.device) for t in tensors]
        self._sizes = [self._write(tensor) for tensor in tensors]

    def _write(self, tensor: torch.Tensor) -> int:
        """Write one tensor and return its size in bytes; only non-contiguous ones are copied."""
        values = tensor.detach().cpu().contiguous().resolve_conj().resolve_neg()
        if values.numel():
            self._file.write(values.reshape(-1).view(torch.uint8).numpy().data)
        return values.numel() * values.element_size()

    def read(self) -> list[torch.Tensor]:
        """Return the stored tensors on their original devices."""
        self._file.seek(0)
        tensors = []
        for (shape, kind, device), size in zip(self._forms, self._sizes, strict=True):
            values = torch.empty(shape, dtype=kind, device="cpu")
            if size:
                stored = torch.frombuffer(bytearray(self._file.read(size)), dtype=torch.uint8)
                values = stored.view(kind).reshape(shape)
            tensors.append(values.to(device))
        return tensors
