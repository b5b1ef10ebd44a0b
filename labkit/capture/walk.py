"""Walk the graph autograd built and write it down as plain data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable
from labkit.capture.scopes import Interval, ScopeRecorder
from labkit.run.graph import ComputationGraph, Edge, ModuleCall, Node

_MOST_NODES = 20_000


def capture_graph(
    roots: Sequence[torch.Tensor],
    table: ParameterTable,
    scopes: ScopeRecorder,
    step: int | None = None,
) -> ComputationGraph:
    """Return the computation graph behind some tensors.

    Parameters
    ----------
    roots : sequence of Tensor
        Usually the loss. Nothing is kept of them.
    table : ParameterTable
        Names the leaves that are parameters.
    scopes : ScopeRecorder
        Holds the module calls recorded while the graph was built.
    step : int, optional

    Returns
    -------
    ComputationGraph
        With a `reason` instead of nodes when there is nothing to walk.
    """
    starts = [root.grad_fn for root in roots if root.grad_fn is not None]
    if not starts:
        return ComputationGraph(
            (), (), (), step, "No graph: the tensor has no history (no_grad, or detached)."
        )
    found, links = _collect(starts)
    if len(found) > _MOST_NODES:
        return ComputationGraph(
            (), (), (), step, f"The graph has more than {_MOST_NODES:,} nodes; too many to draw."
        )
    order = sorted(found, key=_made_at)
    calls = _CallTree.build(scopes.intervals, order)
    writer = _Writer(table, calls)
    for node in order:
        writer.add(node)
    writer.place_leaves(links)
    outputs = [writer.add_output(start, root) for start, root in zip(starts, roots, strict=False)]
    edges = [*writer.edges(links), *outputs]
    nodes = _in_order_of_use(writer.nodes, edges)
    return ComputationGraph(nodes, tuple(edges), calls.modules(nodes, scopes), step)


def _collect(
    starts: Iterable[AutogradNode],
) -> tuple[list[AutogradNode], list[tuple[AutogradNode, AutogradNode]]]:
    seen = dict.fromkeys(starts)
    waiting = list(seen)
    links = []
    while waiting and len(seen) <= _MOST_NODES:
        node = waiting.pop()
        for source, _ in node.next_functions:
            if source is None:
                continue
            links.append((source, node))
            if source not in seen:
                seen[source] = None
                waiting.append(source)
    return list(seen), links


def _made_at(node: AutogradNode) -> int:
    return torch_compat.node_sequence(node)


@dataclass
class _CallTree:
    """The module calls of this graph, and the innermost call of every node."""

    intervals: list[Interval]
    ids: dict[Interval, str]
    parents: dict[Interval, Interval | None]
    innermost: dict[AutogradNode, Interval]

    @classmethod
    def build(cls, intervals: Sequence[Interval], order: Sequence[AutogradNode]) -> _CallTree:
        innermost: dict[AutogradNode, Interval] = {}
        parents: dict[Interval, Interval | None] = {}
        waiting = sorted(intervals, key=lambda call: (call.start, -call.stop, len(call.path)))
        waiting.reverse()
        inside: list[Interval] = []
        for node in order:
            number = _made_at(node)
            if number == torch_compat.NO_SEQUENCE:
                break
            while waiting and waiting[-1].start <= number:
                call = waiting.pop()
                while inside and inside[-1].stop <= call.start:
                    inside.pop()
                parents[call] = inside[-1] if inside else None
                inside.append(call)
            while inside and inside[-1].stop <= number:
                inside.pop()
            if inside:
                innermost[node] = inside[-1]
        used = _with_ancestors(innermost.values(), parents)
        counts: Counter[str] = Counter()
        ids = {}
        for call in used:
            counts[call.path] += 1
            ids[call] = f"{call.path}#{counts[call.path]}"
        return cls(used, ids, parents, innermost)

    def scope(self, node: AutogradNode) -> str:
        call = self.innermost.get(node)
        return "" if call is None else self.ids[call]

    def first_call(self, path: str) -> str:
        return f"{path}#1" if any(call.path == path for call in self.intervals) else ""

    def modules(self, nodes: Sequence[Node], scopes: ScopeRecorder) -> tuple[ModuleCall, ...]:
        return tuple(
            ModuleCall(
                id=self.ids[call],
                path=call.path,
                call=int(self.ids[call].rpartition("#")[2]),
                type=scopes.types[call.path],
                parent=None if parent is None else self.ids[parent],
                parameters=scopes.sizes[call.path],
            )
            for call in self.intervals
            for parent in [self.parents[call]]
        )


def _with_ancestors(
    calls: Iterable[Interval], parents: dict[Interval, Interval | None]
) -> list[Interval]:
    used: dict[Interval, None] = {}
    for call in calls:
        current: Interval | None = call
        while current is not None and current not in used:
            used[current] = None
            current = parents[current]
    return sorted(used, key=lambda call: (call.start, -call.stop, len(call.path)))


@dataclass
class _Writer:
    """Turns autograd nodes into plain ones with stable identities."""

    table: ParameterTable
    calls: _CallTree
    nodes: list[Node] = field(default_factory=list)
    _ids: dict[AutogradNode, str] = field(default_factory=dict)
    _leaves: list[AutogradNode] = field(default_factory=list)
    _ordinals: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, node: AutogradNode) -> None:
        variable = getattr(node, "variable", None)
        if isinstance(variable, torch.Tensor):
            self._leaves.append(node)
            return
        op, scope = _operation(node), self.calls.scope(node)
        shape, dtype, device = torch_compat.node_output(node)
        self._ids[node] = self._identity(scope, op)
        self.nodes.append(
            Node(
                id=self._ids[node],
                kind="op",
                op=op,
                scope=scope,
                shape=shape,
                dtype=dtype,
                device=device,
                saved_bytes=self._saved_bytes(node),
            )
        )

    def place_leaves(self, links: Iterable[tuple[AutogradNode, AutogradNode]]) -> None:
        users: dict[AutogradNode, list[AutogradNode]] = defaultdict(list)
        for source, target in links:
            users[source].append(target)
        for leaf in self._leaves:
            variable = leaf.variable  # type: ignore[attr-defined]
            watched = self.table.find(variable)
            if watched is None:
                scope = min((self.calls.scope(user) for user in users[leaf]), default="")
                self._add_leaf(leaf, variable, "input", "input", scope, ())
            else:
                owner = watched.names[0].rpartition(".")[0]
                scope = self.calls.first_call(owner)
                self._add_leaf(leaf, variable, "parameter", "parameter", scope, watched.names)

    def _add_leaf(
        self,
        leaf: AutogradNode,
        variable: torch.Tensor,
        kind: str,
        op: str,
        scope: str,
        names: tuple[str, ...],
    ) -> None:
        last = names[0].rpartition(".")[2] if names else op
        self._ids[leaf] = self._identity(scope, last)
        self.nodes.append(
            Node(
                id=self._ids[leaf],
                kind="parameter" if kind == "parameter" else "input",
                op=op,
                scope=scope,
                shape=tuple(variable.shape),
                dtype=str(variable.dtype).removeprefix("torch."),
                device=str(variable.device),
                parameters=names,
            )
        )

    def add_output(self, start: AutogradNode, root: torch.Tensor) -> Edge:
        shape, dtype = tuple(root.shape), str(root.dtype).removeprefix("torch.")
        op = "loss" if root.numel() == 1 else "output"
        id = self._identity("", op)
        self.nodes.append(Node(id, "output", op, "", shape, dtype, str(root.device)))
        return Edge(self._ids[start], id, shape, dtype)

    def edges(self, links: Iterable[tuple[AutogradNode, AutogradNode]]) -> list[Edge]:
        written = []
        for source, target in dict.fromkeys(links):
            shape, dtype, _ = torch_compat.node_output(source)
            written.append(Edge(self._ids[source], self._ids[target], shape, dtype))
        return written

    def _identity(self, scope: str, op: str) -> str:
        ordinal = self._ordinals[scope, op]
        self._ordinals[scope, op] += 1
        return f"{scope}/{op}:{ordinal}"

    def _saved_bytes(self, node: AutogradNode) -> int:
        sizes = {
            saved.data_ptr(): saved.numel() * saved.element_size()
            for saved in torch_compat.saved_tensors(node)
            if saved.layout == torch.strided and self.table.find(saved) is None
        }
        return sum(sizes.values())


def _operation(node: AutogradNode) -> str:
    name = node.name().rpartition("::")[2]
    stem = name.rstrip("0123456789").removesuffix("Backward")
    return (stem or name).lower()


def _in_order_of_use(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[Node, ...]:
    """Put each leaf before the first operation that uses it."""
    place = {node.id: number for number, node in enumerate(nodes)}
    first_use: dict[str, int] = {}
    for edge in edges:
        use = place[edge.target]
        first_use[edge.source] = min(use, first_use.get(edge.source, use))
    leaf = {"parameter", "input"}
    return tuple(
        sorted(
            nodes,
            key=lambda node: (
                (first_use.get(node.id, len(nodes)), 0)
                if node.kind in leaf
                else (place[node.id], 1)
            ),
        )
    )
