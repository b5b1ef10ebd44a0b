"""A cheap sign of what happened to some gradients: one parameter that stands for all.

A backward pass that adds to a gradient in place raises the tensor's version; one that finds no
gradient makes a new tensor. Clearing a gradient removes it, or fills it with zeros.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import torch

from labkit.capture.parameters import Watched
from labkit.capture.torch_compat import has_storage, holds_values, tensor_version

_LARGE = 1 << 16
"""Parameters of fewer elements are preferred, since their values are compared now and then."""
_COMPARED = 64


class GradientProbe:
    """The parameter that stands for those of one optimizer, and its gradient's last known state.

    Attributes
    ----------
    parameter : Tensor or None
    before : Tensor or None
        Its gradient as the present backward pass began; None between passes.
    before_version : int
        The version that this gradient had then.
    id_after_pass, version_after_pass : int
        Identity and version of the gradient as the last pass left it.
    weights_version_after_pass : int
        Version of the parameter itself as the last pass left it.
    cleared : bool
        Whether it was cleared between the last pass and the present one.
    """

    __slots__ = (
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

    def choose(self, entries: Sequence[Watched], reached: Iterable[Watched] = ()) -> bool:
        """Choose the parameter: one that passes reach and that has a gradient; return success.

        Of parameters that are used in turn, the one that was reached most often is chosen.
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
        if gradient is not None:
            self.id_after_pass, self.version_after_pass = id(gradient), tensor_version(gradient)
        if self.parameter is not None:
            self.weights_version_after_pass = tensor_version(self.parameter)

    def changed_since_pass(self) -> bool:
        """Return whether the gradient is another one than the last pass left, or was changed."""
        gradient = None if self.parameter is None else self.parameter.grad
        return gradient is None or (id(gradient), tensor_version(gradient)) != (
            self.id_after_pass,
            self.version_after_pass,
        )

    def record_reading(self) -> None:
        """Record the gradient as it is read before an update."""
        gradient = None if self.parameter is None else self.parameter.grad
        self._read = (0, -1) if gradient is None else (id(gradient), tensor_version(gradient))

    def changed_since_reading(self) -> bool:
        """Return whether the gradient was changed since it was read."""
        gradient = None if self.parameter is None else self.parameter.grad
        return gradient is not None and (id(gradient), tensor_version(gradient)) != self._read

    def update_cleared(self) -> None:
        """Record whether the gradient was cleared since the last pass, as the next one begins."""
        before = self.before
        if before is None:
            self.cleared = True
        elif (id(before), self.before_version) == (self.id_after_pass, self.version_after_pass):
            self.cleared = False
        else:
            self.cleared = not before.is_cpu or is_zero(before)

    def record_step(self) -> None:
        """Record the gradient as a step ended, to see whether the next pass adds to it."""
        gradient = None if self.parameter is None else self.parameter.grad
        self._stepped = (0, -1) if gradient is None else (id(gradient), tensor_version(gradient))

    def is_uncleared(self) -> bool:
        """Return whether the pass that begins adds to the gradient of the step before."""
        before = self.before
        if before is None or (id(before), self.before_version) != self._stepped:
            return False
        return not before.is_cpu or not is_zero(before)

    def record_weights(self) -> None:
        """Record the parameter's values, to see whether they are updated by hand."""
        parameter = self.parameter
        if parameter is not None:
            self._weights = tensor_version(parameter), _some(parameter)

    def weights_changed(self) -> bool:
        """Return whether the parameter was changed since `record_weights`.

        A change through ``.data`` leaves the version as it is, so on the CPU some values are
        compared too.
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
    """Return whether there is a gradient that was not cleared, as far as that is cheap to see."""
    gradient = None if parameter is None else parameter.grad
    return gradient is not None and not (gradient.is_cpu and is_zero(gradient))


def is_zero(gradient: torch.Tensor) -> bool:
    """Return whether a gradient on the CPU holds nothing but zeros, by its first elements."""
    if gradient.layout is not torch.strided or not holds_values(gradient):
        return False
    return not bool(gradient.detach().reshape(-1)[: 64 * _COMPARED].any())


def _some(parameter: torch.Tensor) -> torch.Tensor | None:
    strided = parameter.is_cpu and parameter.layout is torch.strided and parameter.numel()
    if not strided or not holds_values(parameter):
        return None
    return parameter.detach().reshape(-1)[:_COMPARED].clone()
