"""The data of a run in the form that rules evaluate: curves, recent rows, and graph structure.

The rules are evaluated during training, so the amount of data is bounded for any length of the run
and any size of the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labkit.insight.curves import Curve
from labkit.insight.loss_form import LossForm, loss_form
from labkit.insight.recent_rows import RecentRows, recent_rows
from labkit.run import ComputationGraph, Node, Run
from labkit.run.observations import Observations
from labkit.run.series.series_table import SeriesTable

_UNKNOWN_VALUES = 1 << 30


class Evidence:
    """The data of a run at one moment, for evaluation by the rules.

    Parameters
    ----------
    run : Run
        Running or ended.

    Attributes
    ----------
    steps : int
        Number of completed steps.
    graph : ComputationGraph or None
        The latest graph of a pass that did not fail.
    observed : Observations
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.steps = run.steps
        self.graph = _newest_whole_graph(run)
        self.observed: Observations = run.observations
        self._tables = run.tables
        self._recent: dict[str, RecentRows | None] = {}

    # ── series ───────────────────────────────────────────────────────────────

    @cached_property
    def losses(self) -> tuple[Curve, ...]:
        """All recorded losses; more than one if several models are trained."""
        return tuple(self._curves("loss"))

    @cached_property
    def loss(self) -> Curve | None:
        """The loss if there is exactly one; losses of several models may be adversarial."""
        return self.losses[0] if len(self.losses) == 1 and len(self.losses[0]) else None

    @cached_property
    def metrics(self) -> tuple[Curve, ...]:
        """The metrics that the user logged."""
        return tuple(self._curves("metric"))

    @cached_property
    def rates(self) -> tuple[Curve, ...]:
        """The learning rate of each parameter group."""
        return tuple(self._curves("lr"))

    @property
    def rates_rise(self) -> bool:
        """Whether a learning rate is still rising, as in a warm-up or a range test."""
        return any(
            len(rate.finite) > 1 and rate.finite[-1] > rate.finite[3 * len(rate.finite) // 4 - 1]
            for rate in self.rates
        )

    def table(self, kind: str) -> RecentRows | None:
        """Return recent rows of the first table of a kind; None if there is no such table."""
        if kind not in self._recent:
            table = self._first_table(kind)
            self._recent[kind] = None if table is None else recent_rows(table)
        return self._recent[kind]

    def first_values(self, kind: str) -> NDArray[np.float32] | None:
        """Return the first finite value of each column of the first table of a kind.

        Returns
        -------
        ndarray, shape (n_columns,), dtype float32, or None
            NaN for a column without a finite value. If the first rows are in a bucket, the minimum
            of the bucket. None if there is no such table, or it has no rows.
        """
        table = self._first_table(kind)
        if table is None:
            return None
        contents = table.whole()
        rows = np.concatenate([contents.buckets.low, contents.values])
        if not len(rows):
            return None
        known = np.isfinite(rows)
        first: NDArray[np.float32] = np.where(
            known.any(axis=0), rows[known.argmax(axis=0), np.arange(rows.shape[1])], np.nan
        )
        return first

    def has_points(self, name: str) -> bool:
        """Return whether there is a series of this name with at least one point."""
        try:
            return len(self.run.series(name)[0]) > 0
        except KeyError:
            return False

    def _first_table(self, kind: str) -> SeriesTable | None:
        return next((table for table in self._tables.values() if table.kind == kind), None)

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
        """The shape of each parameter in the latest graph, by name."""
        nodes = self.graph.nodes if self.graph is not None else ()
        return {
            name: node.shape
            for node in nodes
            if node.kind == "parameter" and node.shape is not None
            for name in node.parameters
        }

    @cached_property
    def matrices(self) -> frozenset[str]:
        """Names of the parameters with two or more dimensions, which excludes biases."""
        return frozenset(name for name, shape in self.shapes.items() if len(shape) > 1)

    @cached_property
    def sources(self) -> Mapping[str, tuple[Node, ...]]:
        """The input nodes of each node of the latest graph, by node id."""
        if self.graph is None:
            return {}
        nodes = {node.id: node for node in self.graph.nodes}
        found: dict[str, list[Node]] = {}
        for edge in self.graph.edges:
            found.setdefault(edge.target, []).append(nodes[edge.source])
        return {target: tuple(sources) for target, sources in found.items()}

    @cached_property
    def called(self) -> frozenset[str]:
        """Paths of the modules that are known to have been called."""
        in_graph = self.graph.modules if self.graph is not None else ()
        sampled = self.table("act_mean")
        return frozenset(m.path for m in in_graph) | frozenset(sampled.names if sampled else ())

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Paths of the modules whose results are inputs of later layers with parameters."""
        if self.graph is None:
            return frozenset()
        before_weights: set[str] = set()
        weighted = {
            edge.target for edge in self.graph.edges if edge.source in self._parameter_nodes
        }
        for node in reversed(self.graph.nodes):
            for source in self.sources.get(node.id, ()):
                if node.id in weighted or node.id in before_weights:
                    before_weights.add(source.id)
        return frozenset(
            node.scope.partition("#")[0]
            for node in self.graph.nodes
            if node.kind == "op" and node.id in before_weights
        )

    def values_per_unit(self, path: str) -> int:
        """Return how many values each unit of a module's result has in the latest graph.

        Returns
        -------
        int
            Samples, times positions for a result with channels; the larger number if the dimension
            of the units is unknown. A large number if the shape is unknown.
        """
        shape = self._result_shape(path)
        if shape is None:
            return _UNKNOWN_VALUES
        units = shape[1] if len(shape) > 1 else shape[0]
        return max(1, math.prod(shape) // max(1, min(units, shape[-1])))

    def units(self, path: str) -> int:
        """Return how many units a module's result has in the latest graph.

        Returns
        -------
        int
            The size of the dimension of the units, or of the larger one if it is not known which
            one that is. A large number if the shape is unknown.
        """
        shape = self._result_shape(path)
        if shape is None:
            return _UNKNOWN_VALUES
        return max(shape[1] if len(shape) > 1 else shape[0], shape[-1])

    def _result_shape(self, path: str) -> tuple[int, ...] | None:
        """Return the shape of a module's result in the latest graph; None if it is unknown."""
        shapes = [
            node.shape
            for node in (self.graph.nodes if self.graph is not None else ())
            if node.kind == "op" and node.shape and node.scope.partition("#")[0] == path
        ]
        return shapes[-1] if shapes else None

    @cached_property
    def _parameter_nodes(self) -> frozenset[str]:
        nodes = self.graph.nodes if self.graph is not None else ()
        return frozenset(node.id for node in nodes if node.kind == "parameter" or node.op == "t")

    @cached_property
    def loss_form(self) -> LossForm | None:
        """The form of the loss in the latest graph; None if it is unknown."""
        return None if self.graph is None else loss_form(self.graph, self.sources)

    @cached_property
    def classes(self) -> int | None:
        """Number of classes of the first cross entropy in the graph; None if there is none."""
        for node in self.graph.nodes if self.graph is not None else ():
            if node.op == "logsoftmax" and node.shape and len(node.shape) > 1:
                return node.shape[1]
        return None


def _newest_whole_graph(run: Run) -> ComputationGraph | None:
    """Return the newest graph of a pass that did not fail: in others, later operations are missing.

    None if there is none.
    """
    graphs = run.graphs if run.graph is None or run.graph.failures else (run.graph,)
    return next((graph for graph in reversed(graphs) if not graph.failures), None)
