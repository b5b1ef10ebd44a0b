"""Reads values on request, without references that keep a model or its activations alive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable
from labkit.run.inspection import FROZEN, Inspect, Inspection, Sample, Sampled

SampledResults = dict[str, dict[int, Sample | None]]
"""Samples of the results of operations, by node id and the number of the result."""
_RESULT = "Result {} of {} of this operation."
_MAX_KEPT = 1 << 12
"""Maximum number of sampled elements: enough for a histogram."""


def sample(tensor: torch.Tensor) -> Sample | None:
    """Return a copy of at most 4,096 elements; None if the values cannot be read.

    To be called on the thread that owns the tensor. The sample has no reference to the tensor.

    Examples
    --------
    >>> kept = sample(torch.arange(3.0))
    >>> kept.values.tolist(), kept.whole
    ([0.0, 1.0, 2.0], True)
    """
    try:
        return _sample(tensor.detach())
    except Exception:  # noqa: BLE001 - a meta, fake or transformed tensor has no values
        return None


def _sample(tensor: torch.Tensor) -> Sample:
    stored = tensor
    if tensor.layout is torch.sparse_coo:
        stored = tensor.coalesce().values()
    elif tensor.layout is not torch.strided:
        stored = tensor.values()
    every = max(1, -(-stored.numel() // _MAX_KEPT))
    if stored.is_contiguous():
        kept = stored.view(-1)[::every]
    else:  # by index, as a flat copy of the whole tensor could be large
        kept = stored.take(torch.arange(0, stored.numel(), every, device=stored.device))
    kept = (kept.abs() if kept.is_complex() else kept).to("cpu", torch.float32)
    return Sample(
        values=np.array(kept.numpy()),
        shape=tuple(tensor.shape),
        dtype=torch_compat.name_of(tensor.dtype),
        whole=stored.numel() == tensor.numel() and every == 1,
    )


def samples_of(table: ParameterTable, results: SampledResults) -> dict[str, Sampled]:
    """Return samples of all parameters with their gradients, and of the results of operations.

    To be called on the thread that owns them.

    Parameters
    ----------
    table : ParameterTable
    results : mapping of str to mapping of int to Sample or None
        Samples of the results of operations, by the ids of their nodes and the numbers of results.
    """
    sampled = {}
    for id, kept_results in results.items():
        first = min(kept_results)
        kept = kept_results[first]
        if kept is not None:
            count = max(kept_results) + 1
            sampled[id] = Sampled(
                kept, note=_RESULT.format(first + 1, count) if count > 1 else None
            )
    for entry in table.watched:
        parameter = entry.parameter()
        if parameter is not None:
            sampled |= dict.fromkeys(entry.names, _sampled(parameter))
    return sampled


def inspector(find: Callable[[], ParameterTable]) -> Inspect:
    """Return a function that reads a parameter by name; to be called on the training thread.

    Parameters
    ----------
    find : callable
        Returns the table of the parameters; called once, when a parameter is first read.
    """
    tables: list[ParameterTable] = []

    def inspect(name: str) -> Inspection | None:
        if not tables:
            tables.append(find())
        parameter = next((e.parameter() for e in tables[0].watched if name in e.names), None)
        if parameter is None:
            return None
        kept = _sampled(parameter)
        if kept.value is None:
            return None
        gradient = kept.gradient
        return Inspection(
            kept.value.statistics(),
            None if gradient is None else gradient.statistics(),
            reason=kept.note,
        )

    return inspect


def _sampled(parameter: torch.Tensor) -> Sampled:
    if not torch_compat.has_storage(parameter):
        return Sampled(None)
    if not parameter.requires_grad:
        return Sampled(sample(parameter), note=FROZEN)
    gradient = parameter.grad
    return Sampled(sample(parameter), None if gradient is None else sample(gradient))
