"""Checks of a module of the user's, which say what a playground takes instead."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labkit.playing.datasets import CLASS_NAMES
from labkit.playing.networks import evaluation_mode
from labkit.playing.tracing import traced

_EXAMPLE = (
    "Example: lk.playground(model=nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)))"
)


def outputs_of_model(model: object) -> int:
    """Check a module of the user's with a pass of two points; return its number of outputs.

    Raises
    ------
    ValueError
        If it is no module, has nothing to train, or does not map (n, 2) to (n, outputs) or (n,).
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
        with evaluation_mode(model):
            outputs: object = model(torch.zeros(2, 2))
        parameters = list(model.parameters())  # those of lazy modules exist now
    except Exception as error:
        _check_parameters(parameters)
        raise ValueError(
            f"The model could not be called with points of shape (2, 2): {error}. {_EXAMPLE}"
        ) from error
    _check_parameters(parameters)
    return _number_of(outputs)


def _check_parameters(parameters: list[nn.Parameter]) -> None:
    if not any(parameter.requires_grad for parameter in parameters):
        raise ValueError(f"The model has no parameter that can be trained. {_EXAMPLE}")
    if any(p.device.type != "cpu" or p.dtype != torch.float32 for p in parameters):
        raise ValueError(
            "playground trains float32 on the CPU. Give the model as model.cpu().float()."
        )


def _number_of(outputs: object) -> int:
    """Return the number of outputs of each point."""
    if not isinstance(outputs, Tensor):
        raise ValueError(  # noqa: TRY004 - as for all bad arguments
            f"The model returns {type(outputs).__name__}; playground takes a tensor of shape "
            f"(n, 1), one number for each point, or (n, classes). {_EXAMPLE}"
        )
    shape = tuple(outputs.shape)
    most = len(CLASS_NAMES)
    if shape[:1] != (2,) or len(shape) > 2 or not 1 <= outputs.numel() // 2 <= most:  # noqa: PLR2004
        raise ValueError(
            f"The model returns shape {shape} for points of shape (2, 2); playground takes (2, 1), "
            f"one number for each point, or (2, classes), with up to {most} classes. "
            f"End with nn.Linear(..., 1). {_EXAMPLE}"
        )
    if not outputs.requires_grad:
        raise ValueError(
            "The outputs of the model have no gradient: something in its forward cuts them off "
            "from its parameters, as detach(), .data or whole numbers do."
        )
    return outputs.numel() // 2


def check_end(model: nn.Module) -> None:
    """Raise `ValueError` for a model of classes whose last operation is part of the losses."""
    try:
        with evaluation_mode(model):
            end = traced(model, torch.zeros(2, 2)).operation
    except Exception:  # noqa: BLE001 - what cannot be followed is not drawn, with the reason
        return
    for name, called in (("sigmoid", "Sigmoid"), ("softmax", "Softmax")):
        if end == name:
            raise ValueError(
                f"The model ends with {name} (nn.{called}), and playground takes the outputs "
                f"before it, as the losses for classes contain it. Leave out the last {name}."
            )
