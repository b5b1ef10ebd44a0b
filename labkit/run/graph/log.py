"""A bounded log of the captured graphs and of the steps at which each structure occurred."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.parts import GraphSpan
from labkit.run.graph.sizes import Shapes

_MAX_GRAPHS = 32
_MAX_SPANS = 200
MAX_SIZES = 8
"""Maximum number of passes with different sizes that are stored for one structure."""
_MIN_CALLS = 2
"""Minimum number of calls of a module in the title of a structure."""


class GraphLog:
    """One graph per structure, and the spans of steps at which each structure occurred.

    The log stores the newest 32 structures and the newest 200 spans. Graphs that differ only in the
    sizes of tensors, such as that of a smaller last batch, have the same structure; the stored
    graph has names for the sizes that vary.

    Attributes
    ----------
    latest : ComputationGraph or None
        The stored graph of the newest structure.
    """

    def __init__(self) -> None:
        self.latest: ComputationGraph | None = None
        self._graphs: dict[str, ComputationGraph] = {}
        """The stored graphs by structure."""
        self._passes: dict[str, list[Shapes]] = {}
        """The shapes of passes with different sizes, by structure."""
        self._spans: deque[GraphSpan] = deque(maxlen=_MAX_SPANS)

    @property
    def graphs(self) -> tuple[ComputationGraph, ...]:
        """The stored graphs, in the order in which their structures first occurred."""
        return tuple(self._graphs.values())

    @property
    def spans(self) -> tuple[GraphSpan, ...]:
        """The spans of steps with a constant structure, oldest first."""
        return tuple(self._spans)

    def add(self, graph: ComputationGraph, step: int, *, more_sizes: bool = False) -> None:
        """Add a graph that was captured at a step.

        The graph is stored only if its structure is new. `latest` becomes the stored graph of this
        structure, and the newest span is extended if it has the same structure.

        Parameters
        ----------
        graph : ComputationGraph
        step : int
        more_sizes : bool
            Whether the sizes of this pass are others than those of the graph.
        """
        self._drop_graph_without_modules(graph)
        if graph.structure not in self._graphs:
            self._store(graph)
        stored = self.latest = self._with_sizes(graph, more_sizes=more_sizes)
        first = step
        if self._spans and self._spans[-1].signature == stored.signature:
            first = self._spans.pop().first
        self._spans.append(GraphSpan(stored.signature, first, step, _title(stored)))

    def restore(self, graphs: Sequence[ComputationGraph], spans: Sequence[GraphSpan]) -> None:
        """Replace the contents by graphs, oldest first, and the spans of their structures."""
        self._graphs = {graph.structure: graph for graph in graphs[-_MAX_GRAPHS:]}
        self._passes = {graph.structure: [graph.shapes] for graph in self._graphs.values()}
        self._spans = deque(spans, maxlen=_MAX_SPANS)
        newest = self._spans[-1].signature if self._spans else None
        found = [graph for graph in self._graphs.values() if graph.signature == newest]
        self.latest = found[-1] if found else next(reversed(self._graphs.values()), None)

    def _store(self, graph: ComputationGraph) -> None:
        self._graphs[graph.structure] = graph
        self._passes[graph.structure] = [graph.shapes]
        if len(self._graphs) > _MAX_GRAPHS:
            oldest = next(iter(self._graphs))
            del self._graphs[oldest], self._passes[oldest]

    def _with_sizes(self, graph: ComputationGraph, *, more_sizes: bool) -> ComputationGraph:
        """Return the stored graph of a structure, with the sizes of a further pass."""
        stored, passes = self._graphs[graph.structure], self._passes[graph.structure]
        is_new = graph.shapes not in passes
        if is_new and len(passes) < MAX_SIZES:
            passes.append(graph.shapes)
        elif (more_sizes or is_new) and not stored.more_sizes:
            more_sizes = True
        else:
            return stored
        more_sizes = more_sizes or stored.more_sizes
        stored = self._graphs[graph.structure] = stored.with_sizes(passes, more=more_sizes)
        return stored

    def _drop_graph_without_modules(self, graph: ComputationGraph) -> None:
        """Drop a graph that was captured before module calls were recorded; it has other ids."""
        latest = self.latest
        if latest is None or latest.modules or not graph.modules:
            return
        if Counter(node.op for node in latest.nodes) == Counter(node.op for node in graph.nodes):
            self._graphs.pop(latest.structure, None)
            self._passes.pop(latest.structure, None)
            kept = [span for span in self._spans if span.signature != latest.signature]
            self._spans = deque(kept, maxlen=_MAX_SPANS)


def _title(graph: ComputationGraph) -> str:
    """Return how often the most frequent module is called, or the number of operations."""
    calls = Counter(call.path for call in graph.modules)
    path, count = max(calls.items(), key=lambda item: item[1], default=("", 0))
    if count >= _MIN_CALLS:
        kind = next(call.type for call in graph.modules if call.path == path)
        return f"{count} \N{MULTIPLICATION SIGN} {kind}"
    operations = sum(node.kind == "op" for node in graph.nodes)
    return f"{operations:,} operation{'' if operations == 1 else 's'}"
