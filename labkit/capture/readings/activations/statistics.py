"""One module's output in four numbers, computed on the device it lives on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from labkit.run import ComputationGraph

Bend = Literal["relu", "tanh", "sigmoid"]
"""The kind of an activation that can die or saturate."""

STATISTICS = ("act_mean", "act_spread", "act_saturated", "act_dead")

_OWN: tuple[tuple[type[nn.Module], Bend], ...] = (
    (nn.ReLU, "relu"),
    (nn.ReLU6, "relu"),
    (nn.Tanh, "tanh"),
    (nn.Sigmoid, "sigmoid"),
)
_FLAT_TANH = 0.98
_FLAT_BEFORE_TANH = math.atanh(_FLAT_TANH)
_FLAT_SIGMOID = 0.48
"""Distance from 1/2."""
_FLAT_BEFORE_SIGMOID = math.log((0.5 + _FLAT_SIGMOID) / (0.5 - _FLAT_SIGMOID))
_FOR_MOMENTS = 16_384
"""Numbers from which mean and deviation are taken: good to about one part in a hundred."""
FOR_UNITS = 65_536
"""Numbers in which a unit must be positive somewhere, not to count as dead."""
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
class Bent:
    """How a module's output is bent.

    Attributes
    ----------
    bend : {"relu", "tanh", "sigmoid"}
    itself : bool
        Whether the module does it; else a function that is called on its output.
    """

    bend: Bend
    itself: bool


def bend_of(module: nn.Module) -> Bent | None:
    """Return the activation that a module is, None if it is none that can die or saturate."""
    return next((Bent(bend, itself=True) for kind, bend in _OWN if isinstance(module, kind)), None)


def bends_after(graph: ComputationGraph) -> Mapping[str, Bent]:
    """Return which activation is called as a function on the output of each module, by path.

    A module's output is bent where its last operation leads to relu, tanh or sigmoid outside of it.
    """
    bends: dict[str, Bend] = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid"}
    nodes = {node.id: node for node in graph.nodes}
    found: dict[str, Bent] = {}
    for edge in graph.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        bend = bends.get(target.op)
        if source.kind != "op" or bend is None or source.scope == target.scope:
            continue
        path, around = source.scope.partition("#")[0], target.scope.partition("#")[0]
        if not around or path.startswith(f"{around}."):  # else it is a module's own
            found[path] = Bent(bend, itself=False)
    return found


def channel_dimension(module: nn.Module, output: torch.Tensor) -> int | None:
    """Return which dimension counts a module's units: 1 for images, the last one for others."""
    if output.dim() < 2:  # noqa: PLR2004 - a batch of single values has no units
        return None
    if isinstance(module, _CHANNELS_FIRST) or output.dim() > 3:  # noqa: PLR2004 - images and more
        return 1
    return output.dim() - 1


def statistics(output: torch.Tensor, bent: Bent | None, units: int | None) -> torch.Tensor:
    """Return a module's output in four numbers.

    Parameters
    ----------
    output : Tensor, any shape, a floating-point type
    bent : Bent or None
        How the output is bent.
    units : int or None
        The dimension that counts units.

    Returns
    -------
    Tensor, shape (4,), dtype float32
        Mean, standard deviation, saturated part and dead part of the batch's first samples; NaN
        for what does not apply.

    Examples
    --------
    >>> output = torch.tensor([[0.0, 1.0], [0.0, 3.0]])
    >>> statistics(output, Bent("relu", itself=True), 1).tolist()[3]
    0.5
    """
    values = _wide(first_samples(output.detach(), _FOR_MOMENTS))
    mean, deviation = mean_and_deviation(values)
    unknown = torch.full_like(mean, math.nan)
    flat, dead = unknown, unknown
    if bent is not None and bent.bend == "relu":
        silent = silent_units(output.detach(), units)
        dead = unknown if silent is None else silent.to(values.dtype).mean()
    elif bent is not None:
        flat = _is_flat(values, bent).to(values.dtype).mean()
    return torch.stack([mean, deviation, flat, dead]).float()


def first_samples(values: torch.Tensor, most: int, units: int | None = None) -> torch.Tensor:
    """Return the first samples of a batch, as many as make up so many numbers, at least one.

    Of a single sample that is larger, every second row, fourth row and so on is taken; the
    dimension that counts units stays whole.
    """
    if values.numel() <= most:
        return values
    if values.dim() > 1:
        values = values[: max(1, most * values.shape[0] // values.numel())]
    while values.numel() > most:
        long = [n for n in range(values.dim()) if n != units and values.shape[n] > 1]
        if not long:
            break
        place = max(long, key=values.size)
        values = values[(*[slice(None)] * place, slice(None, None, 2))]
    return values


def mean_and_deviation(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation; on the CPU many times faster than `torch.std_mean`."""
    mean = values.mean()
    return mean, torch.linalg.vector_norm(values - mean) / math.sqrt(values.numel())


def silent_units(values: torch.Tensor, units: int | None) -> torch.Tensor | None:
    """Return which units are nowhere positive in the first samples, shape (n_units,)."""
    if units is None or values.numel() == 0:
        return None
    values = _wide(first_samples(values, FOR_UNITS, units))
    others = [place for place in range(values.dim()) if place != units]
    return values.amax(dim=others) <= 0


def _wide(values: torch.Tensor) -> torch.Tensor:
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def _is_flat(values: torch.Tensor, bent: Bent) -> torch.Tensor:
    if bent.bend == "tanh":
        return values.abs() > (_FLAT_TANH if bent.itself else _FLAT_BEFORE_TANH)
    if bent.itself:
        return (values - 0.5).abs() > _FLAT_SIGMOID
    return values.abs() > _FLAT_BEFORE_SIGMOID
