"""A torch optimizer that stands in for one of another library, so that torch's hooks see its steps.

The step is taken by the other library's own code. The stand-in has its parameters and its rates.
While a step is under way, a rate that labkit has changed is written into the other optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

import torch

T = TypeVar("T")


class StandInOptimizer(torch.optim.Optimizer):
    """Stands in for an optimizer that is not one of torch's.

    Parameters
    ----------
    groups : sequence of iterable of Tensor
        The parameters of each group.
    read_rates : callable
        Returns the present learning rate of each group.
    write_rates : callable or None
        Sets the learning rate of each group; None if they cannot be set.

    Examples
    --------
    >>> weight, rates = torch.ones(1, requires_grad=True), [0.1]
    >>> optimizer = StandInOptimizer([[weight]], lambda: rates, rates.__setitem__)
    >>> optimizer.around(lambda: "a step")
    'a step'
    >>> optimizer.param_groups[0]["lr"]
    0.1
    """

    def __init__(
        self,
        groups: Sequence[Iterable[torch.Tensor]],
        read_rates: Callable[[], Sequence[float]],
        write_rates: Callable[[int, float], object] | None,
    ) -> None:
        rates = read_rates()
        super().__init__(
            [{"params": list(g), "lr": rate} for g, rate in zip(groups, rates, strict=True)], {}
        )
        self._own = list(rates)
        self._read_rates, self._write_rates = read_rates, write_rates
        self._take_step: Callable[[], Any] | None = None
        self._result: Any = None

    @property
    def has_fixed_rates(self) -> bool:
        """Whether the learning rates cannot be changed."""
        return self._write_rates is None

    def around(self, take_step: Callable[[], T]) -> T:
        """Take a step of the other optimizer as one of this optimizer, and return its result."""
        with suppress(Exception):  # a fault of labkit's must not reach the loop
            self._own = list(self._read_rates())
        for group, rate in zip(self.param_groups, self._own, strict=False):
            group["lr"] = rate
        self._take_step = take_step
        try:
            self.step()
            return cast("T", self._result)
        finally:
            self._take_step = self._result = None

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Call the other optimizer's step; torch calls the hooks before and after it."""
        take_step = self._take_step
        if take_step is None:
            return
        own = self._own
        used = [group["lr"] for group in self.param_groups]
        self._write(used, instead_of=own)
        try:
            self._result = take_step()
        finally:
            self._write(own, instead_of=used)

    def _write(self, rates: Sequence[float], *, instead_of: Sequence[float]) -> None:
        for place, (rate, present) in enumerate(zip(rates, instead_of, strict=False)):
            if rate != present and self._write_rates is not None:
                self._write_rates(place, rate)
