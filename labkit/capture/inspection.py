"""Reads values when somebody asks, without keeping a model or its activations alive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable
from labkit.run.inspection import Inspect, Inspection, TensorStatistics

_BINS = 32
_MOST_KEPT = 1 << 12
"""Of larger results so many elements are kept: enough for a histogram."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of a tensor's elements, evenly spread, or all of a small one's.

    Attributes
    ----------
    values : Tensor, shape (n_elements,)
    shape : tuple of int
        That of the whole tensor.
    whole : bool
    """

    values: torch.Tensor
    shape: tuple[int, ...]
    whole: bool


def sample(tensor: torch.Tensor) -> Sample:
    """Return a copy of at most 4,096 elements."""
    flat = tensor.reshape(-1)
    every = -(-flat.numel() // _MOST_KEPT)
    return Sample(flat[:: max(1, every)].clone(), tuple(tensor.shape), every <= 1)


def inspector(
    find: Callable[[], ParameterTable], results: Mapping[str, Sample] | None = None
) -> Inspect:
    """Return a function that reads a parameter by its name, or an operation's result by its node.

    Parameters
    ----------
    find : callable
        Returns the table of the parameters; called once, at the first question.
    results : mapping of str to Sample, optional
        What was kept of the operations' results, by their nodes' ids.
    """
    tables: list[ParameterTable] = []

    def inspect(name: str) -> Inspection | None:
        if results and name in results:
            return Inspection(_of_sample(results[name]), None)
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


def _of_sample(kept: Sample) -> TensorStatistics:
    made = _statistics(kept.values)
    sampled = None if kept.whole else kept.values.numel()
    return replace(made, shape=kept.shape, sampled=sampled)


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
