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
        self._asked = self._moved = False
        self._after_id, self._after_version = 0, -1

    @property
    def parameter(self) -> torch.Tensor | None:
        """The chosen parameter, while it is alive."""
        return self._parameter()

    def before(self) -> None:
        """Remember the gradient as a backward pass begins."""
        parameter = self._parameter()
        self._asked = False
        if parameter is not None:
            self._before = gradient = parameter.grad
            if gradient is not None:
                self._version = tensor_version(gradient)

    def moved(self) -> bool:
        """Return whether the pass that began at `before` changed the gradient."""
        if self._asked:
            return self._moved
        parameter = self._parameter()
        before, self._before = self._before, None
        self._asked, self._moved = True, False
        gradient = None if parameter is None else parameter.grad
        if gradient is None:
            return False
        version = tensor_version(gradient)
        if gradient is before and version == self._version:
            return False
        self._after_id, self._after_version = id(gradient), version
        self._moved = True
        return True

    def recall(self, gradient: torch.Tensor | None, version: int) -> None:
        """Take what somebody else saw as a backward pass began."""
        self._asked, self._before, self._version = False, gradient, version

    def decided(self, gradient_id: int, version: int) -> None:
        """Take what somebody else saw after a pass that moved the gradient."""
        self._after_id, self._after_version = gradient_id, version

    def was_reset(self) -> bool:
        """Return whether the gradient was cleared or changed since it last `moved`."""
        parameter = self._parameter()
        gradient = None if parameter is None else parameter.grad
        return (
            gradient is None
            or id(gradient) != self._after_id
            or tensor_version(gradient) != self._after_version
        )

    def gradient(self) -> tuple[int, int] | None:
        """Return identity and version of the gradient as it is now; None without one."""
        parameter = self._parameter()
        gradient = None if parameter is None else parameter.grad
        return None if gradient is None else (id(gradient), tensor_version(gradient))

    def choose(self) -> None:
        """Take a parameter that has a gradient as the sentinel."""
        for entry in self._table.watched:
            parameter = entry.ref()
            if parameter is not None and parameter.grad is not None:
                self._parameter = weakref.ref(parameter)
                self._after_id = id(parameter.grad)
                self._after_version = tensor_version(parameter.grad)
                return

    def forget(self) -> None:
        """Let go of the sentinel."""
        self._parameter = lambda: None
        self._before = None
