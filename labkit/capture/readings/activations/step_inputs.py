"""The inputs of the forward passes of a step, by the calls of layers and models."""

from __future__ import annotations

from typing import Any

from torch import nn

from labkit.capture.readings.activations.model_input import PassInput
from labkit.capture.readings.activations.whole_model import is_first_layer


class StepInputs:
    """Divides the module calls of a step into passes, and takes the input of each.

    A pass begins with the first call of a layer, and ends when a model returns. Where the layers of
    a model are called one by one, it ends when its first layer with weights is called again.
    """

    def __init__(self) -> None:
        self._of_pass: list[PassInput] = []
        """More than one if the first layer was called several times."""
        self._first_layer: str | None = None
        self._of_first_calls: dict[str, PassInput | None] = {}

    @property
    def current(self) -> PassInput | None:
        """The input of the pass under way; None before its first layer."""
        return self._of_pass[-1] if self._of_pass else None

    def layer_called(self, module: nn.Module, path: str, inputs: Any) -> None:
        """Take the input of a layer, if it is the first one of a pass."""
        if not self._of_pass or path == self._first_layer:
            given = PassInput()
            given.note_layer(module, inputs)
            given.take(inputs)
            self._of_pass.append(given)
        else:
            for given in self._of_pass:
                given.note_layer(module, inputs)
        if self._first_layer is None and is_first_layer(module):
            self._first_layer = path

    def model_returned(self, inputs: Any, keywords: Any) -> None:
        """Take the input of a model whose layers were called, and end the pass."""
        for given in self._of_pass:
            given.take(inputs, keywords)

    def end_pass(self) -> None:
        """End the pass after the call of a model."""
        self._of_pass, self._first_layer = [], None

    def note_first_call(self, path: str) -> None:
        """Note that the recurrent layer or cell of a path is called in the pass under way."""
        self._of_first_calls.setdefault(path, self.current)

    def at_first_call(self, path: str) -> PassInput | None:
        """Return the input of the pass in which a recurrent layer or cell was called first."""
        return self._of_first_calls.get(path)
