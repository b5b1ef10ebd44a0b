"""Detects changes of some gradients at low cost, by one parameter that represents them all.

A backward pass that adds to a gradient in place increments the tensor's version; one that finds no
gradient creates a new tensor. Clearing a gradient removes it, or fills it with zeros.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import torch

from labkit.capture.parameters import Watched
from labkit.capture.torch_compat import has_storage, holds_values, tensor_version

_LARGE = 1 << 16
"""Parameters with at most this many elements are preferred, as their values may be compared."""
_COMPARED = 64


class GradientProbe:
    """A parameter that represents those of one optimizer, and the last known state of its gradient.

    Attributes
    ----------
    parameter : Tensor or None
    before : Tensor or None
        Its gradient before the backward pass under way; None between passes.
    before_version : int
        The version of this gradient before the pass.
    id_after_pass, version_after_pass : int
        Identity and version of the gradient after the last pass.
    weights_version_after_pass : int
        Version of the parameter after the last pass.
    cleared : bool
        Whether the gradient was cleared between the last two passes.
    """

    __slots__ = (
        "_changes_before_update",
        "_changes_in_update",
        "_counts",
        "_read",
        "_stepped",
        "_weights",
        "before",
        "before_version",
        "cleared",
        "id_after_pass",
        "parameter",
        "version_after_pass",
        "weights_version_after_pass",
    )

    def __init__(self) -> None:
        self.parameter: torch.Tensor | None = None
        self.before: torch.Tensor | None = None
        self.before_version = -1
        self.id_after_pass, self.version_after_pass, self.weights_version_after_pass = 0, -1, -1
        self._weights: tuple[int, torch.Tensor | None] = (-1, None)
        self.cleared = False
        self._read = (0, -1)
        self._stepped = (0, -1)
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._changes_before_update = 0
        """Number of in-place changes of the gradient between pass and update, as by clipping."""
        self._changes_in_update = -1
        """Number of in-place changes of the weights in an update; -1 if it is unknown."""

    def choose(self, entries: Sequence[Watched], reached: Iterable[Watched] = ()) -> bool:
        """Choose a parameter, preferably one that passes reach; return whether there is one.

        Of parameters that are used alternately, the one that was reached most often is chosen.
        """
        known = {entry.names for entry in entries}
        own = [entry for entry in reached if entry.names in known]
        self._counts.update(entry.names for entry in own)
        own.sort(key=lambda entry: -self._counts[entry.names])
        for group in (own, entries):
            found = [p for each in group if (p := each.parameter()) is not None and has_storage(p)]
            fitting = [p for p in found if p.grad is not None] or [
                p for p in found if p.requires_grad
            ]
            if fitting:
                small = [p for p in fitting if p.numel() <= _LARGE]
                self.parameter = (small or fitting)[0]
                return True
        self.parameter = None
        return False

    def record_before_pass(self) -> None:
        """Record the gradient before a backward pass."""
        gradient = None if self.parameter is None else self.parameter.grad
        self.before = gradient
        if gradient is not None:
            self.before_version = tensor_version(gradient)

    def changed_in_pass(self) -> bool:
        """Return whether the gradient has changed since `record_before_pass`."""
        gradient = None if self.parameter is None else self.parameter.grad
        if gradient is None:
            return False
        return gradient is not self.before or tensor_version(gradient) != self.before_version

    def is_cleared(self) -> bool:
        """Return whether the gradient is missing or zero."""
        return not has_gradient(self.parameter)

    def record_after_pass(self) -> None:
        """Record the gradient and the parameter's version after a backward pass."""
        gradient = None if self.parameter is None else self.parameter.grad
        self.before = None
        self.id_after_pass, self.version_after_pass = _state(gradient)
        if self.parameter is not None:
            self.weights_version_after_pass = tensor_version(self.parameter)

    def changed_since_pass(self) -> bool:
        """Return whether the gradient was replaced or changed since the last pass."""
        gradient = None if self.parameter is None else self.parameter.grad
        return gradient is None or (id(gradient), tensor_version(gradient)) != (
            self.id_after_pass,
            self.version_after_pass,
        )

    def record_reading(self) -> None:
        """Record the gradient when it is read before an update."""
        gradient = None if self.parameter is None else self.parameter.grad
        self._read = _state(gradient)
        is_same = self._read[0] == self.id_after_pass
        self._changes_before_update = self._read[1] - self.version_after_pass if is_same else 0

    def changed_since_reading(self) -> bool:
        """Return whether the gradient was changed since `record_reading`."""
        gradient = None if self.parameter is None else self.parameter.grad
        return gradient is not None and (id(gradient), tensor_version(gradient)) != self._read

    def update_cleared(self) -> None:
        """Set `cleared` at the start of a pass: whether the gradient was cleared since the last."""
        before = self.before
        if before is None:  # FSDP sets it in the last one of several passes only
            is_late = self.parameter is not None and not holds_values(self.parameter)
            self.cleared = self.id_after_pass != 0 or not is_late
        elif (id(before), self.before_version) == (self.id_after_pass, self.version_after_pass):
            self.cleared = False
        else:
            self.cleared = not before.is_cpu or is_zero(before)

    def record_step(self) -> None:
        """Record the gradient at the end of a step, to detect whether the next pass adds to it."""
        gradient = None if self.parameter is None else self.parameter.grad
        self._stepped = _state(gradient)
        if self.parameter is not None and self.weights_version_after_pass >= 0:
            changed = tensor_version(self.parameter) - self.weights_version_after_pass
            self._changes_in_update = changed

    def has_gradient_of_step(self) -> bool:
        """Return whether the gradient is the one of the last update, as far as is known.

        Since the last pass it was changed in place as often as in a step that was read: neither
        cleared after the update nor changed by it.
        """
        gradient = None if self.parameter is None else self.parameter.grad
        return gradient is not None and (id(gradient), tensor_version(gradient)) == (
            self.id_after_pass,
            self.version_after_pass + self._changes_before_update,
        )

    def has_weights_of_step(self) -> bool:
        """Return whether the weights are those after the last update, as far as is known."""
        if self.parameter is None or self._changes_in_update < 0:
            return False
        changed = tensor_version(self.parameter) - self.weights_version_after_pass
        return bool(changed == self._changes_in_update)

    def is_uncleared(self) -> bool:
        """Return whether the pass that begins adds to the gradient of the previous step."""
        before = self.before
        if before is None or (id(before), self.before_version) != self._stepped:
            return False
        return not before.is_cpu or not is_zero(before)

    def record_weights(self) -> None:
        """Record the parameter's values, to detect manual updates."""
        parameter = self.parameter
        if parameter is not None:
            self._weights = tensor_version(parameter), _some(parameter)

    def weights_changed(self) -> bool:
        """Return whether the parameter was changed since `record_weights`.

        A change through ``.data`` does not increment the version. Therefore some values are
        compared, too, if the parameter is on the CPU.
        """
        parameter, (version, values) = self.parameter, self._weights
        if parameter is None or version < 0:
            return False
        if tensor_version(parameter) != version:
            return True
        now = _some(parameter)
        return values is not None and now is not None and not torch.equal(values, now)

    def release(self) -> None:
        """Release every tensor."""
        self.parameter = self.before = None
        self._weights = (-1, None)


def has_gradient(parameter: torch.Tensor | None) -> bool:
    """Return whether a parameter has a gradient that is not zero; on the CPU by some elements."""
    gradient = None if parameter is None else parameter.grad
    return gradient is not None and not (gradient.is_cpu and is_zero(gradient))


def _state(gradient: torch.Tensor | None) -> tuple[int, int]:
    """Return the identity and the version of a gradient; 0 and -1 without one."""
    return (0, -1) if gradient is None else (id(gradient), tensor_version(gradient))


def is_zero(gradient: torch.Tensor) -> bool:
    """Return whether the first elements of a gradient on the CPU are all zero."""
    if gradient.layout is not torch.strided or not holds_values(gradient):
        return False
    return not bool(gradient.detach().reshape(-1)[: 64 * _COMPARED].any())


def _some(parameter: torch.Tensor) -> torch.Tensor | None:
    strided = parameter.is_cpu and parameter.layout is torch.strided and parameter.numel()
    if not strided or not holds_values(parameter):
        return None
    return parameter.detach().reshape(-1)[:_COMPARED].clone()
