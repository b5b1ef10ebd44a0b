"""Statistics of the inputs of the first layer and of predictions, read without blocking."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from labkit.capture.readings.activations.readable import is_readable
from labkit.capture.readings.activations.statistics import first_samples, mean_and_std
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run
from labkit.run.observations import InputScale, Prediction

_MAX_CLASSES = 10_000
_MAX_NUMBERS = 65_536
_MAX_VOTES = 2**20
"""Maximum number of outputs in which the largest of each row is searched."""
_MIN_VARYING = 0.25
"""Share of samples in which a feature differs from its median, below which it is sparse."""
_SCALE_FREE = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.Embedding,
    nn.EmbeddingBag,
)
"""Layers whose result does not depend on the scale of their input."""
_TABLE = 2
"""Dimensions of inputs that are samples by features, and of outputs that are samples by classes."""


def is_first_layer(module: nn.Module) -> bool:
    """Return whether a module uses the values of the data: it has weights, or normalises them."""
    return (
        isinstance(module, _SCALE_FREE) or next(module.parameters(recurse=False), None) is not None
    )


def depends_on_scale(module: nn.Module) -> bool:
    """Return whether the scale of a first layer's input affects training.

    It does not affect a layer that normalises its input, or one whose weights are frozen.
    """
    if isinstance(module, _SCALE_FREE):
        return False
    weights = module.parameters(recurse=False)
    return any(weight.requires_grad and weight.dim() >= _TABLE for weight in weights)


def read_inputs(run: Run, transfer: DeviceTransfer, step: int, inputs: Any) -> None:
    """Record mean and standard deviation of the floating-point inputs of a batch.

    Parameters
    ----------
    run : Run
    transfer : DeviceTransfer
    step : int
    inputs : object
        The positional arguments of the first layer. Tensors of shape (n_samples, ...) with at least
        two samples are read.
    """
    for tensor in inputs if isinstance(inputs, tuple) else ():
        if not isinstance(tensor, torch.Tensor) or not is_readable(tensor):
            continue
        if tensor.dim() < _TABLE or tensor.shape[0] < 2:  # noqa: PLR2004 - a batch of one
            continue
        values = first_samples(tensor.detach(), _MAX_NUMBERS).float()
        mean, std = mean_and_std(values)
        min_std = max_std = std
        if values.dim() == _TABLE:
            centred = values - values.mean(dim=0)
            stds = torch.linalg.vector_norm(centred, dim=0) / len(values) ** 0.5
            # The dark pixels of images have one value, which is 0 unless the images are centred.
            differs = values != values.median(dim=0).values
            is_dense = differs.float().mean(dim=0) >= _MIN_VARYING
            min_std = torch.where((stds > 0) & is_dense, stds, torch.inf).amin()
            max_std = stds.amax()
        shape = tuple(tensor.shape)

        def deliver(row: NDArray[np.float32], shape: tuple[int, ...] = shape) -> None:
            run.observations.inputs.append(InputScale(step, shape, *map(float, row)))

        transfer.submit(torch.stack([mean, std, min_std, max_std]).float(), deliver)


def read_prediction(run: Run, transfer: DeviceTransfer, step: int, output: Any) -> None:
    """Record the most frequently predicted class, for outputs of shape (n_samples, n_classes)."""
    if not isinstance(output, torch.Tensor) or output.dim() != _TABLE or not is_readable(output):
        return
    output = first_samples(output.detach(), _MAX_VOTES)
    rows, classes = output.shape
    if not 1 < classes <= _MAX_CLASSES or rows < 2:  # noqa: PLR2004 - of one, any is the most frequent
        return
    votes = torch.zeros(classes, device=output.device)
    votes.index_add_(0, output.argmax(1), torch.ones(rows, device=output.device))
    winner = votes.max(dim=0)

    def deliver(row: NDArray[np.float32]) -> None:
        prediction = Prediction(step, classes, int(row[1]), float(row[0]) / rows, rows)
        run.observations.predictions.append(prediction)

    transfer.submit(torch.stack([winner.values, winner.indices.float()]), deliver)
