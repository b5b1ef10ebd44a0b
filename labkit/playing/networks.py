"""The network of a playground: built from settings, or the modules in a row of a module."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeGuard

import torch
from torch import Tensor, nn

from labkit.playing.choices import ACTIVATIONS

_ELEMENTWISE = (
    *(nn.Tanh, nn.ReLU, nn.Sigmoid, nn.GELU, nn.Identity, nn.ELU, nn.SELU, nn.CELU, nn.SiLU),
    *(nn.LeakyReLU, nn.Softplus, nn.Softsign, nn.Hardtanh, nn.ReLU6, nn.Mish, nn.LogSigmoid),
)
"""Activations without parameters, whose outputs can be drawn as those of units."""


def build(
    inputs: int, hidden: Sequence[int], outputs: int, activation: str, seed: int
) -> nn.Sequential:
    """Return a network with PyTorch's own initial values for a seed.

    They are those of ``torch.manual_seed(seed)`` before the layers are made, but torch's random
    numbers are not used.
    """
    generator = torch.Generator().manual_seed(seed)
    modules: list[nn.Module] = []
    for units in hidden:
        modules += [_linear(inputs, units, generator), ACTIVATIONS[activation]()]
        inputs = units
    return nn.Sequential(*modules, _linear(inputs, outputs, generator))


def _linear(inputs: int, units: int, generator: torch.Generator) -> nn.Linear:
    """Return a linear layer, initialised as ``nn.Linear.reset_parameters`` does it."""
    linear = nn.utils.skip_init(nn.Linear, inputs, units)  # type: ignore[no-untyped-call]
    nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(inputs)
    nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
    return linear  # type: ignore[no-any-return]


def is_elementwise(module: nn.Module) -> bool:
    """Return whether a module is an activation whose outputs can be drawn."""
    return type(module) in _ELEMENTWISE


def modules_in_a_row(model: nn.Module) -> list[nn.Module] | None:
    """Return the modules of nested Sequentials in order, or one nn.Linear; None for any other."""
    if type(model) is nn.Linear:
        return [model]
    return list(_flat(model)) if _is_sequential(model) else None


def _flat(model: nn.Sequential) -> Iterator[nn.Module]:
    for module in model:
        if _is_sequential(module):
            yield from _flat(module)
        else:
            yield module


def _is_sequential(module: nn.Module) -> TypeGuard[nn.Sequential]:
    """Return whether it calls its modules in a row; a subclass may call them in another way."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


@torch.no_grad()
def evaluated(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return the outputs of a model in evaluation mode, and put back the mode of each module."""
    with evaluation_mode(model):
        outputs: Tensor = model(inputs)
    return outputs


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Set a model to evaluation mode, and put back the mode of each module at the end."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
