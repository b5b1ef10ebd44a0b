"""Summaries of a tensor's values: all elements of a small tensor, block means of a large one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.capture import torch_compat
from labkit.run.graph.walk import MAX_CELLS, MAX_NUMBERS, ValueSummary

_UNREADABLE = (
    "The values of this tensor cannot be read: it is on the meta device, or its class or layout "
    "gives no access to them."
)


def summarise(tensor: torch.Tensor) -> ValueSummary:
    """Return a summary of a tensor, without a reference to it.

    If its values cannot be read, the summary has a reason instead.

    Examples
    --------
    >>> import torch
    >>> summary = summarise(torch.tensor([[3.0, 4.0]]))
    >>> summary.numbers.tolist(), summary.norm, summary.whole
    ([[3.0, 4.0]], 5.0, True)
    """
    try:
        return _summary(tensor)
    except Exception:  # noqa: BLE001 - the classes of user-defined tensors may raise anything
        shape, dtype, _ = torch_compat.described(tensor)
        return unknown(shape, dtype, _UNREADABLE)


def _summary(tensor: torch.Tensor) -> ValueSummary:
    detached = tensor.detach()
    if detached.layout is not torch.strided:
        detached = detached.to_dense()
    plain = (detached.abs() if detached.is_complex() else detached).to("cpu", torch.float64)
    numbers = plain.numpy()
    finite = numbers[np.isfinite(numbers)]
    whole = numbers.size <= MAX_NUMBERS
    return ValueSummary(
        shape=tuple(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        numbers=_as_table(numbers).copy() if whole else _block_means(_as_table(numbers)),
        whole=whole,
        minimum=float(finite.min()) if finite.size else float("nan"),
        maximum=float(finite.max()) if finite.size else float("nan"),
        mean=float(numbers.mean()) if numbers.size else float("nan"),
        norm=float(np.linalg.norm(numbers.ravel())),
        zeros=int((numbers == 0).sum()),
        not_finite=int(numbers.size - finite.size),
    )


def unknown(shape: tuple[int, ...] | None, dtype: str | None, reason: str) -> ValueSummary:
    """Return the summary of an unknown value, with the reason."""
    return ValueSummary(shape or (), dtype or "unknown", reason=reason)


def _as_table(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the elements as rows along the last dimension."""
    if numbers.ndim < 2:  # noqa: PLR2004 - rows and columns
        return numbers.reshape(1, -1)
    return numbers.reshape(-1, numbers.shape[-1])


def _block_means(table: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = (min(size, MAX_CELLS) for size in table.shape)
    if table.shape[0] == 1:  # a long vector is shown in several rows
        rows = columns = min(MAX_CELLS, int(np.ceil(np.sqrt(table.size))))
        flat = np.array_split(table.ravel(), rows * columns)
        return np.array([part.mean() if part.size else np.nan for part in flat]).reshape(
            rows, columns
        )
    across = np.linspace(0, table.shape[1], columns + 1).astype(int)
    down = np.linspace(0, table.shape[0], rows + 1).astype(int)
    sums: NDArray[np.float64] = np.add.reduceat(
        np.add.reduceat(table, down[:-1], axis=0), across[:-1], axis=1
    )
    sizes: NDArray[np.float64] = np.diff(down)[:, None] * np.diff(across)[None, :].astype(float)
    return sums / sizes
