"""What goes into the whole model and what comes out, in a few numbers."""

from __future__ import annotations

from typing import Any

import torch

from labkit.capture.activations.statistics import first_samples, mean_and_deviation
from labkit.run import Run
from labkit.run.observations import InputScale, Prediction

_MOST_CLASSES = 10_000
_MOST_NUMBERS = 65_536
_TABLE = 2
"""Dimensions of inputs that are samples by features, and of outputs that are samples by classes."""


def look_at_inputs(run: Run, step: int, inputs: Any) -> None:
    """Note mean and spread of the floating-point inputs; a few numbers are waited for."""
    for tensor in inputs if isinstance(inputs, tuple) else ():
        if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
            continue
        if tensor.dim() < _TABLE or tensor.shape[0] < 2 or not tensor.is_cpu:  # noqa: PLR2004
            continue
        values = first_samples(tensor.detach(), _MOST_NUMBERS).float()
        mean, spread = mean_and_deviation(values)
        least = most = spread
        if values.dim() == _TABLE:
            centred = values - values.mean(dim=0)
            spreads = torch.linalg.vector_norm(centred, dim=0) / len(values) ** 0.5
            varying = spreads[spreads > 0]
            if varying.numel():
                least, most = torch.aminmax(varying)
        run.observations.inputs.append(
            InputScale(
                step=step,
                shape=tuple(tensor.shape),
                mean=mean.item(),
                spread=spread.item(),
                least_spread=least.item(),
                most_spread=most.item(),
            )
        )


def look_at_prediction(run: Run, step: int, output: Any) -> None:
    """Note which class is predicted most, for outputs of shape (n_samples, n_classes)."""
    if not isinstance(output, torch.Tensor) or output.dim() != _TABLE or not output.is_cpu:
        return
    rows, classes = output.shape
    if not output.is_floating_point() or not 1 < classes <= _MOST_CLASSES or rows < 2:  # noqa: PLR2004
        return
    counts = torch.bincount(output.detach().argmax(1), minlength=classes)
    favourite = int(counts.argmax())
    run.observations.predictions.append(
        Prediction(step, classes, favourite, int(counts[favourite]) / rows, rows)
    )
