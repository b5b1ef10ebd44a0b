"""The interface through which a run changes the training of a model."""

from __future__ import annotations

from typing import Protocol

from labkit.run.hyperparameters import Adjustment, ParameterGroup, TunableModule
from labkit.run.run_event import RunEvent


class LiveTuner(Protocol):
    """Changes the hyperparameters and the modules of a watched model; capture implements it.

    Methods that change something are called on the training thread, between steps. They record
    their events in the run and return them. They raise `ValueError` or `RuntimeError` with a
    sentence for the person if the change is not possible.
    """

    def groups(self) -> tuple[ParameterGroup, ...]:
        """Return the parameter groups, as they were last read. Called on any thread."""

    def modules(self) -> tuple[TunableModule, ...]:
        """Return the modules with parameters, as they were last read. Called on any thread."""

    def is_in_step(self) -> bool:
        """Return whether a step has begun: gradients wait for their update.

        Called on the training thread.
        """

    def adjust(self, adjustment: Adjustment) -> tuple[RunEvent, ...]:
        """Change hyperparameters; return an event for each group and hyperparameter."""

    def freeze(self, path: str) -> RunEvent:
        """Freeze the parameters of a module that require a gradient."""

    def thaw(self, path: str) -> RunEvent:
        """Thaw the parameters of a module that `freeze` has frozen."""

    def set_budget(self, budget: float) -> RunEvent:
        """Change the part of the loop's time that watching may take."""

    def undo(self, event: RunEvent) -> RunEvent:
        """Take a change back, and return the changed event."""
