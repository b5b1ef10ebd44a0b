"""Reads the autograd graph, and stores the graphs of known structures."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture.graph.autograd_traversal import MOST_NODES, capture_graph_with_ids
from labkit.capture.graph.fingerprint import GraphKeys, graph_keys
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.parameters import ParameterTable
from labkit.capture.readings.budget import SECOND_NS, ReadingBudget
from labkit.capture.readings.reading import PassContext, Reading, StepContext
from labkit.capture.readings.unregistered import unregistered_parameters
from labkit.run import ComputationGraph
from labkit.run.graph.log import MAX_SIZES

_CALL_NS = 4_000
"""Cost of recording one module call, with both hooks."""
_MAX_STRUCTURES = 32
_MAX_SEARCHED = 3
"""Number of structures that are searched for parameters that are not the model's."""
_MAX_IN_STEP = 4
"""Maximum number of graphs in one step, as when several models train in turn."""


class GraphReading(Reading):
    """The computation graph of a backward pass, captured once for each structure and its sizes.

    Parameters
    ----------
    table : ParameterTable
    scopes : ScopeRecorder
        Records which module call creates which node.
    enabled : bool
    """

    name = "graph"
    needs_module_calls = True
    follows_pace = True

    def __init__(self, table: ParameterTable, scopes: ScopeRecorder, *, enabled: bool) -> None:
        super().__init__(
            ReadingBudget(
                share=0.1,
                max_fraction=0.0005,
                unseen_divisor=4.0,
                min_interval_ns=SECOND_NS,
                enabled=enabled,
            )
        )
        self._table = table
        self._scopes = scopes
        self._graphs: dict[int, ComputationGraph] = {}
        """The graphs of known structures by key, the oldest first."""
        self._layout = table.layout
        """The layout of the modules when the graphs were captured."""
        self._sizes: dict[int, set[int]] = {}
        """The keys of the captured sizes of known structures, by the structures' keys."""
        self._read: set[GraphKeys] = set()
        """Keys of the graphs read in the step under way."""
        self._calls_ns = 0

    @property
    def calls_ns(self) -> int:  # noqa: D102 - see `Reading`
        return self._calls_ns

    def known(self, roots: Sequence[torch.Tensor]) -> ComputationGraph | None:
        """Return the captured graph with the structure of some tensors' graph; None if unknown."""
        return self._known(graph_keys(roots, self._table).structure)

    def start_module_calls(self, context: StepContext, now_ns: int) -> None:
        """Begin to record which module call creates which node."""
        self._scopes.start()

    def before_pass(self, context: PassContext) -> bool:
        """Read the graph before the pass frees its buffers.

        While no module calls are recorded, a graph without scopes is read only if there is no other
        yet, as the run may end before the next pass.
        """
        waits = context.awaits_module_calls and context.run.graph is not None
        if waits or len(self._read) >= _MAX_IN_STEP:
            return False
        self._table.find_whole_parameters()
        keys = graph_keys(context.roots, self._table)
        if keys not in self._read:
            self._read_graph(context, keys)
        return True

    def end_step(self, context: StepContext) -> bool:
        """Stop recording; the cost of module calls is not charged to this reading."""
        self.stop_module_calls()
        return False

    def stop_module_calls(self) -> None:
        """Remove the hooks on modules, and drop the data of the step under way."""
        self._scopes.stop()
        self._scopes.clear()
        self._read.clear()
        self._calls_ns = 0

    def _read_graph(self, context: PassContext, keys: GraphKeys) -> None:
        graph, sizes = self._known(keys.structure), self._sizes.get(keys.structure, set())
        is_new = keys.sizes not in sizes
        if graph is None or (is_new and len(sizes) < MAX_SIZES):
            is_new = False
            graph = self._capture(context, keys)
            if graph is None:
                return
        self._read.add(keys)
        context.run.add_graph(graph, context.step, more_sizes=is_new)
        self._calls_ns += len(self._scopes.intervals) * _CALL_NS
        self._scopes.clear()

    def _capture(self, context: PassContext, keys: GraphKeys) -> ComputationGraph | None:
        """Return the graph of a pass, and store it; None for another model's pass."""
        named = {f"#{number}": root for number, root in enumerate(context.roots)}
        graph, ids = capture_graph_with_ids(
            named, self._table, self._scopes, context.step, most=MOST_NODES
        )
        if not any(node.kind == "parameter" for node in graph.nodes) and graph.nodes:
            return None
        if context.awaits_module_calls:
            return graph
        if keys.structure not in self._graphs:
            if len(self._graphs) >= _MAX_STRUCTURES:
                oldest = next(iter(self._graphs))
                del self._graphs[oldest], self._sizes[oldest]
            self._graphs[keys.structure], self._sizes[keys.structure] = graph, set()
            if len(self._graphs) <= _MAX_SEARCHED:
                observed = context.run.observations
                observed.unregistered = unregistered_parameters(graph, ids, self._table)
        self._sizes[keys.structure].add(keys.sizes)
        return graph

    def _known(self, key: int) -> ComputationGraph | None:
        """Return the graph of a structure; None if unknown, or if modules were renamed since."""
        if self._layout is not self._table.layout:
            self._layout = self._table.layout
            self._graphs.clear()
            self._sizes.clear()
        return self._graphs.get(key)
