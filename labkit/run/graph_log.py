"""A bounded log of the captured graphs and of the steps at which each structure occurred."""

from __future__ import annotations

from collections import deque

from labkit.run.graph import ComputationGraph
from labkit.run.graph_parts import GraphSpan

_MAX_GRAPHS = 32
_MAX_SPANS = 200


class GraphLog:
    """One graph per structure, and the spans of steps at which each structure occurred.

    The log stores the newest 32 structures and the newest 200 spans.

    Attributes
    ----------
    latest : ComputationGraph or None
        The stored graph of the newest structure.
    """

    def __init__(self) -> None:
        self.latest: ComputationGraph | None = None
        self._graphs: dict[str, ComputationGraph] = {}
        self._spans: deque[GraphSpan] = deque(maxlen=_MAX_SPANS)

    @property
    def graphs(self) -> tuple[ComputationGraph, ...]:
        """The stored graphs, in the order in which their structures first occurred."""
        return tuple(self._graphs.values())

    @property
    def spans(self) -> tuple[GraphSpan, ...]:
        """The spans of steps with a constant structure, oldest first."""
        return tuple(self._spans)

    def add(self, graph: ComputationGraph, step: int) -> None:
        """Add a graph that was captured at a step.

        The graph is stored only if its structure is new. `latest` becomes the stored graph of this
        structure, and the newest span is extended if it has the same structure.
        """
        if self._spans and self._spans[-1].signature == graph.signature:
            first = self._spans[-1].first
            self._spans[-1] = GraphSpan(graph.signature, first, step)
        else:
            self._spans.append(GraphSpan(graph.signature, step, step))
        known = self._graphs.get(graph.signature)
        if known is None:
            self._graphs[graph.signature] = known = graph
            if len(self._graphs) > _MAX_GRAPHS:
                del self._graphs[next(iter(self._graphs))]
        self.latest = known
