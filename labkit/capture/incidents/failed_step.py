"""The graph of a training step whose forward or backward pass raised an error.

During training no call is recorded, so what is known comes from the traceback: the modules whose
methods were under way, and the tensors among their variables, with the graph that created them. The
module calls are those that were recorded in this step; else those of the latest captured graph, if
the operations are the same until the error.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_traversal import (
    MOST_NODES,
    RecordedDetails,
    collect,
    written_graph,
)
from labkit.capture.graph.backward_order import FailedNode, failed_node
from labkit.capture.graph.failed_calls import FailedParts
from labkit.capture.graph.failed_pass import backward_note, change_note, ends_in, without_node
from labkit.capture.graph.failures import Failure, read_failure
from labkit.capture.graph.graph_writer import operation
from labkit.capture.graph.intervals import Interval
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.tracebacks import frames_of, tensors_of
from labkit.run.graph.computation_graph import ComputationGraph

_CHANGE_UNKNOWN = (
    " What changed the tensor is not recorded during training; `with lk.graph.record():` around "
    "one step shows it."
)


def graph_of_failed_step(
    error: BaseException, scopes: ScopeRecorder, latest: ComputationGraph | None, step: int
) -> ComputationGraph | None:
    """Return the graph of the pass that raised an error, as far as it is known.

    Parameters
    ----------
    error : BaseException
    scopes : ScopeRecorder
        Contains the module calls of the step if they were recorded; they are completed.
    latest : ComputationGraph or None
        The newest captured graph.
    step : int
        The step under way, counted from 1.

    Returns
    -------
    ComputationGraph or None
        None if the error was raised in neither pass.
    """
    visible = _tensors_of_modules(error)
    found, links = collect(_creators(visible))
    used = {source for source, _, _ in links}
    failure = read_failure(error, None, lambda tensor: torch_compat.creator(tensor) in used)
    paths = scopes.paths_of(failure.modules)
    if not (failure.in_backward or paths or failure.creators()):
        return None
    starts = failure.creators()
    found, links = collect(starts if failure.in_backward else [*found, *starts])
    order = scopes.in_order(found, links)
    recorded = scopes.end_under_way(failure.modules)
    if not scopes.intervals or (paths and not recorded):
        recorded = _like(latest, order, scopes, [] if failure.in_backward else paths)
    parts = FailedParts(under_way=recorded)
    ends = ends_in(order, links, {}) if failure.in_backward else []
    failed = failed_node(error, order) if failure.in_backward else None
    if failed is not None:
        _add_notes(parts, failure, failed, order, visible)
    else:
        without_node(parts, failure, scopes.table(), failure.names)
        ends = []
    details = RecordedDetails(names=failure.names)
    return written_graph(
        ends, scopes.table(), scopes, step, details, found, failed=parts, most=MOST_NODES
    )[0]


def _tensors_of_modules(error: BaseException) -> list[torch.Tensor]:
    """Return the tensors in the frames below the outermost one, which has those of former steps."""
    inner = [frame for frame, _ in frames_of(error)[1:]]
    return [tensor for frame in inner for tensor in tensors_of(frame).values()]


def _creators(tensors: Sequence[torch.Tensor]) -> list[AutogradNode]:
    nodes = map(torch_compat.creator, tensors)
    return list(dict.fromkeys(node for node in nodes if node is not None))


def _like(
    latest: ComputationGraph | None,
    order: Sequence[AutogradNode],
    scopes: ScopeRecorder,
    under_way: Sequence[str],
) -> list[Interval]:
    """Set the module calls to those of an earlier graph that began with the same operations.

    Returns the calls that were under way, the outermost first.
    """
    nodes = [node for node in order if not torch_compat.is_leaf(node)]
    known_nodes = latest.nodes if latest else ()
    earlier = [n for n in known_nodes if n.backward and n.kind in ("op", "failed")]
    same = len(nodes) <= len(earlier) and all(
        operation(node) == known.op for node, known in zip(nodes, earlier, strict=False)
    )
    intervals: dict[str, Interval] = {}
    parents = {call.id: call for call in latest.modules} if latest else {}
    for node, known in zip(nodes, earlier, strict=False) if same else ():
        number, call = torch_compat.node_sequence(node), parents.get(known.scope)
        while call is not None:
            interval = intervals.setdefault(call.id, Interval(number, number, call.path))
            interval.stop = number + 1
            call = parents.get(call.parent or "")
    scopes.intervals = list(intervals.values())
    return _open_calls(scopes, under_way)


def _open_calls(scopes: ScopeRecorder, paths: Sequence[str]) -> list[Interval]:
    """Extend the newest calls of modules to the present, and add those that created no node."""
    now = torch_compat.sequence_number()
    newest = {each.path: each for each in scopes.intervals}
    found = []
    for depth, path in enumerate(paths):
        call = newest.get(path)
        if call is None:
            call = Interval(now, now, path)
            scopes.intervals.append(call)
        call.stop = now + len(paths) - depth
        found.append(call)
    return found


def _add_notes(
    parts: FailedParts,
    failure: Failure,
    failed: FailedNode,
    order: Sequence[AutogradNode],
    visible: Sequence[torch.Tensor],
) -> None:
    """Add notes on the node that failed, and on the one that changed the tensor that it needs."""
    parts.notes[failed.node] = backward_note(failure)
    saved = failed.saved
    if saved is None or saved.layout is not torch.strided:
        return
    storage = saved.untyped_storage().data_ptr()
    for tensor in (saved, *failure.inputs, *visible):
        node = torch_compat.creator(tensor)
        if node is None or node is failed.node or node not in order:
            continue
        if tensor.layout is torch.strided and tensor.untyped_storage().data_ptr() == storage:
            parts.notes[node] = change_note(operation(failed.node))
    if len(parts.notes) == 1 and "inplace" in failure.note:
        parts.notes[failed.node] += _CHANGE_UNKNOWN
