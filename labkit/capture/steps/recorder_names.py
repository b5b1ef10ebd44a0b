"""Names for the series of several optimizers, and which optimizer a parameter is read for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from labkit.capture.steps.optimizer_recorder import OptimizerRecorder


class RecorderNames:
    """Names optimizer recorders, and assigns each parameter's readings to one of them."""

    def __init__(self) -> None:
        self._tables: set[str] = set()
        self._names: set[str] = set()
        self._named: list[OptimizerRecorder] = []
        """The recorders that have taken a step, in the order of their first steps."""

    def tables_name(self, label: str) -> str:
        """Return an unused name for the tables of a recorder, from its model's label."""
        return _unused_name(label, self._tables)

    def assign(self, recorder: OptimizerRecorder) -> None:
        """Name the series of an optimizer at its first step.

        The optimizer that steps first gets the plain name, whatever the order in which the
        optimizers were found.
        """
        before = (each for each in self._named if each.optimizers)
        taken = {entry.names for each in before for entry in each.entries}
        own = (entry.label for entry in recorder.entries if entry.names not in taken)
        recorder.assign_name(_unused_name(next(own, recorder.label), self._names))
        self._named.append(recorder)

    def divide_readings(self, recorders: Sequence[OptimizerRecorder]) -> None:
        """Assign each parameter to the recorder that reads it: the first that took a step."""
        taken: set[tuple[str, ...]] = set()
        others = (each for each in recorders if each not in self._named)
        for recorder in (*(each for each in self._named if each.optimizers), *others):
            own = tuple(entry for entry in recorder.entries if entry.names not in taken)
            taken |= {entry.names for entry in own}
            if own != recorder.reader.entries:
                recorder.reader.set_entries(own)


def _unused_name(label: str, taken: set[str]) -> str:
    """Return the model's label, numbered if it is taken, and add it to the taken names."""
    prefix = f"{label}." if label else ""
    numbered = (f"{prefix}optimizer{number}" for number in itertools.count(1))
    name = next(each for each in itertools.chain([label], numbered) if each not in taken)
    taken.add(name)
    return name
