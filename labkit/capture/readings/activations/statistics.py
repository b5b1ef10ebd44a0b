"""Four statistics of one module's output, computed on its device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from labkit.run import ComputationGraph

ActivationKind = Literal["relu", "tanh", "sigmoid"]
"""The kind of an activation function whose units can die or saturate."""

STATISTICS = ("act_mean", "act_std", "act_saturated", "act_dead")

_MODULES: tuple[tuple[type[nn.Module], ActivationKind], ...] = (
    (nn.ReLU, "relu"),
    (nn.ReLU6, "relu"),
    (nn.Tanh, "tanh"),
    (nn.Sigmoid, "sigmoid"),
)
_SATURATED_TANH = 0.98
_SATURATED_BEFORE_TANH = math.atanh(_SATURATED_TANH)
_SATURATED_SIGMOID = 0.48
"""Distance from 1/2."""
_SATURATED_BEFORE_SIGMOID = math.log((0.5 + _SATURATED_SIGMOID) / (0.5 - _SATURATED_SIGMOID))
_FOR_MOMENTS = 16_384
"""Maximum number of values from which mean and standard deviation are estimated, to about 1 %."""
FOR_UNITS = 65_536
"""Maximum number of values that are read for dead units: those that are nowhere positive."""
_CHANNELS_FIRST = (
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.GroupNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
)


@dataclass(frozen=True)
class ActivationFunction:
    """The activation function on a module's output.

    Attributes
    ----------
    kind : {"relu", "tanh", "sigmoid"}
    is_module : bool
        Whether the module itself is the activation function; else it is called on the output.
    """

    kind: ActivationKind
    is_module: bool


def activation_of(module: nn.Module) -> ActivationFunction | None:
    """Return the activation function that a module is; None if its units cannot die or saturate."""
    kind = next((kind for type_, kind in _MODULES if isinstance(module, type_)), None)
    return None if kind is None else ActivationFunction(kind, is_module=True)


def activations_after(graph: ComputationGraph) -> Mapping[str, ActivationFunction]:
    """Return the activation function that is called on the output of each module, by path.

    These are modules whose last operation leads to relu, tanh or sigmoid outside the module.
    """
    kinds: dict[str, ActivationKind] = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid"}
    nodes = {node.id: node for node in graph.nodes}
    found: dict[str, ActivationFunction] = {}
    for edge in graph.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        kind = kinds.get(target.op)
        if source.kind != "op" or kind is None or source.scope == target.scope:
            continue
        path, around = source.scope.partition("#")[0], target.scope.partition("#")[0]
        if not around or path.startswith(f"{around}."):  # else it is a module's own
            found[path] = ActivationFunction(kind, is_module=False)
    return found


def channel_dimension(module: nn.Module, output: torch.Tensor) -> int | None:
    """Return the dimension of a module's units: 1 for images, else the last; None without units."""
    if output.dim() < 2:  # noqa: PLR2004 - a batch of single values has no units
        return None
    if isinstance(module, _CHANNELS_FIRST) or output.dim() > 3:  # noqa: PLR2004 - images and more
        return 1
    return output.dim() - 1


def statistics(
    output: torch.Tensor, activation: ActivationFunction | None, units: int | None
) -> torch.Tensor:
    """Return four statistics of a module's output.

    Parameters
    ----------
    output : Tensor, any shape, a floating-point type
    activation : ActivationFunction or None
        The activation function on the output.
    units : int or None
        The dimension of the units.

    Returns
    -------
    Tensor, shape (4,), dtype float32
        Mean, standard deviation, fraction of saturated values and fraction of dead units, both
        from 0 to 1, of the first samples of the batch; NaN for statistics that do not apply.

    Examples
    --------
    >>> output = torch.tensor([[0.0, 1.0], [0.0, 3.0]])
    >>> statistics(output, ActivationFunction("relu", is_module=True), 1).tolist()[3]
    0.5
    """
    values = _as_float(first_samples(output.detach(), _FOR_MOMENTS))
    mean, std = mean_and_std(values)
    unknown = torch.full_like(mean, math.nan)
    saturated, dead = unknown, unknown
    if activation is not None and activation.kind == "relu":
        silent = silent_units(output.detach(), units)
        dead = unknown if silent is None else silent.to(values.dtype).mean()
    elif activation is not None:
        saturated = _is_saturated(values, activation).to(values.dtype).mean()
    return torch.stack([mean, std, saturated, dead]).float()


def first_samples(values: torch.Tensor, max_count: int, units: int | None = None) -> torch.Tensor:
    """Return the first samples of a batch, shape (n_samples, ...), with a bounded number of values.

    At least one sample is returned; a larger one is thinned out by powers of two in every dimension
    but that of the units.
    """
    if values.numel() <= max_count:
        return values
    if values.dim() > 1:
        values = values[: max(1, max_count * values.shape[0] // values.numel())]
    while values.numel() > max_count:
        long = [n for n in range(values.dim()) if n != units and values.shape[n] > 1]
        if not long:
            break
        place = max(long, key=values.size)
        values = values[(*[slice(None)] * place, slice(None, None, 2))]
    return values


def mean_and_std(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation, each of shape ().

    On the CPU this is many times faster than `torch.std_mean`.
    """
    mean = values.mean()
    return mean, torch.linalg.vector_norm(values - mean) / math.sqrt(values.numel())


def silent_units(values: torch.Tensor, units: int | None) -> torch.Tensor | None:
    """Return a mask of the units that are nowhere positive in the first samples.

    Its shape is (n_units,), its dtype bool; None if there are no units.
    """
    if units is None or values.numel() == 0:
        return None
    values = _as_float(first_samples(values, FOR_UNITS, units))
    others = [place for place in range(values.dim()) if place != units]
    return values.amax(dim=others) <= 0


def _as_float(values: torch.Tensor) -> torch.Tensor:
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def _is_saturated(values: torch.Tensor, activation: ActivationFunction) -> torch.Tensor:
    if activation.kind == "tanh":
        return values.abs() > (_SATURATED_TANH if activation.is_module else _SATURATED_BEFORE_TANH)
    if activation.is_module:
        return (values - 0.5).abs() > _SATURATED_SIGMOID
    return values.abs() > _SATURATED_BEFORE_SIGMOID
