"""The gradients that freezing has dropped, until the next backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from labkit.capture import torch_compat
from labkit.capture.parameters import Watched


@dataclass(frozen=True)
class _Dropped:
    """A gradient, and that of another parameter, which shows if the loop clears gradients."""

    gradient: torch.Tensor
    other: Watched
    other_gradient: torch.Tensor
    version: int


class DroppedGradients:
    """Puts gradients back if a change is taken back before it has had an effect.

    A loop that does not clear its gradients adds the next ones to them, and one that sets them to
    zero moves parameters without a new gradient by momentum and weight decay.
    """

    def __init__(self) -> None:
        self._dropped: dict[tuple[str, ...], _Dropped] = {}
        self._pass_number = 0

    def add(self, entries: Sequence[Watched], others: Iterable[Watched], pass_number: int) -> None:
        """Record the gradients of some parameters before they are dropped, unlike the others'."""
        self.forget_before(pass_number)
        self._pass_number = pass_number
        found = (
            (other, gradient) for other in others if (gradient := _gradient(other)) is not None
        )
        other, other_gradient = next(found, (None, None))
        if other is None or other_gradient is None:
            return
        version = torch_compat.tensor_version(other_gradient)
        for entry in entries:
            gradient = _gradient(entry)
            if gradient is not None:
                self._dropped[entry.names] = _Dropped(gradient, other, other_gradient, version)

    def put_back(self, entries: Iterable[Watched], pass_number: int) -> None:
        """Put the gradients of some parameters back, unless a pass has begun or they were cleared.

        The newest ones first: a gradient that shows whether others were cleared may be one itself.
        """
        self.forget_before(pass_number)
        left = {entry.names: entry for entry in entries}
        for names in [each for each in reversed(self._dropped) if each in left]:
            dropped, parameter = self._dropped.pop(names), left[names].parameter()
            if _gradient(dropped.other) is not dropped.other_gradient:
                continue  # cleared
            if torch_compat.tensor_version(dropped.other_gradient) != dropped.version:
                with torch.no_grad():
                    dropped.gradient.zero_()
            if parameter is not None and parameter.grad is None:
                parameter.grad = dropped.gradient

    def forget_before(self, pass_number: int) -> None:
        """Drop gradients for good if there was a pass since."""
        if pass_number != self._pass_number:
            self._dropped = {}


def _gradient(entry: Watched) -> torch.Tensor | None:
    parameter = entry.parameter()
    return None if parameter is None else parameter.grad
