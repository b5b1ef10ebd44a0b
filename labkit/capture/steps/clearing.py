"""Detects for single parameters whether gradients are added to those of the step before.

The probe of an optimizer (`labkit.capture.steps.gradient_probe`) represents all of its parameters.
Here some more are compared, in the few steps that are checked, to find those that alone are not
cleared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from labkit.capture.parameters import Watched
from labkit.capture.steps.gradient_probe import is_zero
from labkit.capture.torch_compat import tensor_version
from labkit.run.observations import Frequency

_MAX_PARAMETERS = 32


@dataclass
class _Compared:
    """One parameter during the pass that is checked; no tensor is held."""

    entry: Watched
    state: tuple[int, int]
    """Identity and version of its gradient before the pass; 0 and -1 without one."""
    is_stale: bool
    """Whether that was the gradient of the previous step."""


class ClearingCheck:
    """Compares the gradients of some parameters of one optimizer at a step's end and in a pass."""

    __slots__ = ("_compared", "_counted", "_stepped")

    def __init__(self) -> None:
        self._stepped: list[tuple[Watched, tuple[int, int]]] = []
        self._compared: list[_Compared] = []
        self._counted: list[tuple[str, bool]] = []

    def record_step(self, entries: Sequence[Watched]) -> None:
        """Record the gradients at the end of a step, of evenly spaced parameters."""
        count = min(len(entries), _MAX_PARAMETERS)
        spaced = [entries[place * len(entries) // count] for place in range(count)]
        self._stepped = [(entry, _state(entry.parameter())) for entry in spaced]

    def begin_pass(self) -> None:
        """Compare the gradients with those at the end of the step, before the next pass."""
        self._compared = []
        for entry, stepped in self._stepped:
            parameter = entry.parameter()
            if parameter is None or not (parameter.requires_grad and parameter.is_leaf):
                continue
            gradient, state = parameter.grad, _state(parameter)
            is_stale = (
                gradient is not None
                and state == stepped != (0, -1)
                and not (gradient.is_cpu and is_zero(gradient))
            )
            self._compared.append(_Compared(entry, state, is_stale))
        self._stepped = []

    def count(self, counts: dict[str, Frequency]) -> None:
        """Count, for each parameter that the pass reached, whether it added to an old gradient."""
        self._counted = [
            (each.entry.names[0], each.is_stale)
            for each in self._compared
            if _state(each.entry.parameter()) != each.state
        ]
        self._compared = []
        for name, seen in self._counted:
            counts.setdefault(name, Frequency()).add(seen=seen)

    def undo(self, counts: dict[str, Frequency]) -> None:
        """Undo the last count: the gradients of the pass were cleared before any step."""
        for name, seen in self._counted:
            counts[name].remove(seen=seen)
        self._counted = []


def _state(parameter: torch.Tensor | None) -> tuple[int, int]:
    gradient = parameter.grad if parameter is not None and parameter.is_leaf else None
    if gradient is None or gradient.is_inference():  # of those, changes are not counted
        return 0, -1
    return id(gradient), tensor_version(gradient)
