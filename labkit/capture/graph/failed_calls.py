"""Writes calls that raised into a graph: autograd has no node for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import GraphWriter
from labkit.capture.graph.intervals import Interval
from labkit.capture.graph.operation_results import Result, result_of
from labkit.capture.graph.source_lines import Line, source_of
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.parts import Edge, Node


@dataclass
class CallInput:
    """A tensor that went into a call.

    Attributes
    ----------
    output : tuple
        Its shape, dtype and device.
    result : tuple of (Node, int), or None
        The node that created it, and the number of this result.
    key : int
        The `id` of the tensor.
    parameters : tuple of str
        Its names in the models if it is a parameter.
    name : str
        Its name in the graph if it is neither a result nor a parameter.
    """

    output: torch_compat.Output
    result: Result | None
    key: int
    parameters: tuple[str, ...]
    name: str


@dataclass
class FailedCall:
    """A call without a node of autograd, in which a pass failed or which made it fail.

    Attributes
    ----------
    op, note : str
    line : Line or None
    inputs : sequence of CallInput
    call : Interval or None
        The innermost module call that was under way.
    """

    op: str
    note: str
    line: Line | None
    inputs: Sequence[CallInput]
    call: Interval | None = None


@dataclass
class FailedParts:
    """What failed in a graph.

    Attributes
    ----------
    calls : list of FailedCall
    notes : dict of Node to str
        Notes on nodes of autograd that failed, or that made the pass fail.
    under_way : sequence of Interval
        The module calls in which the pass failed, the outermost first.
    """

    calls: list[FailedCall] = field(default_factory=list)
    notes: dict[AutogradNode, str] = field(default_factory=dict)
    under_way: Sequence[Interval] = ()


def inputs_of(
    tensors: Sequence[torch.Tensor],
    parameters: Mapping[int, tuple[str, ...]],
    names: Mapping[int, str],
) -> list[CallInput]:
    """Return tensors as inputs of a call; names are given by the tensor's `id`."""
    return [
        CallInput(
            torch_compat.described(tensor),
            result_of(tensor),
            id(tensor),
            parameters.get(id(tensor), ()),
            names.get(id(tensor), "input"),
        )
        for tensor in tensors
    ]


def add_failed(writer: GraphWriter, call: FailedCall, added: dict[int, str]) -> None:
    """Write a failed call and its inputs; `added` has the ids of inputs that were added so far."""
    scope = "" if call.call is None else writer.calls.ids.get(call.call, "")
    id = writer.identity(scope, call.op)
    leaves = {id_: writer.ids[leaf] for id_, leaf in writer.leaves().items()}
    for each in call.inputs:
        start = None if each.result is None else writer.ids.get(each.result[0])
        start = start or leaves.get(each.key) or added.get(each.key)
        if start is None:
            start = added[each.key] = _add_input(writer, each, scope)
        number = 0 if each.result is None else each.result[1]
        writer.edges.append(Edge(start, id, *each.output[:2], number))
    source = source_of(call.line)
    writer.nodes.append(Node(id, "failed", call.op, scope, source=source, note=call.note))


def marked(graph: ComputationGraph, notes: Mapping[str, str]) -> ComputationGraph:
    """Return a graph in which some operations have failed, with notes by the id of the node."""
    nodes = tuple(
        replace(node, kind="failed", note=notes[node.id]) if node.id in notes else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _add_input(writer: GraphWriter, given: CallInput, scope: str) -> str:
    if given.parameters:
        path, _, last = given.parameters[0].rpartition(".")
        scope = writer.calls.first_call(path)
        id = writer.identity(scope, last)
        node = Node(id, "parameter", "parameter", scope, *given.output)
        writer.nodes.append(replace(node, parameters=given.parameters))
    else:
        id = writer.identity(scope, given.name)
        writer.nodes.append(Node(id, "input", given.name, scope, *given.output))
    return id
