"""Compares a batch with the running statistics of a batch normalisation that is frozen."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from labkit.capture.readings.activations.readable import is_readable
from labkit.capture.readings.activations.statistics import first_samples
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run
from labkit.run.observations import FrozenNorm

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_MAX_NUMBERS = 65_536
_MAX_RECORDED = 8


def is_frozen_norm(module: nn.Module) -> bool:
    """Return whether a module is a batch normalisation that uses its running statistics."""
    return (
        isinstance(module, BATCH_NORMS)
        and not module.training
        and module.running_mean is not None
        and module.running_var is not None
    )


def read_frozen_norm(
    run: Run, transfer: DeviceTransfer, step: int, path: str, module: nn.Module, inputs: Any
) -> None:
    """Record how far a batch is from the running statistics that it is normalised with.

    Parameters
    ----------
    run : Run
    transfer : DeviceTransfer
    step : int
    path : str
        Path of the module.
    module : Module
        A module for which `is_frozen_norm` is true.
    inputs : object
        Its positional arguments: a tensor of shape (n_samples, n_channels, ...).
    """
    batch = inputs[0] if isinstance(inputs, tuple) and inputs else None
    if not isinstance(batch, torch.Tensor) or not is_readable(batch) or batch.dim() < 2:  # noqa: PLR2004
        return
    mean, variance = module.running_mean, module.running_var
    if not isinstance(mean, torch.Tensor) or not isinstance(variance, torch.Tensor):
        return
    values = first_samples(batch.detach(), _MAX_NUMBERS).float().transpose(0, 1).flatten(1)
    if values.shape[1] < 2 or len(values) != len(mean):  # noqa: PLR2004 - no deviation of one number
        return
    deviation = (variance.float() + float(module.eps)).sqrt()  # type: ignore[arg-type]
    shift = (values.mean(1) - mean.float()).abs() / deviation
    scale = values.std(1, correction=0) / deviation

    def deliver(row: Sequence[float]) -> None:
        newest = run.observations.frozen_norms.setdefault(path, deque(maxlen=_MAX_RECORDED))
        newest.append(FrozenNorm(step, float(row[0]), float(row[1])))

    transfer.submit(
        torch.stack([shift.median(), scale.median()]), lambda row: deliver(row.tolist())
    )
