"""What a run needs of a model that lives: the one interface between a run and capture."""

from __future__ import annotations

from typing import Protocol

from labkit.run.finding import Finding
from labkit.run.inspection import Inspection


class LiveModel(Protocol):
    """A model that trains or has trained in this process.

    A run asks it while it is attached (`Run.attach`) and holds none of its own locks while it
    does; a run without one, as after loading, works on what was recorded.
    """

    def write(self) -> None:
        """Move rows that wait in capture into the run's tables; called on any thread."""

    def steps(self) -> int:
        """Return the number of completed steps, those not written yet included; any thread."""

    def device_memory(self) -> int | None:
        """Return the bytes in use on the model's device, None where not known; any thread."""

    def inspect(self, name: str) -> Inspection | None:
        """Return a parameter's or an operation's values; only on the thread that trains."""

    def findings(self) -> tuple[Finding, ...]:
        """Return what goes wrong in the run, the gravest first; on any thread."""
