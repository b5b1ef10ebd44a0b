"""What the operations of a graph cost, and the sums over module calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from labkit.run.graph.flops_by_shape import UNKNOWN, Flops, Shape, flops_by_shape
from labkit.run.graph.parts import Edge, ModuleCall, Node

_BITS = re.compile(r"[a-z]+(\d+)")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a node, or all nodes in a module call, cost.

    Only matrix products, convolutions and attention count as floating point operations, by the
    formulas of `torch.utils.flop_counter`, in which a multiplication and an addition are two
    operations. Elementwise operations, reductions, normalizations and copies count as 0. What torch
    has no formula for, for example a fused LSTM or a custom function, is unknown.

    Attributes
    ----------
    forward_flops, backward_flops : int or None
        Number of floating point operations. None if unknown. The sum of a module call includes only
        what is known, and is None if nothing but zeros is.
    parameters : int
        Number of scalar parameters: of a parameter, or of a module including its submodules.
    output_bytes : int or None
        Size of the results of operations in bytes; of several results, the first one and those that
        are used. None if unknown.
    saved_bytes : int or None
        Size of the tensors saved for backward in bytes; None if unknown.
    unknown_forward, unknown_backward : int
        Number of operations whose floating point operations are unknown.
    """

    forward_flops: int | None = 0
    backward_flops: int | None = 0
    parameters: int = 0
    output_bytes: int | None = None
    saved_bytes: int | None = None
    unknown_forward: int = 0
    unknown_backward: int = 0


@dataclass(frozen=True, slots=True)
class GraphCosts:
    """The costs of all parts of a graph.

    Attributes
    ----------
    nodes : mapping of str to Cost
        By the id of the node.
    modules : mapping of str to Cost
        By the id of the module call.
    total : Cost
        Sum of all nodes.
    """

    nodes: Mapping[str, Cost]
    modules: Mapping[str, Cost]
    total: Cost


def graph_costs(
    nodes: Sequence[Node],
    edges: Iterable[Edge],
    modules: Sequence[ModuleCall],
    recorded: Mapping[str, Flops],
) -> GraphCosts:
    """Return the costs of a graph; operations that were not recorded get theirs from the shapes.

    Examples
    --------
    >>> nodes = [Node("/w:0", "parameter", "parameter", "", (3, 2), "float32"),
    ...          Node("/mm:0", "op", "mm", "", (5, 2), "float32")]
    >>> costs = graph_costs(nodes, [Edge("/w:0", "/mm:0", (3, 2))], (), {})
    >>> costs.total.forward_flops, costs.total.parameters, costs.total.output_bytes
    (60, 6, 40)
    """
    kinds = {node.id: node.kind for node in nodes}
    inputs: dict[str, list[Shape | None]] = {}
    results: dict[str, dict[int, int | None]] = {
        node.id: {0: size_in_bytes(node.shape, node.dtype)} for node in nodes
    }
    for edge in edges:
        if kinds[edge.source] != "cut":
            inputs.setdefault(edge.target, []).append(edge.shape)
        results[edge.source].setdefault(edge.output, size_in_bytes(edge.shape, edge.dtype))
    of_nodes: dict[str, Cost] = {}
    for node in nodes:
        flops = Flops(0, 0)
        if node.kind == "op":
            flops = recorded.get(node.id, UNKNOWN)
            if flops == UNKNOWN:
                flops = flops_by_shape(node, inputs.get(node.id, ()))
        of_nodes[node.id] = _cost(node, flops, results[node.id].values())
    return GraphCosts(of_nodes, _of_modules(nodes, modules, of_nodes), _total(nodes, of_nodes))


def size_in_bytes(shape: Shape | None, dtype: str | None) -> int | None:
    """Return the size of a dense tensor in bytes; None if it is unknown.

    Examples
    --------
    >>> size_in_bytes((2, 3), "bfloat16")
    12
    """
    found = _BITS.match(dtype or "")
    bits = 8 if dtype == "bool" else int(found[1]) if found else 0
    return prod(shape) * bits // 8 if shape is not None and bits else None


def _cost(node: Node, flops: Flops, sizes: Iterable[int | None]) -> Cost:
    if node.kind != "op":
        elements = prod(node.shape) if node.kind == "parameter" and node.shape is not None else 0
        return Cost(parameters=elements)
    return Cost(
        forward_flops=flops.forward,
        backward_flops=flops.backward,
        output_bytes=_sum_or_none(sizes),
        saved_bytes=node.saved_bytes,
        unknown_forward=int(flops.forward is None),
        unknown_backward=int(flops.backward is None),
    )


def _of_modules(
    nodes: Sequence[Node], modules: Sequence[ModuleCall], costs: Mapping[str, Cost]
) -> dict[str, Cost]:
    parents = {call.id: call.parent for call in modules}
    members: dict[str, list[Cost]] = {call.id: [] for call in modules}
    for node in nodes:
        if node.kind == "op":
            scope: str | None = node.scope
            while scope in members:
                members[scope].append(costs[node.id])
                scope = parents[scope]
    return {call.id: _sum(members[call.id], call.parameters) for call in modules}


def _total(nodes: Sequence[Node], costs: Mapping[str, Cost]) -> Cost:
    parameters = sum(cost.parameters for cost in costs.values())
    return _sum([costs[node.id] for node in nodes if node.kind == "op"], parameters)


def _sum(costs: Sequence[Cost], parameters: int) -> Cost:
    forward = sum(cost.forward_flops or 0 for cost in costs)
    backward = sum(cost.backward_flops or 0 for cost in costs)
    unknown_forward = sum(cost.unknown_forward for cost in costs)
    unknown_backward = sum(cost.unknown_backward for cost in costs)
    return Cost(
        forward_flops=None if unknown_forward and not forward else forward,
        backward_flops=None if unknown_backward and not backward else backward,
        parameters=parameters,
        output_bytes=_sum_or_none(cost.output_bytes for cost in costs),
        saved_bytes=_sum_or_none(cost.saved_bytes for cost in costs),
        unknown_forward=unknown_forward,
        unknown_backward=unknown_backward,
    )


def _sum_or_none(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
