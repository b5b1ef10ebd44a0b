"""Four statistics of one module's output, computed on its device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from labkit.run import ComputationGraph

Bend = Literal["relu", "tanh", "sigmoid"]
"""The kind of an activation function whose units can die or saturate."""

STATISTICS = ("act_mean", "act_std", "act_saturated", "act_dead")

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
"""Numbers from which mean and standard deviation are estimated, to about 1 %."""
FOR_UNITS = 65_536
"""Numbers among which a unit must be positive at least once, or it counts as dead."""
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
    """The activation function on a module's output.

    Attributes
    ----------
    bend : {"relu", "tanh", "sigmoid"}
    itself : bool
        Whether the module applies it itself; else a function is called on its output.
    """

    bend: Bend
    itself: bool


def bend_of(module: nn.Module) -> Bent | None:
    """Return the activation function that a module is, None if its units cannot die or saturate."""
    return next((Bent(bend, itself=True) for kind, bend in _OWN if isinstance(module, kind)), None)


def bends_after(graph: ComputationGraph) -> Mapping[str, Bent]:
    """Return which activation function is called on the output of each module, by path.

    One is called on it where its last operation leads to relu, tanh or sigmoid outside of it.
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
    """Return the dimension of a module's units: 1 for images, else the last one; None without."""
    if output.dim() < 2:  # noqa: PLR2004 - a batch of single values has no units
        return None
    if isinstance(module, _CHANNELS_FIRST) or output.dim() > 3:  # noqa: PLR2004 - images and more
        return 1
    return output.dim() - 1


def statistics(output: torch.Tensor, bent: Bent | None, units: int | None) -> torch.Tensor:
    """Return four statistics of a module's output.

    Parameters
    ----------
    output : Tensor, any shape, a floating-point type
    bent : Bent or None
        The activation function on the output.
    units : int or None
        The dimension of the units.

    Returns
    -------
    Tensor, shape (4,), dtype float32
        Mean, standard deviation, saturated part of the values and dead part of the units, both
        from 0 to 1, of the batch's first samples; NaN for what does not apply.

    Examples
    --------
    >>> output = torch.tensor([[0.0, 1.0], [0.0, 3.0]])
    >>> statistics(output, Bent("relu", itself=True), 1).tolist()[3]
    0.5
    """
    values = _wide(first_samples(output.detach(), _FOR_MOMENTS))
    mean, std = mean_and_std(values)
    unknown = torch.full_like(mean, math.nan)
    flat, dead = unknown, unknown
    if bent is not None and bent.bend == "relu":
        silent = silent_units(output.detach(), units)
        dead = unknown if silent is None else silent.to(values.dtype).mean()
    elif bent is not None:
        flat = _is_flat(values, bent).to(values.dtype).mean()
    return torch.stack([mean, std, flat, dead]).float()


def first_samples(values: torch.Tensor, most: int, units: int | None = None) -> torch.Tensor:
    """Return the first samples of a batch, shape (n_samples, ...), of at most so many numbers.

    At least one is returned; of one that is larger, every second, fourth and so on row. The
    dimension of the units stays whole.
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


def mean_and_std(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation, shape () each.

    On the CPU many times faster than `torch.std_mean`.
    """
    mean = values.mean()
    return mean, torch.linalg.vector_norm(values - mean) / math.sqrt(values.numel())


def silent_units(values: torch.Tensor, units: int | None) -> torch.Tensor | None:
    """Return which units are nowhere positive in the first samples, shape (n_units,), bool."""
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
