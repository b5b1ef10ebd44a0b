"""The computation graph as plain data: what autograd built, without a tensor in it.

Nodes have identities that are the same in every iteration that builds the same structure:
the module call that made them, the operation, and which one of its kind it is in that call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from labkit.run.graph_diff import GraphDiff, graph_diff

if TYPE_CHECKING:
    import graphviz
    import networkx

GRAPH_VERSION = 3

NodeKind = Literal["op", "parameter", "input", "output", "cut"]


@dataclass(frozen=True)
class Source:
    """A line of the user's own code."""

    file: str
    line: int


# Not frozen, though nobody changes them: that doubles the time of making one, and a graph is
# captured while training waits.
@dataclass(slots=True, unsafe_hash=True)
class Node:
    """One node of the graph autograd built.

    Attributes
    ----------
    id : str
        ``scope/op:ordinal``, for example ``"fc1#1/addmm:0"``; the same in every iteration
        of the same structure.
    kind : {"op", "parameter", "input", "output", "cut"}
        ``"cut"`` is where a gradient stops, as at a ``detach``; `note` says why.
    op : str
        Operation as PyTorch names it, lower case, without ``Backward0``.
    scope : str
        Id of the innermost module call around it, ``""`` outside all modules.
    shape : tuple of int or None
        Shape of what the operation returned.
    dtype, device : str or None
    saved_bytes : int or None
        Bytes of the tensors kept for backward; None where that could not be read.
    parameters : tuple of str
        Names of the parameter in the model, several where weights are tied.
    source : Source or None
        The line of the user's own code that made it, where that is known.
    note : str or None
        A sentence on what is out of the ordinary: why a gradient stops here, that the node is
        computed again in backward, that it is one opaque box.
    backward : str or None
        Name of autograd's own node, which passes the gradient on: ``"AddmmBackward0"``; None for
        what has none.
    """

    id: str
    kind: NodeKind
    op: str
    scope: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    device: str | None = None
    saved_bytes: int | None = None
    parameters: tuple[str, ...] = ()
    source: Source | None = None
    note: str | None = None
    backward: str | None = None


@dataclass(slots=True, unsafe_hash=True)
class Edge:
    """A tensor that flows from one node to the next in the forward direction."""

    source: str
    target: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None


@dataclass(slots=True, unsafe_hash=True)
class ModuleCall:
    """One call of one module.

    Attributes
    ----------
    id : str
        ``path#call``, for example ``"encoder.layers.0#1"``; calls are counted from 1.
    path : str
        The module's path in the model, ``""`` for the model itself.
    call : int
    type : str
        Class name.
    parent : str or None
        Id of the call around it.
    parameters : int
        Scalar parameters the module holds, its children included.
    source : Source or None
        The line of the user's own code that called it, where that is known.
    seconds : float or None
        Time of the call on the host, in s, its children's included; an accelerator may have
        worked on after it.
    """

    id: str
    path: str
    call: int
    type: str
    parent: str | None
    parameters: int
    source: Source | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class GraphSpan:
    """Steps over which a run's graph had one structure, as far as they were looked at.

    Attributes
    ----------
    signature : str
        That of the graph.
    first, last : int
        The first and the last step at which it was seen.
    """

    signature: str
    first: int
    last: int


@dataclass(frozen=True)
class ComputationGraph:
    """What one backward pass walks, seen from the forward side.

    Attributes
    ----------
    nodes : tuple of Node
        In the order of execution.
    edges : tuple of Edge
    modules : tuple of ModuleCall
        Every module call that holds a node, and the calls around it; outer before inner.
    step : int or None
        Step at which it was seen.
    reason : str or None
        A sentence when there is no graph to show; then `nodes` is empty.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    modules: tuple[ModuleCall, ...]
    step: int | None = None
    reason: str | None = None

    @cached_property
    def signature(self) -> str:
        """A digest of the structure: equal for equal nodes, shapes, edges and modules."""
        digest = hashlib.blake2b(digest_size=12)
        for node in self.nodes:
            digest.update(f"{node.id}|{node.kind}|{node.shape}|{node.dtype};".encode())
        for edge in self.edges:
            digest.update(f"{edge.source}>{edge.target};".encode())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the graph as JSON-ready data, with the names of the views' protocol."""
        return {
            "version": GRAPH_VERSION,
            "signature": self.signature,
            "step": self.step,
            "nodes": [asdict(node) for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
            "modules": [asdict(module) for module in self.modules],
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ComputationGraph:
        """Return the graph that `to_json` wrote.

        Raises
        ------
        ValueError
            If the data is of another version.
        """
        if data.get("version") != GRAPH_VERSION:
            raise ValueError(
                f"this graph has version {data.get('version')!r}; labkit reads version "
                f"{GRAPH_VERSION}. Write it again with this version of labkit."
            )
        return cls(
            nodes=tuple(_node(item) for item in data["nodes"]),
            edges=tuple(Edge(**{**item, "shape": _shape(item)}) for item in data["edges"]),
            modules=tuple(
                ModuleCall(**{**item, "source": _source(item)}) for item in data["modules"]
            ),
            step=data["step"],
            reason=data["reason"],
        )

    def to_dot(self) -> str:
        """Return Graphviz source with modules as clusters."""
        lines = ["digraph labkit {", "  rankdir=TB; node [shape=box, style=rounded];"]
        children: dict[str | None, list[ModuleCall]] = {}
        for module in self.modules:
            children.setdefault(module.parent, []).append(module)
        members: dict[str, list[Node]] = {}
        for node in self.nodes:
            members.setdefault(node.scope, []).append(node)
        numbers = {node.id: number for number, node in enumerate(self.nodes)}
        lines += [_dot_node(numbers[node.id], node, "  ") for node in members.get("", [])]
        lines += _dot_clusters(children, members, numbers, None, "  ")
        lines += [f"  n{numbers[e.source]} -> n{numbers[e.target]};" for e in self.edges]
        return "\n".join([*lines, "}"])

    def to_graphviz(self) -> graphviz.Source:
        """Return the DOT source as a `graphviz.Source`, which draws itself where ``dot`` is.

        Raises
        ------
        ImportError
            If the package graphviz is not installed.
        """
        import graphviz

        return graphviz.Source(self.to_dot())

    def diff(self, earlier: ComputationGraph) -> GraphDiff:
        """Return what is new, gone or changed against an earlier graph."""
        return graph_diff(earlier, self)

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """Return a `networkx.MultiDiGraph` with the attributes of nodes and edges."""
        import networkx

        graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(signature=self.signature)
        for node in self.nodes:
            graph.add_node(node.id, **{k: v for k, v in asdict(node).items() if k != "id"})
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, shape=edge.shape, dtype=edge.dtype)
        return graph

    def outline(self) -> str:
        """Return the graph as indented text: modules, and the operations in each."""
        if self.reason:
            return self.reason
        depth: dict[str, int] = {"": -1}
        members: dict[str, list[Node]] = {}
        for node in self.nodes:
            members.setdefault(node.scope, []).append(node)
        lines = []
        for module in self.modules:
            depth[module.id] = depth[module.parent or ""] + 1
            ops = [node.op for node in members.get(module.id, []) if node.kind == "op"]
            title = module.path or "(model)"
            listed = f": {' → '.join(ops)}" if ops else ""
            lines.append(f"{'  ' * depth[module.id]}{title} [{module.type}]{listed}")
        outside = [node.op for node in members.get("", []) if node.kind == "op"]
        return "\n".join([*lines, " → ".join(outside)] if outside else lines)


def _shape(item: Mapping[str, Any]) -> tuple[int, ...] | None:
    return None if item["shape"] is None else tuple(item["shape"])


def _node(item: Mapping[str, Any]) -> Node:
    return Node(
        **{
            **item,
            "shape": _shape(item),
            "parameters": tuple(item["parameters"]),
            "source": _source(item),
        }
    )


def _source(item: Mapping[str, Any]) -> Source | None:
    source = item["source"]
    return None if source is None else Source(**source)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _dot_node(number: int, node: Node, indent: str) -> str:
    label = ", ".join(node.parameters) or node.op
    if node.shape is not None:
        label += f" {list(node.shape)}"
    return f"{indent}n{number} [label={_quoted(label)}];"


def _dot_clusters(
    children: Mapping[str | None, list[ModuleCall]],
    members: Mapping[str, list[Node]],
    numbers: Mapping[str, int],
    parent: str | None,
    indent: str,
) -> Iterator[str]:
    for module in children.get(parent, []):
        yield f"{indent}subgraph {_quoted('cluster_' + module.id)} {{"
        yield f"{indent}  label={_quoted(module.path or module.type)};"
        for node in members.get(module.id, []):
            yield _dot_node(numbers[node.id], node, indent + "  ")
        yield from _dot_clusters(children, members, numbers, module.id, indent + "  ")
        yield f"{indent}}}"
