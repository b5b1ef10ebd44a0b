"""Traverses the graph that autograd has built, and captures it as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture.graph.call_tree import CallTree
from labkit.capture.graph.cuts import Cut
from labkit.capture.graph.failed_calls import FailedParts, add_failed, marked
from labkit.capture.graph.graph_writer import GraphWriter
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.source_lines import Line
from labkit.capture.graph.thread_calls import Link
from labkit.capture.parameters import ParameterTable
from labkit.run.graph.attention import with_attention
from labkit.run.graph.computation_graph import ComputationGraph

MOST_NODES = 20_000
"""Maximum number of nodes that are searched in a step of training."""
NO_HISTORY = (
    "No graph: the tensor has no history. It was computed under no_grad, or detached, or nothing "
    "that it was computed from requires a gradient."
)


@dataclass
class RecordedDetails:
    """Details that were recorded while a graph was built; all are optional.

    Attributes
    ----------
    lines : mapping of Node to Line
        The line of the user's code that created a node.
    saved : mapping of Node to int or None
        Number of bytes that a node has saved for backward.
    cuts : sequence of Cut
    names : mapping of int to str
        Names of the user's variables, by the tensor's `id`.
    """

    lines: Mapping[AutogradNode, Line] = field(default_factory=dict)
    saved: Mapping[AutogradNode, int | None] = field(default_factory=dict)
    cuts: Sequence[Cut] = ()
    names: Mapping[int, str] = field(default_factory=dict)


def capture_graph(
    roots: Sequence[torch.Tensor] | Mapping[str, torch.Tensor],
    table: ParameterTable,
    scopes: ScopeRecorder,
    step: int | None = None,
    recorded: RecordedDetails | None = None,
    most: int | None = None,
) -> ComputationGraph:
    """Return the computation graph of some tensors.

    Parameters
    ----------
    roots : sequence of Tensor, or mapping of str to Tensor
        Usually the loss; a mapping gives the names in the graph. No reference to them is stored.
    table : ParameterTable
        Provides the names of parameters.
    scopes : ScopeRecorder
        Contains the module calls that were recorded while the graph was built.
    step : int, optional
    recorded : RecordedDetails, optional
        Lines, bytes and cuts, if they were recorded.
    most : int, optional
        Maximum number of nodes; by default there is none.

    Returns
    -------
    ComputationGraph
        With a `reason` instead of nodes if there is no graph.
    """
    named = roots if isinstance(roots, Mapping) else {f"#{n}": t for n, t in enumerate(roots)}
    return capture_graph_with_ids(named, table, scopes, step, recorded, most=most)[0]


def capture_graph_with_ids(
    named: Mapping[str, torch.Tensor],
    table: ParameterTable,
    scopes: ScopeRecorder,
    step: int | None = None,
    recorded: RecordedDetails | None = None,
    *,
    most: int | None = None,
) -> tuple[ComputationGraph, dict[AutogradNode, str]]:
    """Return the graph of some tensors by name, and the id of each autograd node in it."""
    ends = ends_of(named)
    if not ends:
        return ComputationGraph((), (), (), step, NO_HISTORY), {}
    return written_graph(ends, table, scopes, step, recorded, most=most)


End = tuple[AutogradNode, int, str]
"""A node, the number of one of its results, and the name of this result in the graph."""


def ends_of(roots: Mapping[str, torch.Tensor]) -> list[End]:
    """Return the node that created each tensor with a history, and the tensor's name."""
    return [
        (root.grad_fn, root.output_nr, plain_name(root.numel()) if name.startswith("#") else name)
        for name, root in roots.items()
        if root.grad_fn is not None
    ]


def written_graph(
    ends: Sequence[End],
    table: ParameterTable,
    scopes: ScopeRecorder,
    step: int | None = None,
    recorded: RecordedDetails | None = None,
    within: Iterable[AutogradNode] = (),
    most: int | None = None,
    failed: FailedParts | None = None,
) -> tuple[ComputationGraph, dict[AutogradNode, str]]:
    """Return the graph that ends in some nodes, and the id of each autograd node in it.

    Each of `ends` gets an output node of its name. `within` are further nodes of the graph that
    cannot be reached from the ends. `failed` is what failed in the pass.
    """
    found, links = collect([*dict.fromkeys([node for node, _, _ in ends]), *within], most)
    if most is not None and len(found) > most:
        reason = f"The graph has more than {most:,} nodes; too many to record while training."
        return ComputationGraph((), (), (), step, reason), {}
    recorded = recorded or RecordedDetails()
    order = scopes.in_order(found, links)
    failed = failed or FailedParts()
    calls = CallTree.build(scopes.intervals, order, scopes.thread_calls, failed.under_way)
    writer = GraphWriter(table, calls, recorded.lines, recorded.saved, recorded.names)
    writer.write(order, links)
    for cut in recorded.cuts:
        writer.add_cut(cut)
    added: dict[int, str] = {}
    for call in failed.calls:
        add_failed(writer, call, added)
    for node, output, name in ends:
        writer.add_output(node, output, name)
    graph = ComputationGraph(
        with_attention(writer.in_order_of_use(), writer.edges),
        tuple(writer.edges),
        calls.modules(scopes),
        step,
        recorded_flops=writer.convolution_flops(),
    )
    notes = {writer.ids[node]: note for node, note in failed.notes.items() if node in writer.ids}
    return (marked(graph, notes) if notes else graph), writer.ids


def collect(
    starts: Iterable[AutogradNode], most: int | None = None
) -> tuple[list[AutogradNode], list[Link]]:
    """Return all nodes that can be reached from some nodes, including these, and the links.

    The search ends when more than `most` nodes are found.
    """
    seen = dict.fromkeys(starts)
    waiting = list(seen)
    links = []
    while waiting and (most is None or len(seen) <= most):
        node = waiting.pop()
        for source, output in node.next_functions:
            if source is None:
                continue
            links.append((source, output, node))
            if source not in seen:
                seen[source] = None
                waiting.append(source)
    return list(seen), links


def plain_name(elements: int) -> str:
    """Return the name of a graph's end: ``"loss"`` for a single element, else ``"output"``."""
    return "loss" if elements == 1 else "output"
