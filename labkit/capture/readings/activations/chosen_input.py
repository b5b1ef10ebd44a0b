"""An input that the user chose, so that pictures show the model change and not the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from labkit.capture.graph.state_restore import buffers_put_back


class ChosenInput:
    """Runs the model on an input of the user's choice, and leaves it as it was.

    Parameters
    ----------
    tensors : tuple of Tensor
        What the model is called with, a batch of one or more; copied to the model's device.
    """

    def __init__(self, tensors: tuple[torch.Tensor, ...]) -> None:
        self._tensors = tensors

    def run(self, model: nn.Module) -> None:
        """Call the model in evaluation mode, without gradients; random state is put back."""
        device = next(model.parameters()).device
        cuda = [device] if device.type == "cuda" else []
        inputs = [tensor.to(device) for tensor in self._tensors]
        with torch.random.fork_rng(devices=cuda), buffers_put_back(), _evaluating(model):
            model(*inputs)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Put every module into evaluation mode for a while, and back into its own."""
    modes = {module: module.training for module in model.modules()}
    for module in modes:
        module.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes.items():
            module.training = training
