"""The network of a playground: built from settings, or recognised in a module of the user's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from labkit.playing.choices import ACTIVATIONS

_ELEMENTWISE = (
    *(nn.Tanh, nn.ReLU, nn.Sigmoid, nn.GELU, nn.Identity, nn.ELU, nn.SELU, nn.CELU, nn.SiLU),
    *(nn.LeakyReLU, nn.Softplus, nn.Softsign, nn.Hardtanh, nn.ReLU6, nn.Mish, nn.LogSigmoid),
)
"""Activations without parameters, whose outputs can be drawn as those of units."""
_MAX_DRAWN_LAYERS, _MAX_DRAWN_UNITS = 8, 12


@dataclass(frozen=True)
class Layer:
    """A linear layer with the activations that follow it.

    Attributes
    ----------
    linear : Linear
    place : int
        Index of the linear layer among the modules in a row.
    activations : tuple of Module
    """

    linear: nn.Linear
    place: int
    activations: tuple[nn.Module, ...]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the outputs of the units."""
        outputs: Tensor = self.linear(inputs)
        for activation in self.activations:
            outputs = activation(outputs)
        return outputs


def build(inputs: int, hidden: Sequence[int], activation: str, seed: int) -> nn.Sequential:
    """Return a network with PyTorch's own initial values for a seed.

    They are those of ``torch.manual_seed(seed)`` before the layers are made, but torch's random
    numbers are not used.
    """
    generator = torch.Generator().manual_seed(seed)
    modules: list[nn.Module] = []
    for units in hidden:
        modules += [_linear(inputs, units, generator), ACTIVATIONS[activation]()]
        inputs = units
    return nn.Sequential(*modules, _linear(inputs, 1, generator))


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


def layers_of(model: nn.Module) -> tuple[Layer, ...] | str:
    """Return the layers of a network that can be drawn, or a sentence that says why it cannot."""
    name = type(model).__name__
    row = modules_in_a_row(model)
    if row is None:
        return (
            f"The units of {name} are not drawn: the playground draws those of an "
            "nn.Sequential of nn.Linear and activations, and this is another module."
        )
    layers: list[Layer] = []
    for place, module in enumerate(row):
        if type(module) is nn.Linear:
            layers.append(Layer(module, place, ()))
        elif is_elementwise(module) and layers:
            last = layers[-1]
            layers[-1] = Layer(last.linear, last.place, (*last.activations, module))
        else:
            return (
                f"The units are not drawn: the model contains {type(module).__name__}, and the "
                "playground draws nn.Linear, each followed by activations."
            )
    return _drawable(layers)


def _drawable(layers: list[Layer]) -> tuple[Layer, ...] | str:
    if not layers:
        return "There are no units to draw: the model has no nn.Linear."
    widest = max(layer.linear.out_features for layer in layers)
    if len(layers) - 1 > _MAX_DRAWN_LAYERS or widest > _MAX_DRAWN_UNITS:
        return (
            f"The units are not drawn: there is room for {_MAX_DRAWN_LAYERS} hidden layers of "
            f"{_MAX_DRAWN_UNITS} units, and the model has {len(layers) - 1} of up to {widest}."
        )
    if len({id(layer.linear) for layer in layers}) < len(layers):
        return "The units are not drawn: the model uses one nn.Linear in several places."
    return tuple(layers)


def check_model(model: object) -> None:
    """Check a module of the user's, also with a pass of two points through it.

    Raises
    ------
    ValueError
        If it is no module, has nothing to train, or does not map (n, 2) to (n, 1) or (n,).
    """
    if not isinstance(model, nn.Module):
        more = ""
        if isinstance(model, type) and issubclass(model, nn.Module):
            more = f", not its class: {model.__name__}()"
        raise ValueError(  # noqa: TRY004 - as for all bad arguments
            f"playground takes an nn.Module as model{more or f', not {type(model).__name__}'}. "
            f"{_EXAMPLE}"
        )
    parameters = list(model.parameters())
    try:
        # Without `no_grad`, to see whether there is something to differentiate.
        outputs: object = _in_evaluation_mode(model, torch.zeros(2, 2))
        parameters = list(model.parameters())  # those of lazy modules exist now
    except Exception as error:
        _check_parameters(parameters)
        raise ValueError(
            f"The model could not be called with points of shape (2, 2): {error}. {_EXAMPLE}"
        ) from error
    _check_parameters(parameters)
    _check_outputs(outputs)


def _check_parameters(parameters: list[nn.Parameter]) -> None:
    if not any(parameter.requires_grad for parameter in parameters):
        raise ValueError(f"The model has no parameter that can be trained. {_EXAMPLE}")
    if any(p.device.type != "cpu" or p.dtype != torch.float32 for p in parameters):
        raise ValueError(
            "playground trains float32 on the CPU. Give the model as model.cpu().float()."
        )


def _check_outputs(outputs: object) -> None:
    if not isinstance(outputs, Tensor):
        raise ValueError(  # noqa: TRY004 - as for all bad arguments
            f"The model returns {type(outputs).__name__}; playground takes a tensor of shape "
            f"(n, 1), one number for each point. {_EXAMPLE}"
        )
    shape = tuple(outputs.shape)
    if shape not in ((2, 1), (2,)):
        raise ValueError(
            f"The model returns shape {shape} for points of shape (2, 2); playground takes (2, 1), "
            f"one number for each point. End with nn.Linear(..., 1). {_EXAMPLE}"
        )
    if not outputs.requires_grad:
        raise ValueError(
            "The outputs of the model have no gradient: something in its forward cuts them off "
            "from its parameters, as detach(), .data or whole numbers do."
        )


_EXAMPLE = (
    "Example: lk.playground(model=nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)))"
)


@torch.no_grad()
def evaluated(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return the outputs of a model in evaluation mode, and put back the mode of each module."""
    outputs: Tensor = _in_evaluation_mode(model, inputs)
    return outputs


def _in_evaluation_mode(model: nn.Module, inputs: Tensor) -> Any:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        return model(inputs)
    finally:
        for module, mode in modes:
            module.training = mode
