"""The computation graph that autograd built, as plain data without tensors.

The id of a node is the same in every iteration that builds the same structure. It consists of the
module call, the operation, and the ordinal of the operation within that call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from labkit.run.figures import figures
from labkit.run.graph.costs import GraphCosts, graph_costs
from labkit.run.graph.diff import GraphDiff, graph_diff
from labkit.run.graph.dot import dot_source
from labkit.run.graph.flops_by_shape import Flops
from labkit.run.graph.frame import COST_COLUMNS, FRAME_COLUMNS, frame_rows
from labkit.run.graph.json_form import edge_from, flops_from, module_call_from, node_from, plain
from labkit.run.graph.parts import Edge, ModuleCall, Node
from labkit.run.graph.sizes import Shapes, named_sizes
from labkit.run.optional import import_optional

if TYPE_CHECKING:
    import graphviz
    import networkx
    import pandas
    import plotly.graph_objects

GRAPH_VERSION = 5


@dataclass(frozen=True)
class ComputationGraph:
    """The graph of one backward pass, with edges in the forward direction.

    Attributes
    ----------
    nodes : tuple of Node
        In the order of execution.
    edges : tuple of Edge
    modules : tuple of ModuleCall
        Every module call that contains a node, and the enclosing calls; outer before inner.
    step : int or None
        Optimizer step at which the graph was captured, 1 or greater; None outside a run.
    reason : str or None
        A sentence that says why there is no graph; then `nodes` is empty.
    sizes : dict of str to tuple of int
        The sizes of tensors that vary between passes of a run, for example the last batch, by the
        names that `Node.dims` uses. `Node.shape` and the costs are those of the first value.
    more_sizes : bool
        Whether further values occurred, which are not listed.
    recorded_flops : dict of str to Flops
        Floating point operations that were recorded when the operations ran, by node id; see
        `costs` for those of all nodes.

    Examples
    --------
    >>> nodes = (Node("/x:0", "input", "x", "", (2,)), Node("/exp:0", "op", "exp", "", (2,)))
    >>> graph = ComputationGraph(nodes, (Edge("/x:0", "/exp:0"),), ())
    >>> graph.outline()
    'exp'
    >>> ComputationGraph.from_json(graph.to_json()) == graph
    True
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    modules: tuple[ModuleCall, ...]
    step: int | None = None
    reason: str | None = None
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    more_sizes: bool = False
    recorded_flops: dict[str, Flops] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def costs(self) -> GraphCosts:
        """What each node and each module call costs, computed when it is first read."""
        return graph_costs(self.nodes, self.edges, self.modules, self.recorded_flops)

    @cached_property
    def signature(self) -> str:
        """A hexadecimal digest of the structure: node ids, kinds, shapes, dtypes and edges."""
        digest = hashlib.blake2b(digest_size=12)
        for node in self.nodes:
            digest.update(
                f"{node.id}|{node.kind}|{node.shape}|{node.dtype};".encode(errors="replace")
            )
        for edge in self.edges:
            digest.update(f"{edge.source}>{edge.target};".encode(errors="replace"))
        return digest.hexdigest()

    @cached_property
    def structure(self) -> str:
        """A hexadecimal digest like `signature` without the sizes of tensors that may vary.

        Included are the number of dimensions, and the shapes of parameters.
        """
        digest = hashlib.blake2b(digest_size=12)
        for node in self.nodes:
            shape = node.shape if node.shape is None or node.parameters else len(node.shape)
            digest.update(f"{node.id}|{node.kind}|{shape}|{node.dtype};".encode(errors="replace"))
        for edge in self.edges:
            digest.update(f"{edge.source}>{edge.target};".encode(errors="replace"))
        return digest.hexdigest()

    @cached_property
    def shapes(self) -> Shapes:
        """The shapes of the nodes, then those of the edges."""
        return (*(node.shape for node in self.nodes), *(edge.shape for edge in self.edges))

    def with_sizes(self, passes: Sequence[Shapes], *, more: bool = False) -> ComputationGraph:
        """Return the graph with names for the sizes that vary between passes.

        Parameters
        ----------
        passes : sequence of Shapes
            The attribute `shapes` of graphs of the same structure, that of this graph first.
        more : bool
            Whether there were further passes with other sizes.
        """
        named = named_sizes(passes)
        nodes, edges = named.dims[: len(self.nodes)], named.dims[len(self.nodes) :]
        return replace(
            self,
            nodes=tuple(map(_with_dims, self.nodes, nodes)),
            edges=tuple(map(_with_dims, self.edges, edges)),
            sizes=named.values,
            more_sizes=more,
        )

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence on each failed operation: its name, module, line and error."""
        return tuple(_sentence(node) for node in self.nodes if node.kind == "failed")

    def to_json(self) -> dict[str, Any]:
        """Return the graph as JSON-serializable data, with the keys of the views' protocol."""
        costs = self.costs
        return {
            "version": GRAPH_VERSION,
            "signature": self.signature,
            "step": self.step,
            "nodes": [plain(node) | {"cost": plain(costs.nodes[node.id])} for node in self.nodes],
            "edges": [plain(edge) for edge in self.edges],
            "modules": [
                asdict(call) | {"cost": plain(costs.modules[call.id])} for call in self.modules
            ],
            "reason": self.reason,
            "sizes": {name: list(values) for name, values in self.sizes.items()},
            "more_sizes": self.more_sizes,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ComputationGraph:
        """Return the graph that `to_json` serialized.

        Raises
        ------
        ValueError
            If the data has another version.
        KeyError, TypeError
            If a field is missing or unknown.
        """
        if data.get("version") != GRAPH_VERSION:
            raise ValueError(
                f"this graph has version {data.get('version')!r}; labkit reads version "
                f"{GRAPH_VERSION}. Write it again with this version of labkit."
            )
        return cls(
            nodes=tuple(map(node_from, data["nodes"])),
            edges=tuple(map(edge_from, data["edges"])),
            modules=tuple(map(module_call_from, data["modules"])),
            step=data["step"],
            reason=data["reason"],
            sizes={name: tuple(values) for name, values in data["sizes"].items()},
            more_sizes=data["more_sizes"],
            recorded_flops={item["id"]: flops_from(item["cost"]) for item in data["nodes"]},
        )

    def to_dot(self) -> str:
        """Return the graph as DOT source, with one cluster per module call."""
        return dot_source(self.nodes, self.edges, self.modules)

    def to_graphviz(self) -> graphviz.Source:
        """Return the DOT source as a `graphviz.Source`; rendering it requires the program ``dot``.

        Raises
        ------
        ImportError
            If the package graphviz is not installed.
        """
        graphviz = import_optional("graphviz", needed_by="graph.to_graphviz()")
        return graphviz.Source(self.to_dot())

    def figure(
        self, *, depth: int | None = None, theme: str = "light"
    ) -> plotly.graph_objects.Figure:
        """Return a drawing of the graph as a figure of plotly.

        Boxes are module calls and the operations outside of them. Their tooltips have shapes,
        parameters, sizes and lines of code.

        Parameters
        ----------
        depth : int, optional
            Level of the module calls that are boxes, from 1; what is within them is not drawn. By
            default the deepest level with at most 60 boxes.
        theme : {"light", "dark"}

        Raises
        ------
        ValueError
            If there is no graph (`reason` says why), or it has more than 800 boxes at this depth.
        ImportError
            If plotly is not installed.

        Examples
        --------
        >>> nodes = (Node("/x:0", "input", "x", "", (2,)), Node("/exp:0", "op", "exp", "", (2,)))
        >>> figure = ComputationGraph(nodes, (Edge("/x:0", "/exp:0"),), ()).figure()
        >>> [trace.name for trace in figure.data]
        ['edges', 'arrows', 'nodes']
        """
        return figures("graph.figure()").graph_figure(self, depth=depth, theme=theme)

    def diff(self, earlier: ComputationGraph) -> GraphDiff:
        """Return the nodes that are new, missing or changed compared with an earlier graph."""
        return graph_diff(earlier.nodes, self.nodes)

    def to_networkx(self) -> networkx.MultiDiGraph:
        """Return a `networkx.MultiDiGraph` with the attributes of nodes and edges.

        Raises
        ------
        ImportError
            If networkx is not installed.
        """
        networkx = import_optional("networkx", needed_by="graph.to_networkx()")
        graph = networkx.MultiDiGraph(signature=self.signature)
        for node in self.nodes:
            graph.add_node(node.id, **{k: v for k, v in asdict(node).items() if k != "id"})
        for edge in self.edges:
            graph.add_edge(
                edge.source,
                edge.target,
                shape=edge.shape,
                dtype=edge.dtype,
                output=edge.output,
            )
        return graph

    def to_frame(self) -> pandas.DataFrame:
        """Return a table with one row per node, in the order of execution.

        Returns
        -------
        pandas.DataFrame
            With the columns ``id``, ``kind``, ``op``, ``scope`` (id of the module call),
            ``module`` (path), ``module_type``, ``shape``, ``dtype``, ``parameters``,
            ``forward_flops``, ``backward_flops``, ``output_bytes``, ``saved_bytes`` and ``line``
            (``file:line``). Numbers have the dtype ``Int64``; what is unknown is ``<NA>``. See
            `Cost` for their meaning.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> nodes = (Node("/x:0", "input", "x", "", (2,)), Node("/exp:0", "op", "exp", "", (2,)))
        >>> frame = ComputationGraph(nodes, (), ()).to_frame()
        >>> frame[["op", "forward_flops"]].values.tolist()
        [['x', 0], ['exp', 0]]
        """
        pandas = import_optional("pandas", needed_by="graph.to_frame()")
        rows = frame_rows(self.nodes, self.modules, self.costs)
        frame = pandas.DataFrame(rows, columns=list(FRAME_COLUMNS))
        return frame.astype(dict.fromkeys(COST_COLUMNS, "Int64"))

    def outline(self) -> str:
        """Return the graph as indented text: one line per module call, with its operations."""
        if self.reason:
            return self.reason
        depth: dict[str, int] = {"": -1}
        members: dict[str, list[Node]] = {}
        for node in self.nodes:
            members.setdefault(node.scope, []).append(node)
        lines = []
        for module in self.modules:
            depth[module.id] = depth[module.parent or ""] + 1
            ops = _operations(members.get(module.id, []))
            title = module.path or "(model)"
            listed = f": {' → '.join(ops)}" if ops else ""
            lines.append(f"{'  ' * depth[module.id]}{title} [{module.type}]{listed}")
        outside = _operations(members.get("", []))
        return "\n".join([*lines, *([" → ".join(outside)] if outside else []), *self.failures])


def _operations(nodes: Sequence[Node]) -> list[str]:
    """Return the names of the operations among some nodes; failed ones are marked."""
    marks = {"op": "", "failed": " (failed)"}
    return [node.op + marks[node.kind] for node in nodes if node.kind in marks]


def _sentence(node: Node) -> str:
    """Return operation, module, line and error of a failed node."""
    module = node.scope.partition("#")[0]
    place = f" in {module}" if module else ""
    line = f" ({node.source.file}:{node.source.line})" if node.source else ""
    return f"failed: {node.op}{place}{line}: {node.note}"


_Part = TypeVar("_Part", Node, Edge)


def _with_dims(part: _Part, dims: tuple[str, ...] | None) -> _Part:
    return part if part.dims == dims else replace(part, dims=dims)
