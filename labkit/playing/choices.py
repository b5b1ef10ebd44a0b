"""What can be chosen in a playground, as objects of torch and as the code that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes outputs and targets, shape (n,) each, or outputs of shape (n, classes) and classes."""


def squared_error(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the mean squared difference between probabilities and classes."""
    return F.mse_loss(torch.sigmoid(output), y)


def hinge(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return the mean hinge loss; the classes 0 and 1 count as -1 and 1."""
    return F.relu(1 - (2 * y - 1) * output).mean()


class LossChoice(NamedTuple):
    """A loss; `source` is the function whose source exported code contains, if any."""

    loss: Loss
    code: str
    source: Callable[..., Tensor] | None = None


class OptimizerChoice(NamedTuple):
    """A class of optimizers, with the arguments that it takes besides parameters and rate."""

    kind: type[torch.optim.Optimizer]
    arguments: dict[str, float]


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "linear": nn.Identity,
}
CLASS_LOSSES = {
    "bce": LossChoice(nn.BCEWithLogitsLoss(), "nn.BCEWithLogitsLoss()"),
    "mse": LossChoice(squared_error, "squared_error", squared_error),
    "hinge": LossChoice(hinge, "hinge", hinge),
}
MANY_CLASSES_LOSSES = {
    "ce": LossChoice(nn.CrossEntropyLoss(), "nn.CrossEntropyLoss()"),
    "hinge": LossChoice(nn.MultiMarginLoss(), "nn.MultiMarginLoss()"),
}
VALUE_LOSSES = {
    "mse": LossChoice(nn.MSELoss(), "nn.MSELoss()"),
    "l1": LossChoice(nn.L1Loss(), "nn.L1Loss()"),
    "huber": LossChoice(nn.HuberLoss(), "nn.HuberLoss()"),
}
OPTIMIZERS = {
    "sgd": OptimizerChoice(torch.optim.SGD, {}),
    "momentum": OptimizerChoice(torch.optim.SGD, {"momentum": 0.9}),
    "adam": OptimizerChoice(torch.optim.Adam, {}),
    "adamw": OptimizerChoice(torch.optim.AdamW, {}),
    "rmsprop": OptimizerChoice(torch.optim.RMSprop, {}),
    "adagrad": OptimizerChoice(torch.optim.Adagrad, {}),
}
REGULARISATIONS = ("none", "l1", "l2")


def losses_for(classes: int, outputs: int) -> dict[str, LossChoice]:
    """Return the losses for a number of classes, 0 for values, and of outputs of the network.

    The first is the default.
    """
    if classes == 0:
        return VALUE_LOSSES
    return CLASS_LOSSES if outputs == 1 else MANY_CLASSES_LOSSES


def optimizer_for(name: str, parameters: Iterable[Tensor], lr: float) -> torch.optim.Optimizer:
    """Return an optimizer by its name in the menu."""
    kind, arguments = OPTIMIZERS[name]
    return kind(parameters, lr=lr, **arguments)  # type: ignore[call-arg, arg-type]


def optimizer_code(name: str, lr: float) -> str:
    """Return the code that makes an optimizer.

    Examples
    --------
    >>> optimizer_code("momentum", 0.1)
    'torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)'
    """
    kind, arguments = OPTIMIZERS[name]
    more = "".join(f", {key}={value}" for key, value in arguments.items())
    return f"torch.optim.{kind.__name__}(model.parameters(), lr={lr!r}{more})"
