"""An input chosen by the user, so that pictures differ because of the model, not of the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.graph.state_restore import StateRestoration


class ChosenInput:
    """Calls the model with an input chosen by the user, and restores the model's state.

    Parameters
    ----------
    tensors : tuple of Tensor
        Positional arguments of the model, with a batch of at least one sample. They are copied to
        the model's device.
    """

    def __init__(self, tensors: tuple[torch.Tensor, ...]) -> None:
        self.tensors = tensors

    def run(self, model: nn.Module) -> None:
        """Call the model in evaluation mode without gradients; restore what that changes."""
        device = torch_compat.all_parameters(model)[0].device
        inputs = [tensor.to(device) for tensor in self.tensors]
        with StateRestoration([model]), _evaluating(model):
            model(*inputs)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Put every module into evaluation mode, and restore the modes afterwards."""
    modes = {module: module.training for module in torch_compat.all_modules(model)}
    for module in modes:
        module.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes.items():
            module.training = training
