"""A rule that replaces a hyperparameter during the steps of an optimizer, and what it replaced."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import torch

from labkit.capture import torch_compat

MAX_SCALED = 0.999
"""Largest momentum or beta that results from scaling."""
SMALLEST = sys.float_info.min
"""Stands for a momentum of 0 where an optimizer creates no buffers, and later needs them."""


@dataclass(frozen=True)
class Rule:
    """What replaces one hyperparameter of one parameter group.

    Attributes
    ----------
    event : int
        Id of the event that it belongs to.
    target : float or tuple of float
        The given value.
    base : float or tuple of float
        The optimizer's own value when the target was given.
    holds : bool
        Whether the value remains the target; otherwise the own value is multiplied by target over
        base.
    limit : float or None
        Largest value that results from scaling.
    written_at_least : float
        Smallest number that is written into the group.

    Examples
    --------
    >>> rule = Rule(1, target=0.05, base=0.1, holds=False)
    >>> rule.value(0.1), rule.value(0.01)
    (0.05, 0.005)
    """

    event: int
    target: Any
    base: Any
    holds: bool
    limit: float | None = None
    written_at_least: float = 0.0

    def value(self, own: Any) -> Any:
        """Return what replaces the optimizer's own value."""
        if self.holds:
            return self.target
        if isinstance(self.target, tuple):
            each = zip(own, self.target, self.base, strict=True)
            return tuple(self._scaled(*values) for values in each)
        return self._scaled(own, self.target, self.base)

    def written(self, own: Any) -> Any:
        """Return what is written into the group; of a tensor, another tensor of its kind."""
        if not isinstance(own, torch.Tensor):
            value = self.value(own)
            return max(value, self.written_at_least) if self.written_at_least else value
        with torch.no_grad():
            value = self.value(own.detach())
            return value.clone() if isinstance(value, torch.Tensor) else torch.full_like(own, value)

    def _scaled(self, own: Any, target: float, base: float) -> Any:
        if not isinstance(own, torch.Tensor) and own == base:
            return target  # exactly, where the product could be rounded
        if target == base:
            return own
        scaled = own * (target / base)
        limit = None if self.limit is None else max(self.limit, target)
        if limit is None:
            return scaled
        return scaled.clamp(max=limit) if isinstance(scaled, torch.Tensor) else min(scaled, limit)


@dataclass
class Replaced:
    """A hyperparameter that is replaced while a step is under way.

    Attributes
    ----------
    group : dict
    key : str
    own : object
        The optimizer's value. A tensor is not written to, as other groups may hold it as well.
    written : object
        What stands in the group instead.
    version : int
        Version of `written` if it is a tensor.
    """

    group: dict[str, Any]
    key: str
    own: Any
    written: Any
    version: int = 0

    @property
    def is_in_place(self) -> bool:
        """Whether no other code has written to the group meanwhile."""
        return self.group.get(self.key) is self.written and not self._is_written_to()

    def restore(self) -> None:
        """Put the own value back, or what other code has written to the group meanwhile."""
        if self.group.get(self.key) is not self.written:
            return
        if self._is_written_to():
            with torch.no_grad():
                self.own.copy_(self.written)
        self.group[self.key] = self.own

    def _is_written_to(self) -> bool:
        is_tensor = isinstance(self.written, torch.Tensor)
        return is_tensor and torch_compat.tensor_version(self.written) != self.version
