"""Converts autograd's nodes to plain nodes with stable ids."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.call_tree import CallTree
from labkit.capture.graph.cuts import Cut
from labkit.capture.graph.source_lines import Line, source_of
from labkit.capture.graph.thread_calls import Link
from labkit.capture.parameters import ParameterTable
from labkit.run.graph.flops_by_shape import Flops, convolution_flops
from labkit.run.graph.parts import Edge, Node

_NOTES = {
    "checkpointfunction": (
        "Activation checkpointing: its forward pass is run again in the backward pass, so what "
        "is inside is not kept and not drawn."
    ),
    "compiledfunction": (
        "A region compiled by torch.compile: one opaque box, whatever it was made of."
    ),
    "copyslices": "A part of a tensor was written in place; the gradient goes to both.",
}
_RECOMPUTED = (
    "What it needs for the gradient is not kept: it is computed again, or fetched, when the "
    "backward pass runs (activation checkpointing or another saved-tensor hook)."
)
_FUSED_ATTENTION = "The attention weights are computed within this operation and not kept."
_CUSTOM = "A torch.autograd.Function of the user's own."


@dataclass
class GraphWriter:
    """Writes the nodes and edges of one graph.

    Parameters
    ----------
    table : ParameterTable
        Provides the names of parameters.
    calls : CallTree
        Provides the module call of each node.
    lines : mapping of node to Line
        The recorded lines of the user's code that created nodes.
    saved : mapping of node to int
        Number of bytes saved for backward, for nodes whose buffers may have been freed.
    names : mapping of int to str
        Names of leaves that are not parameters, by the tensor's `id`.
    """

    table: ParameterTable
    calls: CallTree
    lines: Mapping[AutogradNode, Line]
    saved: Mapping[AutogradNode, int | None]
    names: Mapping[int, str]
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    ids: dict[AutogradNode, str] = field(default_factory=dict)
    _made: dict[AutogradNode, tuple[torch_compat.Output, ...]] = field(default_factory=dict)
    _leaves: list[AutogradNode] = field(default_factory=list)
    _convolutions: list[AutogradNode] = field(default_factory=list)
    _ordinals: dict[str, int] = field(default_factory=dict)
    _addresses: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self._addresses = addresses_of_parameters(self.table)

    def write(self, order: Iterable[AutogradNode], links: Iterable[Link]) -> None:
        """Write all nodes, given in the order of creation, and their links."""
        links = list(dict.fromkeys(links))
        rank = {}
        for number, node in enumerate(order):
            rank[node] = number
            self._add(node)
        self._place_leaves(links, rank)
        for source, output, target in links:
            shape, dtype, _ = self._result(source, output)
            self.edges.append(Edge(self.ids[source], self.ids[target], shape, dtype, output))

    def add_output(self, start: AutogradNode, output: int, name: str) -> None:
        """Write an output node for one result of a node."""
        id, result = self.identity("", name), self._result(start, output)
        self.nodes.append(Node(id, "output", name, "", *result))
        self.edges.append(Edge(self.ids[start], id, *result[:2], output))

    def add_cut(self, cut: Cut) -> None:
        """Write a place where gradients stop, between its sources and its targets."""
        before = [(node, output) for node, output in cut.sources if node in self.ids]
        after = [node for node in cut.targets if node in self.ids]
        scope = self.calls.scope(before[0][0]) if before else ""
        id, made = self.identity(scope, cut.op), cut.output
        source = source_of(cut.line)
        self.nodes.append(Node(id, "cut", cut.op, scope, *made, source=source, note=cut.note))
        for node, output in before:
            self.edges.append(Edge(self.ids[node], id, *self._result(node, output)[:2], output))
        self.edges += [Edge(id, self.ids[node], *made[:2]) for node in after]

    def leaves(self) -> dict[int, AutogradNode]:
        """Return the leaves by the `id` of their tensors."""
        return {id(leaf.variable): leaf for leaf in self._leaves}  # type: ignore[attr-defined]

    def convolution_flops(self) -> dict[str, Flops]:
        """Return the floating point operations of the convolutions, by node id.

        They depend on the number of groups, which follows from no shape in the graph.
        """
        found = {}
        for node in self._convolutions:
            settings = torch_compat.convolution_settings(node)
            result = self._made[node][0][0]
            if settings is None or result is None:
                continue
            given, weight = (
                None if source is None else self._result(source, output)[0]
                for source, output in node.next_functions[:2]
            )
            groups, transposed = settings
            found[self.ids[node]] = convolution_flops(
                result, given, weight, groups, transposed=transposed
            )
        return found

    def in_order_of_use(self) -> tuple[Node, ...]:
        """Return the nodes in the order of execution, each leaf before its first use."""
        place = {node.id: number for number, node in enumerate(self.nodes)}
        first_use: dict[str, int] = {}
        for edge in self.edges:
            use = place[edge.target]
            first_use[edge.source] = min(use, first_use.get(edge.source, use))

        def key(node: Node) -> tuple[int, int]:
            if node.kind in ("parameter", "input", "cut"):
                return first_use.get(node.id, len(place)), 0
            return place[node.id], 1

        return tuple(sorted(self.nodes, key=key))

    def _add(self, node: AutogradNode) -> None:
        if torch_compat.is_leaf(node):
            self._leaves.append(node)
            variable = node.variable  # type: ignore[attr-defined]
            dtype = torch_compat.name_of(variable.dtype)
            device = torch_compat.name_of(variable.device)
            self._made[node] = ((tuple(variable.shape), dtype, device),)
            return
        (op, backward), scope = _names(node.name()), self.calls.scope(node)
        self._made[node] = torch_compat.node_outputs(node)
        made = self._made[node][0]
        self.ids[node] = self.identity(scope, op)
        if op == "convolution":
            self._convolutions.append(node)
        saved, hidden = self._saved(node)
        note = _NOTES.get(op) or (_FUSED_ATTENTION if op.startswith("scaleddotproduct") else None)
        self.nodes.append(
            Node(
                id=self.ids[node],
                kind="op",
                op=op,
                scope=scope,
                shape=made[0],
                dtype=made[1],
                device=made[2],
                saved_bytes=saved,
                source=source_of(self.lines.get(node) or self.calls.line(node)),
                note=note or (_RECOMPUTED if hidden else _custom(type(node))),
                backward=backward,
            )
        )

    def _place_leaves(self, links: Iterable[Link], rank: Mapping[AutogradNode, int]) -> None:
        """Write the leaves in the order of their first use."""
        users: dict[AutogradNode, list[AutogradNode]] = {leaf: [] for leaf in self._leaves}
        first: dict[AutogradNode, tuple[int, int]] = {}
        # The links to one node are in the order of its inputs.
        for number, (source, _, target) in enumerate(links):
            if source in users:
                users[source].append(target)
                use = rank[target], number
                first[source] = min(first.get(source, use), use)
        for leaf in sorted(self._leaves, key=first.__getitem__):
            variable = leaf.variable  # type: ignore[attr-defined]
            watched = self.table.find(variable)
            if watched is None:
                scope = min((self.calls.scope(user) for user in users[leaf]), default="")
                name = self.names.get(id(variable), "input")
                self._add_leaf(leaf, name, name, scope, ())
            else:
                scope = self.calls.first_call(watched.names[0].rpartition(".")[0])
                last = watched.names[0].rpartition(".")[2]
                self._add_leaf(leaf, "parameter", last, scope, watched.names)

    def _add_leaf(
        self, leaf: AutogradNode, op: str, last: str, scope: str, names: Sequence[str]
    ) -> None:
        self.ids[leaf] = self.identity(scope, last)
        kind = "parameter" if names else "input"
        made = self._result(leaf, 0)
        self.nodes.append(
            Node(
                self.ids[leaf],
                kind,  # type: ignore[arg-type]
                op,
                scope,
                *made,
                parameters=tuple(names),
                backward=_names(leaf.name())[1],
            )
        )

    def _result(self, node: AutogradNode, output: int) -> torch_compat.Output:
        """Return shape, dtype and device of one result of a node."""
        results = self._made[node]
        return results[output] if output < len(results) else torch_compat.UNKNOWN_OUTPUT

    def identity(self, scope: str, op: str) -> str:
        """Return a new id for a node in a scope."""
        kind = f"{scope}/{op}"
        ordinal = self._ordinals.get(kind, 0)
        self._ordinals[kind] = ordinal + 1
        return f"{kind}:{ordinal}"

    def _saved(self, node: AutogradNode) -> tuple[int | None, bool]:
        """Return the number of bytes saved for backward, and whether some are hidden by hooks."""
        if node in self.saved:
            return self.saved[node], False
        return saved_bytes(node, self._addresses)


def addresses_of_parameters(table: ParameterTable) -> frozenset[int]:
    """Return the addresses of the parameters' memory."""
    parameters = (entry.parameter() for entry in table.watched)
    found = (torch_compat.memory_address(each) for each in parameters if each is not None)
    return frozenset(address for address in found if address is not None)


def saved_bytes(node: AutogradNode, parameters: frozenset[int]) -> tuple[int | None, bool]:
    """Return the number of bytes a node saves for backward, and whether some are hidden by hooks.

    Parameters and views of them are not counted, as they exist in any case; `parameters` are the
    addresses of their memory. None if the tensors cannot be read.
    """
    try:
        tensors, hidden, freed = torch_compat.saved_tensors(node)
        if hidden or freed:
            return None, hidden
        sizes = {
            saved.data_ptr(): saved.nbytes
            for saved in tensors
            if saved.layout is torch.strided
            and torch_compat.memory_address(saved) not in parameters
        }
    except Exception:  # noqa: BLE001 - the tensors of transforms and of some classes have no storage
        return None, False
    return sum(sizes.values()), False


def operation(node: AutogradNode) -> str:
    """Return the name of a node's operation in lower case, without ``Backward0``."""
    return _names(node.name())[0]


@functools.lru_cache(maxsize=1024)
def _names(name: str) -> tuple[str, str]:
    """Return the name of the operation, and the name of the autograd node."""
    last = name.rpartition("::")[2]
    return (last.rstrip("0123456789").removesuffix("Backward") or last).lower(), last


@functools.lru_cache(maxsize=1024)
def _custom(kind: type[AutogradNode]) -> str | None:
    custom: type = torch.autograd.function.BackwardCFunction
    return _CUSTOM if issubclass(kind, custom) else None
