"""Reads a parameter's values when somebody asks, without keeping its model alive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable
from labkit.run.inspection import Inspect, Inspection, TensorStatistics

_BINS = 32


def inspector(find: Callable[[], ParameterTable]) -> Inspect:
    """Return a function that reads a parameter by its name.

    Parameters
    ----------
    find : callable
        Returns the table of the parameters; called once, at the first question.
    """
    tables: list[ParameterTable] = []

    def inspect(name: str) -> Inspection | None:
        if not tables:
            tables.append(find())
        parameter = next((e.ref() for e in tables[0].watched if name in e.names), None)
        if parameter is None or not torch_compat.has_storage(parameter):
            return None
        gradient = parameter.grad
        return Inspection(
            _statistics(parameter), None if gradient is None else _statistics(gradient)
        )

    return inspect


def _statistics(tensor: torch.Tensor) -> TensorStatistics:
    values = tensor.detach()
    if values.layout is not torch.strided:
        values = values.to_dense()
    values = (values.abs() if values.is_complex() else values).to(torch.float32).reshape(-1)
    finite = values[values.isfinite()]
    known = finite.numel() > 0
    low, high = (finite.min().item(), finite.max().item()) if known else (0.0, 0.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    unknown = float("nan")
    return TensorStatistics(
        shape=tuple(tensor.shape),
        dtype=torch_compat.name_of(tensor.dtype),
        minimum=finite.min().item() if known else unknown,
        maximum=finite.max().item() if known else unknown,
        mean=finite.mean().item() if known else unknown,
        deviation=finite.std(correction=0).item() if known else unknown,
        zeros=int((values == 0).sum().item()),
        not_finite=values.numel() - finite.numel(),
        edges=np.linspace(low, high, _BINS + 1),
        counts=finite.histc(_BINS, low, high).cpu().numpy().astype(np.int64),
    )
