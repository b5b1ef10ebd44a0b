"""A run as the rules read it: short tables, smoothed ends, and the graph's structure.

Everything is bounded, whatever the length of the run and the size of the model, since the rules
are asked while training goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.run import ComputationGraph, Node, Run
from labkit.run.observations import Observations
from labkit.run.series_table import SeriesTable

_MAX_ROWS = 64
_GOLDEN = 0.618034
"""Its multiples, without their whole parts, are spread over 0 to 1 and never repeat."""


@dataclass(frozen=True)
class Curve:
    """One series: steps, shape (n_points,), dtype int64; values, dtype float32."""

    name: str
    steps: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.steps)

    def middle(self, start: float, stop: float) -> float:
        """Return the median of the finite points between two parts of the steps, 0 to 1."""
        finite = np.isfinite(self.values)
        steps, values = self.steps[finite], self.values[finite]
        if not len(steps):
            return float("nan")
        low, high = steps[0] + np.array([start, stop]) * (steps[-1] - steps[0])
        return _median(values[(steps >= low) & (steps <= high)])

    def first(self, points: int = 5) -> float:
        """Return the median of the first finite points; NaN without any."""
        return _median(self.values[np.isfinite(self.values)][:points])

    def last(self, part: float = 0.2) -> float:
        """Return the median of the points in the last part, 0 to 1, of the finite ones' steps."""
        return self.middle(1 - part, 1.0)


@dataclass(frozen=True)
class RecentRows:
    """Columns that were sampled together, the newest rows, some of the older ones left out.

    Attributes
    ----------
    names : tuple of str
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
    """

    names: tuple[str, ...]
    steps: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.steps)

    def recent(self, rows: int) -> RecentRows:
        """Return the last rows."""
        return RecentRows(self.names, self.steps[-rows:], self.values[-rows:])

    def only(self, names: frozenset[str]) -> RecentRows:
        """Return some of the columns."""
        kept = [place for place, name in enumerate(self.names) if name in names]
        return RecentRows(
            tuple(self.names[place] for place in kept), self.steps, self.values[:, kept]
        )

    def medians(self) -> NDArray[np.float32]:
        """Return each column's median over the rows, shape (n_columns,)."""
        return medians(self.values)

    def newest(self, count: int = 1) -> NDArray[np.float32]:
        """Return each column's last finite values, shape (count, n_columns), the newest last.

        NaN where there are not so many.
        """
        found = np.full((count, len(self.names)), np.nan, np.float32)
        for column, values in enumerate(self.values.T):
            last = values[np.isfinite(values)][-count:]
            found[count - len(last) :, column] = last
        return found

    def totals(self) -> NDArray[np.float64]:
        """Return the norm over the columns that were read at each row, shape (n_rows,)."""
        read = np.where(np.isnan(self.values), 0.0, self.values.astype(np.float64))
        totals: NDArray[np.float64] = np.linalg.norm(read, axis=1)
        return totals

    def size(self) -> float:
        """Return the norm over all columns, of each one's median; NaN where nothing was read."""
        found = self.medians().astype(np.float64)
        known = found[~np.isnan(found)]
        return float(np.linalg.norm(known)) if len(known) else float("nan")


class Evidence:
    """What the rules may look at.

    Parameters
    ----------
    run : Run
        Growing or ended.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.steps = run.steps
        self.graph: ComputationGraph | None = run.graph
        self.observed: Observations = run.observations
        self._tables = run.tables
        self._recent: dict[str, RecentRows | None] = {}

    # ── series ───────────────────────────────────────────────────────────────

    @cached_property
    def losses(self) -> tuple[Curve, ...]:
        """Every loss that was recorded; several where several models train."""
        return tuple(self._curves("loss"))

    @cached_property
    def loss(self) -> Curve | None:
        """The loss, where there is one only: two models' losses may work against each other."""
        return self.losses[0] if len(self.losses) == 1 and len(self.losses[0]) else None

    @cached_property
    def metrics(self) -> tuple[Curve, ...]:
        """What the user logged."""
        return tuple(self._curves("metric"))

    @cached_property
    def rates(self) -> tuple[Curve, ...]:
        """The learning rates by parameter group."""
        return tuple(self._curves("lr"))

    def table(self, kind: str) -> RecentRows | None:
        """Return the newest rows of the first table of a kind, None if there is none."""
        if kind not in self._recent:
            table = next((b for b in self._tables.values() if b.kind == kind), None)
            self._recent[kind] = None if table is None else _recent_rows(table)
        return self._recent[kind]

    def early(self, kind: str) -> NDArray[np.float32] | None:
        """Return each column's first finite value, shape (n_columns,), NaN where there is none.

        Of one that is folded, it is the lowest of its bucket.
        """
        table = next((b for b in self._tables.values() if b.kind == kind), None)
        if table is None:
            return None
        held = table.whole()
        rows = np.concatenate([held.buckets.low, held.values])
        if not len(rows):
            return None
        known = np.isfinite(rows)
        first: NDArray[np.float32] = np.where(
            known.any(axis=0), rows[known.argmax(axis=0), np.arange(rows.shape[1])], np.nan
        )
        return first

    def has_points(self, name: str) -> bool:
        """Return whether a series of this name was read at some step."""
        try:
            return len(self.run.series(name)[0]) > 0
        except KeyError:
            return False

    def _curves(self, kind: str) -> list[Curve]:
        return [
            Curve(name, *table.points(column))
            for table in self._tables.values()
            if table.kind == kind
            for column, name in enumerate(table.names)
        ]

    # ── structure ────────────────────────────────────────────────────────────

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of the parameters in the latest graph."""
        nodes = self.graph.nodes if self.graph is not None else ()
        return {
            name: node.shape
            for node in nodes
            if node.kind == "parameter" and node.shape is not None
            for name in node.parameters
        }

    @cached_property
    def matrices(self) -> frozenset[str]:
        """Parameters of two dimensions and more: weights, without biases and norms' factors."""
        return frozenset(name for name, shape in self.shapes.items() if len(shape) > 1)

    @cached_property
    def sources(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes whose results each node of the latest graph takes."""
        if self.graph is None:
            return {}
        nodes = {node.id: node for node in self.graph.nodes}
        found: dict[str, list[Node]] = {}
        for edge in self.graph.edges:
            found.setdefault(edge.target, []).append(nodes[edge.source])
        return {target: tuple(sources) for target, sources in found.items()}

    @cached_property
    def called(self) -> frozenset[str]:
        """Paths of the modules that were called, as far as they were looked at."""
        in_graph = self.graph.modules if self.graph is not None else ()
        seen = self.table("act_mean")
        return frozenset(m.path for m in in_graph) | frozenset(seen.names if seen else ())

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Paths of the modules whose results other layers take, so not the last ones."""
        if self.graph is None:
            return frozenset()
        leads: set[str] = set()
        weighted = {
            edge.target for edge in self.graph.edges if edge.source in self._parameter_nodes
        }
        for node in reversed(self.graph.nodes):
            for source in self.sources.get(node.id, ()):
                if node.id in weighted or node.id in leads:
                    leads.add(source.id)
        return frozenset(
            node.scope.partition("#")[0]
            for node in self.graph.nodes
            if node.kind == "op" and node.id in leads
        )

    @cached_property
    def _parameter_nodes(self) -> frozenset[str]:
        nodes = self.graph.nodes if self.graph is not None else ()
        return frozenset(node.id for node in nodes if node.kind == "parameter" or node.op == "t")

    @cached_property
    def classes(self) -> int | None:
        """Number of classes of a cross entropy at the end of the graph, None without one."""
        for node in self.graph.nodes if self.graph is not None else ():
            if node.op == "logsoftmax" and node.shape and len(node.shape) > 1:
                return node.shape[1]
        return None


def _recent_rows(table: SeriesTable) -> RecentRows:
    held = table.whole()
    rows = len(held.steps)
    stride = max(1, -(-rows // _MAX_ROWS))
    # At even distances, the same ones of parameters that are used in turn would be seen each time.
    number = np.arange(_MAX_ROWS)
    places = rows - 1 - ((number + number * _GOLDEN % 1) * stride).astype(int)
    kept = places[places >= 0][::-1]
    return RecentRows(held.names, held.steps[kept], held.values[kept])


def medians(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each column's median over what is finite, shape (n_columns,); NaN without any."""
    finite = np.where(np.isfinite(values), values, np.nan)
    known = ~np.isnan(finite).all(axis=0)
    found = np.full(values.shape[1], np.nan, np.float32)
    if len(values) and known.any():
        found[known] = np.nanmedian(finite[:, known], axis=0)
    return found


def largest(values: NDArray[np.floating[Any]]) -> float:
    """Return the largest value that is no NaN; NaN where there is none."""
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else float("nan")


def _median(values: NDArray[np.float32]) -> float:
    return float(np.median(values)) if len(values) else float("nan")
