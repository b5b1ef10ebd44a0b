"""A cheap sign of what happened to the gradients: one parameter that stands for all."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import torch

from labkit.capture.parameters import ParameterTable
from labkit.capture.torch_compat import tensor_version


class GradientSentinel:
    """Tells whether a backward pass touched, or the user reset, one parameter's gradient.

    A pass that adds to the gradient in place raises the tensor's version; one that finds no
    gradient makes a new tensor.

    Parameters
    ----------
    table : ParameterTable
        Where the sentinel is chosen from.
    """

    def __init__(self, table: ParameterTable) -> None:
        self._table = table
        self._parameter: Callable[[], torch.Tensor | None] = lambda: None
        self._before: torch.Tensor | None = None
        self._version = -1
        self._after = (0, -1)

    def before(self) -> None:
        """Remember the gradient as a backward pass begins."""
        parameter = self._parameter()
        if parameter is not None:
            self._before = gradient = parameter.grad
            self._version = -1 if gradient is None else tensor_version(gradient)

    def moved(self) -> bool:
        """Return whether the pass that began at `before` changed the gradient."""
        parameter = self._parameter()
        before, self._before = self._before, None
        if parameter is None:
            return False
        gradient = parameter.grad
        if gradient is None or (gradient is before and tensor_version(gradient) == self._version):
            return False
        self._after = (id(gradient), tensor_version(gradient))
        return True

    def was_reset(self) -> bool:
        """Return whether the gradient was cleared or changed since it last `moved`."""
        parameter = self._parameter()
        gradient = None if parameter is None else parameter.grad
        return gradient is None or (id(gradient), tensor_version(gradient)) != self._after

    def choose(self) -> None:
        """Take a parameter that has a gradient as the sentinel."""
        for entry in self._table.watched:
            parameter = entry.ref()
            if parameter is not None and parameter.grad is not None:
                self._parameter = weakref.ref(parameter)
                self._after = (id(parameter.grad), tensor_version(parameter.grad))
                return

    def forget(self) -> None:
        """Let go of the sentinel."""
        self._parameter = lambda: None
        self._before = None
