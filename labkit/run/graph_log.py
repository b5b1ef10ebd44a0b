"""The graphs that a run has seen, and the steps over which each structure held."""

from __future__ import annotations

from collections import deque

from labkit.run.graph import ComputationGraph
from labkit.run.graph_parts import GraphSpan

_MOST_GRAPHS = 32
_MOST_SPANS = 200


class GraphLog:
    """One graph per structure, and when each was seen; at most 32 graphs and 200 spans are stored.

    Attributes
    ----------
    latest : ComputationGraph or None
    """

    def __init__(self) -> None:
        self.latest: ComputationGraph | None = None
        self._graphs: dict[str, ComputationGraph] = {}
        self._spans: deque[GraphSpan] = deque(maxlen=_MOST_SPANS)

    @property
    def graphs(self) -> tuple[ComputationGraph, ...]:
        """The graphs, the structure that was seen first first."""
        return tuple(self._graphs.values())

    @property
    def spans(self) -> tuple[GraphSpan, ...]:
        """The steps over which each structure held, the oldest first."""
        return tuple(self._spans)

    def add(self, graph: ComputationGraph, step: int) -> None:
        """Store a graph if its structure is new, make it the latest, and extend its span."""
        if self._spans and self._spans[-1].signature == graph.signature:
            first = self._spans[-1].first
            self._spans[-1] = GraphSpan(graph.signature, first, step)
        else:
            self._spans.append(GraphSpan(graph.signature, step, step))
        known = self._graphs.get(graph.signature)
        if known is None:
            self._graphs[graph.signature] = known = graph
            if len(self._graphs) > _MOST_GRAPHS:
                del self._graphs[next(iter(self._graphs))]
        self.latest = known
