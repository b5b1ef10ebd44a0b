"""Norms and histograms of many tensors at once, on the device they live on."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture import torch_compat
from labkit.run.histograms import HISTOGRAM_BINS, HISTOGRAM_HIGH, HISTOGRAM_LOW

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
    dense = [None if tensor is None else _dense_real(tensor) for tensor in tensors]
    return torch.stack(
        [
            zero if part is None else torch.linalg.vector_norm(part).to(device, torch.float32)
            for part in dense
        ]
    )


def _dense_real(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    return tensor if tensor.dtype in _ACCUMULATED else tensor.float()


def magnitude_histogram(tensor: torch.Tensor) -> torch.Tensor:
    """Return a histogram of a tensor's magnitudes in bins of one power of two.

    Returns
    -------
    Tensor, shape (40,), dtype float32
        Counts of 2**-30 to 2**10; zeros, non-finite and other values are in no bin.

    Examples
    --------
    >>> int(magnitude_histogram(torch.tensor([1.5, 1.2, 0.0, 3.0])).sum())
    3
    """
    magnitudes = _dense_real(tensor).abs().float().log2().flatten()
    return torch.histc(magnitudes, HISTOGRAM_BINS, HISTOGRAM_LOW, HISTOGRAM_HIGH)


def histograms(tensor: torch.Tensor) -> torch.Tensor:
    """Return two histograms of a tensor: of its magnitudes, and in even bins from end to end.

    Returns
    -------
    Tensor, shape (82,), dtype float32
        40 counts as `magnitude_histogram` has them, 40 counts of the finite values in even bins,
        and the least and the greatest finite value. Nothing waits for the device.

    Examples
    --------
    >>> found = histograms(torch.tensor([-1.0, 1.0, 3.0]))
    >>> found[40:80].nonzero().flatten().tolist(), found[80:].tolist()
    ([0, 20, 39], [-1.0, 3.0])
    """
    values = _dense_real(tensor.detach()).float().reshape(-1)
    finite = torch.nan_to_num(values, nan=torch.inf)
    low = finite.amin()
    high = torch.where(finite.isinf(), -torch.inf, finite).amax()
    places = (values - low) / torch.clamp(high - low, min=torch.finfo(torch.float32).tiny)
    even = torch.histc(places, HISTOGRAM_BINS, 0.0, 1.0)
    return torch.cat([magnitude_histogram(tensor), even, torch.stack([low, high])])


def odd_parts(tensor: torch.Tensor) -> torch.Tensor:
    """Return the parts of a tensor's elements that are zero and that are not finite, shape (2,).

    Examples
    --------
    >>> odd_parts(torch.tensor([0.0, 1.0, float("nan"), 0.0])).tolist()
    [0.5, 0.25]
    """
    values = _dense_real(tensor.detach())
    zero, broken = (values == 0).float().mean(), (~values.isfinite()).float().mean()
    return torch.stack([zero, broken])
