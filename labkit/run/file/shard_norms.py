"""Combines the norms of the parts of gradients that several processes hold.

The square of the norm of a whole gradient is the sum of the squares of the norms of its parts. The
processes read them at the same steps (`labkit.capture.readings.shard_norms`), so that rows of equal
steps belong together. A step that lacks the row of a process has no norm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labkit.run.series.buckets import Floats, Steps
from labkit.run.series.kinds import SHARD_KINDS
from labkit.run.series.recorder import Recorder

_MAX_WAITING = 2048
"""Maximum number of steps whose rows wait for those of other processes."""


class ShardNorms:
    """Collects the rows of all processes, and records norms once all parts are known.

    Examples
    --------
    >>> found = ShardNorms()
    >>> for rank, norm in enumerate([3.0, 4.0]):
    ...     row = np.array([[norm]], np.float32)
    ...     found.add(rank, "grad_norm_shard", "grad_norm_shard", ["w"], np.array([1]), row)
    >>> recorder = Recorder()
    >>> found.write(recorder, {"w": 2})
    >>> table, column = recorder.find("grad_norm/w")
    >>> table.points(column)[1].tolist()
    [5.0]
    """

    def __init__(self) -> None:
        self._tables: dict[str, _Waiting] = {}

    def add(
        self, rank: int, id: str, kind: str, names: Sequence[str], steps: Steps, values: Floats
    ) -> None:
        """Add rows that a process has recorded in a table of one of the `SHARD_KINDS`."""
        waiting = self._tables.setdefault(id, _Waiting(SHARD_KINDS[kind]))
        columns = waiting.columns_of(names)
        for step, row in zip(steps.tolist(), values, strict=True):
            waiting.rows.setdefault(step, {})[rank] = columns[: len(row)], row

    def write(self, recorder: Recorder, holders: Mapping[str, int]) -> None:
        """Record the norms that are complete in the tables of a run.

        Parameters
        ----------
        recorder : Recorder
        holders : mapping of str to int
            The number of processes that hold a part of each parameter.
        """
        for id, waiting in self._tables.items():
            rows = waiting.take_complete(holders)
            if not rows:
                continue
            table = recorder.table(combined_id(id, waiting.kind), waiting.kind, waiting.names)
            newest = table.newest_step
            for step, row in rows:
                if step > newest:
                    table.append(step, row)


def combined_id(id: str, kind: str) -> str:
    """Return the id of the table of whole norms.

    Examples
    --------
    >>> combined_id("grad_norm_shard:optimizer1", "grad_norm")
    'grad_norm/sharded:optimizer1'
    """
    return id.replace(f"{kind}_shard", f"{kind}/sharded", 1)


_Row = tuple[NDArray[np.intp], Floats]
"""The columns of some norms, and the norms."""


@dataclass
class _Waiting:
    """The rows of one table that wait for those of other processes."""

    kind: str
    names: list[str] = field(default_factory=list)
    rows: dict[int, dict[int, _Row]] = field(default_factory=dict)
    """The rows of each step, by rank."""
    _index: dict[str, int] = field(default_factory=dict)

    def columns_of(self, names: Sequence[str]) -> NDArray[np.intp]:
        for name in names:
            if name not in self._index:
                self._index[name] = len(self.names)
                self.names.append(name)
        return np.array([self._index[name] for name in names], np.intp)

    def take_complete(self, holders: Mapping[str, int]) -> list[tuple[int, Floats]]:
        """Return the complete rows in the order of their steps, and drop the rows before them."""
        expected = np.array([holders.get(name, 0) for name in self.names])
        found = []
        for step in sorted(self.rows):
            counts, squares = np.zeros(len(self.names), np.int64), np.zeros(len(self.names))
            for columns, row in self.rows[step].values():
                known = ~np.isnan(row)
                counts[columns[known]] += 1
                squares[columns[known]] += row[known].astype(np.float64) ** 2
            is_read = counts > 0
            if is_read.any() and (counts == expected)[is_read].all():
                norms = np.where(is_read, np.sqrt(squares), np.nan)
                with np.errstate(over="ignore"):
                    found.append((step, norms.astype(np.float32)))
        newest = found[-1][0] if found else -1
        # Each process writes its rows in order: steps before a complete one remain incomplete.
        kept = sorted(step for step in self.rows if step > newest)[-_MAX_WAITING:]
        self.rows = {step: self.rows[step] for step in kept}
        return found
