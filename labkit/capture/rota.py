"""Which optimizers move the watched parameters, and whose turn it is in a step."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture.parameters import ParameterTable
from labkit.capture.steppers import Stepper

_ROUNDS_UNTIL_DROPPED = 3
"""An optimizer that missed this many steps is no longer waited for."""


class Rota:
    """The steppers of one watch, as optimizers come and go.

    Parameters
    ----------
    table : ParameterTable
        Tells which parameters an optimizer moves.
    """

    def __init__(self, table: ParameterTable) -> None:
        self.steppers: list[Stepper] = []
        """All that are waited for, in the order in which they came; the list stays the same."""
        self._table = table
        self._by_optimizer: dict[int, Stepper] = {}

    @property
    def all_stepped(self) -> bool:
        """Whether every one has taken its step, so that the watch's step is complete."""
        return all(stepper.stepped for stepper in self.steppers)

    @property
    def inside(self) -> Stepper | None:
        """The one whose optimizer is inside its `step`, as while a closure runs."""
        return next((stepper for stepper in self.steppers if stepper.inside_step), None)

    def known(self, optimizer: torch.optim.Optimizer) -> Stepper | None:
        """Return an optimizer's stepper; a dead one's place may have been taken by another."""
        stepper = self._by_optimizer.get(id(optimizer))
        return stepper if stepper is not None and stepper.optimizer is optimizer else None

    def admit(self, optimizer: torch.optim.Optimizer) -> Stepper | None:
        """Return an optimizer's stepper, a new one if need be; None if it moves nothing watched.

        Those that are gone, or whose parameters it has taken over, are dropped.
        """
        known = self.known(optimizer)
        if known is not None:
            return known
        held = {entry.names for entry in self._table.held_by(optimizer)}
        if not held:
            return None
        for stepper in list(self.steppers):
            if stepper.optimizer is None or held & {entry.names for entry in stepper.entries}:
                self._drop(stepper)
        late = bool(self.steppers) and not any(each.stepped for each in self.steppers)
        self.adopt([optimizer])
        self._by_optimizer[id(optimizer)].late = late
        return self._by_optimizer[id(optimizer)]

    def adopt(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Wait for these optimizers from now on; each moves something that is watched."""
        for optimizer in optimizers:
            entries = self._table.held_by(optimizer)
            stepper = Stepper(self._free_name(entries[0].label), optimizer, entries)
            self.steppers.append(stepper)
            self._by_optimizer[id(optimizer)] = stepper

    def count_missing(self) -> None:
        """Note who missed a step that ends without them; drop who missed several, or is gone."""
        for stepper in list(self.steppers):
            if not stepper.stepped:
                stepper.missed += 1
                if stepper.missed >= _ROUNDS_UNTIL_DROPPED or stepper.optimizer is None:
                    self._drop(stepper)

    def _free_name(self, label: str) -> str:
        """Return a name for another optimizer's series: the model's label, numbered if taken."""
        taken = {stepper.name for stepper in self.steppers}
        if label not in taken:
            return label
        number = sum(stepper.name.startswith(label) for stepper in self.steppers)
        return f"{label}.optimizer{number}" if label else f"optimizer{number}"

    def _drop(self, stepper: Stepper) -> None:
        self.steppers.remove(stepper)
        self._by_optimizer = {
            key: each for key, each in self._by_optimizer.items() if each is not stepper
        }
