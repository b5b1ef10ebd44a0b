"""Norms of many tensors at once, on the device they live on."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture import torch_compat

_ACCUMULATED = (torch.float32, torch.float64)
"""Types in which a sum of squares can be taken as it is; smaller ones would overflow."""


def norms(tensors: Sequence[torch.Tensor | None]) -> torch.Tensor:
    """Return the 2-norm of every tensor.

    Parameters
    ----------
    tensors : sequence of Tensor or None
        Any shapes, types, layouts and devices. None counts as 0.

    Returns
    -------
    Tensor, shape (n_tensors,), dtype float32
        On the device of the first tensor; nothing waits for the device.

    Examples
    --------
    >>> norms([torch.tensor([3.0, 4.0]), None]).tolist()
    [5.0, 0.0]
    """
    try:
        found = torch_compat.foreach_norm(tensors)  # type: ignore[arg-type]
        if all(norm.dtype == torch.float32 for norm in found):
            return torch.stack(found)
    except (TypeError, RuntimeError):
        pass  # mixed devices, sparse or missing tensors: the careful way below
    return _careful_norms(tensors)


def _careful_norms(tensors: Sequence[torch.Tensor | None]) -> torch.Tensor:
    present = [tensor for tensor in tensors if tensor is not None]
    if not present:
        return torch.zeros(len(tensors))
    device = present[0].device
    zero = torch.zeros((), device=device)
    dense = [None if tensor is None else dense_real(tensor) for tensor in tensors]
    return torch.stack(
        [
            zero if part is None else torch.linalg.vector_norm(part).to(device, torch.float32)
            for part in dense
        ]
    )


def dense_real(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor's stored numbers, real and in a type in which squares can be added."""
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    return tensor if tensor.dtype in _ACCUMULATED else tensor.float()
