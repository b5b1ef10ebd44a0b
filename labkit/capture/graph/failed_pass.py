"""The graph of a pass that failed, as far as it was built, with the place where it failed."""

from __future__ import annotations

from collections.abc import Mapping

from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_traversal import End, collect, plain_name, written_graph
from labkit.capture.graph.backward_order import failed_node
from labkit.capture.graph.failed_calls import CallInput, FailedCall, FailedParts, inputs_of
from labkit.capture.graph.failures import Failure, read_failure
from labkit.capture.graph.graph_writer import operation
from labkit.capture.graph.in_place_changes import Change
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.operation_recorder import CallRecorder
from labkit.capture.graph.source_lines import Line, source_of
from labkit.capture.graph.thread_calls import Link
from labkit.capture.parameters import ParameterTable
from labkit.run.error_text import text_of
from labkit.run.graph.computation_graph import ComputationGraph


def graph_of_failed_pass(
    error: BaseException, calls: CallRecorder, scopes: ScopeRecorder, names: Mapping[int, str]
) -> ComputationGraph:
    """Return the graph of the recorded operations, with the one that raised an error.

    Parameters
    ----------
    error : BaseException
    calls : CallRecorder
        Contains the calls that were made until the error.
    scopes : ScopeRecorder
        Contains the module calls, of which some are still under way.
    names : mapping of int to str
        Names of the user's variables, by the tensor's `id`.
    """
    used = {source for source, _, _ in collect(calls.starts())[1]}
    code = CallRecorder.__torch_function__.__code__
    failure = read_failure(error, code, lambda tensor: torch_compat.creator(tensor) in used)
    table = scopes.table()
    parts = FailedParts(under_way=scopes.end_under_way(failure.modules))
    found, links = collect([*calls.starts(), *failure.creators()])
    order = scopes.in_order(found, links)
    calls.names = {**names, **failure.names}
    ends = ends_in(order, links, calls.made) if failure.in_backward else []
    if failure.in_backward:
        ends = _add_backward(parts, error, failure, order, ends, calls, table)
    else:
        without_node(parts, failure, table, calls.names)
    recorded = calls.recorded(scopes.on_own_thread(order))
    if failure.line is not None:  # no call of a custom function is recorded
        recorded.lines = {**dict.fromkeys(parts.notes, failure.line), **recorded.lines}
    return written_graph(ends, table, scopes, None, recorded, within=found, failed=parts)[0]


def ends_in(
    order: list[AutogradNode], links: list[Link], made: Mapping[AutogradNode, set[int]]
) -> list[End]:
    """Return the results that no operation has used; `made` has the numbers of known results."""
    used = {source for source, _, _ in links}
    return [
        (node, output, plain_name(_elements(torch_compat.node_output(node, output)[0])))
        for node in order
        if node not in used and not torch_compat.is_leaf(node)
        for output in sorted(made.get(node) or {0})
    ]


def parameter_names(table: ParameterTable) -> dict[int, tuple[str, ...]]:
    """Return the names of all parameters, by the tensor's `id`."""
    return {
        id(parameter): entry.names
        for entry in table.watched
        if (parameter := entry.parameter()) is not None
    }


def without_node(
    parts: FailedParts, failure: Failure, table: ParameterTable, names: Mapping[int, str]
) -> None:
    """Add a call that raised and has no node: of the innermost module, or of backward."""
    inside = parts.under_way and not failure.in_backward
    call = parts.under_way[-1] if inside else None
    inputs = inputs_of(failure.inputs, parameter_names(table), names)
    parts.calls.append(FailedCall(failure.op, failure.note, failure.line, inputs, call))


def _add_backward(
    parts: FailedParts,
    error: BaseException,
    failure: Failure,
    order: list[AutogradNode],
    ends: list[End],
    calls: CallRecorder,
    table: ParameterTable,
) -> list[End]:
    """Add what failed in a backward pass, and return the results that are drawn as outputs."""
    found = failed_node(error, order, calls.last_in_backward)
    names = parameter_names(table)
    if found is None:
        without_node(parts, failure, table, calls.names)
        roots = set(failure.creators())
        return [end for end in ends if end[0] not in roots]
    note = backward_note(failure)
    change = None if found.saved is None else calls.changes.find(found.saved, text_of(error))
    if change is not None:
        lines = calls.recorded(order).lines
        op = operation(found.node)
        note = f"{note} The tensor was changed by {_place(change.op, change.line)}."
        changed_note = change_note(_place(op, lines.get(found.node)))
        _add_change(parts, change, changed_note, order, names, calls.names)
    parts.notes[found.node] = note
    return ends


def backward_note(failure: Failure) -> str:
    """Return the note on a node whose backward raised, with the line that was under way."""
    source = source_of(failure.line)
    line = "" if source is None else f" ({source.file}:{source.line})"
    return f"Its backward raised {failure.note.rstrip('.')}{line}."


def change_note(place: str) -> str:
    """Return the note on an in-place change, given the operation that needs the former values."""
    return (
        f"Changed a tensor in place whose former values are needed for the gradient of {place}, so "
        "backward fails there. Change a copy, or use the operation that returns a new tensor."
    )


def _add_change(
    parts: FailedParts,
    change: Change,
    note: str,
    order: list[AutogradNode],
    parameters: Mapping[int, tuple[str, ...]],
    names: Mapping[int, str],
) -> None:
    node = change.node(order)
    if node is not None:
        parts.notes[node] = note
        return
    source = None if change.source is None else (change.source, 0)
    given = CallInput(
        change.output,
        source,
        change.key,
        parameters.get(change.key, ()),
        names.get(change.key, "input"),
    )
    parts.calls.append(FailedCall(change.op, note, change.line, [given]))


def _place(op: str, line: Line | None) -> str:
    source = source_of(line)
    return op if source is None else f"{op} ({source.file}:{source.line})"


def _elements(shape: tuple[int, ...] | None) -> int:
    count = 1
    for size in shape or ():
        count *= size
    return count if shape is not None else 0
