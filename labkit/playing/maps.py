"""Pictures of the plane: what each unit of a network and the whole network give at each point.

A value is one byte: 127 is zero, 0 and 254 are minus and plus the scale, 255 is not finite. Where
the network has an output for each class, the picture of the output has of each point the most
probable class and how probable it is: 31 values for each class, from all alike to certain.
Pictures are row major, with the highest x2 first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from labkit.playing.drawn import MAX_DRAWN
from labkit.playing.features import FEATURES, features_of
from labkit.playing.networks import evaluated
from labkit.playing.training import Training

UNIT_SIDE, COARSE_SIDE, OUTPUT_SIDE = 20, 14, 60
"""Number of points along one side of the picture of a unit, in two sizes, and of the output."""
_ZERO, _NOT_FINITE = 127, 255
CLASS_SHADES = 31
"""Number of values of a class in the picture of the output."""

Plane = tuple[float, float, float, float]


class Picture(NamedTuple):
    """Pictures of some units as bytes, and the value that each draws in its full colour."""

    values: NDArray[np.uint8]
    scales: NDArray[np.float32]


class Maps:
    """Computes the pictures of a training on the thread that trains.

    Parameters
    ----------
    training : Training
    plane : tuple of float
        Lowest and highest x1, lowest and highest x2.
    """

    def __init__(self, training: Training, plane: Plane) -> None:
        self._training, self.plane = training, plane
        names = training.settings.features
        has_features = training.own_model is None
        self._inputs = {}
        """The inputs of the network at all points, by the number of points along one side."""
        for side in (UNIT_SIDE, COARSE_SIDE, OUTPUT_SIDE):
            grid = _grid(plane, side)
            self._inputs[side] = features_of(grid, names) if has_features else grid
        y = training.points.y
        self.y_range = (float(y.min()), float(y.max())) if training.points.is_regression else (0, 1)

    def features(self) -> Picture:
        """Return the pictures of all inputs that a network can have."""
        return _encoded(features_of(_grid(self.plane, UNIT_SIDE), tuple(FEATURES)))

    @torch.no_grad()
    def units(self, side: int = UNIT_SIDE) -> Picture:
        """Return the pictures of all drawn units, layer by layer.

        Those of a single output are left out, as `output` has them in full detail.
        """
        network, inputs = self._training.network, self._inputs[side]
        if network is None:
            return _encoded(torch.empty(len(inputs), 0))
        values = network.values(inputs, with_outputs=self._training.outputs > 1)
        drawn = [each[:, :MAX_DRAWN] for each in values]
        return _encoded(torch.cat([torch.empty(len(inputs), 0), *drawn], dim=1))

    @torch.no_grad()
    def output(self) -> NDArray[np.uint8]:
        """Return the picture of the output: of the probability of class 1, or of the value.

        With an output for each class, of the most probable one.
        """
        outputs = evaluated(self._training.model, self._inputs[OUTPUT_SIDE])
        if self._training.outputs > 1:
            return _most_probable(outputs)
        values = outputs.reshape(-1, 1)
        if self._training.points.is_regression:
            low, high = self.y_range
            values = (2 * values - low - high) / ((high - low) or 1.0)
        else:
            values = torch.tanh(values / 2)  # twice the probability, less 1
        pixels: NDArray[np.uint8] = _bytes(values, torch.ones(1))[0]
        return pixels


def _grid(plane: Plane, side: int) -> Tensor:
    """Return the centres of the picture's cells, shape (side * side, 2)."""
    left, right, bottom, top = plane
    places = (torch.arange(side) + 0.5) / side
    x1, x2 = left + (right - left) * places, top - (top - bottom) * places
    return torch.cartesian_prod(x2, x1).flip(1)


def _encoded(values: Tensor) -> Picture:
    """Return the columns as pictures. The scale of each is its largest value, at least 1."""
    if values.shape[1] == 0:
        return Picture(np.empty((0, 0), np.uint8), np.empty(0, np.float32))
    scales = values.nan_to_num(0.0, 0.0, 0.0).abs().amax(dim=0).clamp(min=1.0)
    return Picture(_bytes(values, scales), scales.numpy())


def _most_probable(outputs: Tensor) -> NDArray[np.uint8]:
    """Return a byte for each point: which class is most probable, and how probable it is."""
    probability, class_ = outputs.softmax(dim=1).max(dim=1)
    classes = outputs.shape[1]
    certainty = (probability * classes - 1) / (classes - 1)
    cells = CLASS_SHADES * class_ + ((CLASS_SHADES - 1) * certainty).round()
    encoded = torch.where(probability.isfinite(), cells, _NOT_FINITE)
    pixels: NDArray[np.uint8] = encoded.to(torch.uint8).numpy()
    return pixels


def _bytes(values: Tensor, scales: Tensor) -> NDArray[np.uint8]:
    places = (values / scales).clamp(-1.0, 1.0) * _ZERO + _ZERO
    encoded = places.round().nan_to_num(_NOT_FINITE).to(torch.uint8)
    pixels: NDArray[np.uint8] = encoded.T.contiguous().numpy()
    return pixels


def weights_of(training: Training) -> NDArray[np.float32]:
    """Return all weights that are drawn: of each layer the matrix, row major, and the biases.

    A layer without biases has NaN in their places.
    """
    parts: list[Tensor] = []
    for layer in training.layers:
        if layer.linear is None:
            continue
        units, inputs = layer.drawn
        bias = layer.linear.bias
        parts += [
            layer.linear.weight.detach()[:units, :inputs].reshape(-1),
            torch.full((units,), torch.nan) if bias is None else bias.detach()[:units],
        ]
    return torch.cat(parts).numpy() if parts else np.empty(0, np.float32)
