"""What is known of a sick training run: the rule that has to find it, and by which step."""

from collections.abc import Callable
from dataclasses import dataclass

import labkit as lk


@dataclass(frozen=True)
class SickRun:
    """A training loop with a known defect.

    Attributes
    ----------
    make : callable
        Trains, and returns the run.
    rule : str or None
        Id of the rule that names the defect; None if labkit cannot find it, see `reason`.
    also : tuple of str
        Ids of rules that are right as well: they name a consequence of the defect.
    by : int
        The step by which it has to be found.
    reason : str
        Why no rule can find it.
    """

    make: Callable[[], lk.Run]
    rule: str | None
    also: tuple[str, ...] = ()
    by: int = 200
    reason: str = ""

    @property
    def name(self) -> str:
        """Name of the loop."""
        return self.make.__name__
