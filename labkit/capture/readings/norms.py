"""Norms of many tensors at once, computed on their device."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture import torch_compat
from labkit.capture.elements import PIECE, in_pieces

_ACCUMULATED = (torch.float32, torch.float64)
"""Types in which squares are summed without conversion; in smaller types they would overflow."""


def norms(tensors: Sequence[torch.Tensor | None]) -> torch.Tensor:
    """Return the 2-norm of every tensor.

    Parameters
    ----------
    tensors : sequence of Tensor or None
        Any shapes, types, layouts and devices. None counts as 0.

    Returns
    -------
    Tensor, shape (n_tensors,), dtype float32
        On the device of the first tensor, without blocking.

    Examples
    --------
    >>> norms([torch.tensor([3.0, 4.0]), None]).tolist()
    [5.0, 0.0]
    """
    found = fused_norms(tensors)
    return _norms_one_by_one(tensors) if found is None else torch.stack(found)


def fused_norms(tensors: Sequence[torch.Tensor | None]) -> list[torch.Tensor] | None:
    """Return the norm of every tensor, each of shape () and dtype float32, in one operation.

    None for sparse or missing tensors, several devices, and dtypes other than float32.
    """
    if not tensors or tensors[0] is None or tensors[0].dtype is not torch.float32:
        return None
    try:
        found = torch_compat.foreach_norm(tensors)  # type: ignore[arg-type]
    except (TypeError, RuntimeError):
        return None
    return found if all(norm.dtype == torch.float32 for norm in found) else None


def _norms_one_by_one(tensors: Sequence[torch.Tensor | None]) -> torch.Tensor:
    present = [tensor for tensor in tensors if tensor is not None]
    if not present:
        return torch.zeros(len(tensors), device="cpu")
    device = present[0].device
    zero = torch.zeros((), device=device)
    return torch.stack(
        [zero if part is None else _norm(part).to(device, torch.float32) for part in tensors]
    )


def _norm(tensor: torch.Tensor) -> torch.Tensor:
    """Return one norm, shape (); types that need conversion are read in pieces."""
    values = stored_real(tensor.detach())
    if values.dtype in _ACCUMULATED or values.numel() <= PIECE:
        whole: torch.Tensor = torch.linalg.vector_norm(_as_float(values))
        return whole
    parts = [torch.linalg.vector_norm(_as_float(piece)) for piece in in_pieces(values)]
    joined: torch.Tensor = torch.linalg.vector_norm(torch.stack(parts))
    return joined


def stored_real(tensor: torch.Tensor) -> torch.Tensor:
    """Return the stored values of a tensor without conversion; complex values as pairs."""
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def _as_float(values: torch.Tensor) -> torch.Tensor:
    return values if values.dtype in _ACCUMULATED else values.float()
