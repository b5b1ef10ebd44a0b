"""One-shot graphs: of a tensor, of a model's forward pass, or of any code."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_traversal import (
    NO_HISTORY,
    RecordedDetails,
    capture_graph,
    collect,
    ends_of,
    written_graph,
)
from labkit.capture.graph.compiled_calls import CompiledCalls
from labkit.capture.graph.failed_pass import ends_in, graph_of_failed_pass
from labkit.capture.graph.flop_recorder import FlopRecorder
from labkit.capture.graph.graph_writer import saved_bytes
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.operation_recorder import CallRecorder
from labkit.capture.graph.operation_results import Result, ResultRecorder
from labkit.capture.graph.source_lines import user_modules, user_tensors, user_values
from labkit.capture.graph.state_restore import StateRestoration
from labkit.capture.inspection import SampledResults, sample
from labkit.capture.parameters import ParameterTable
from labkit.run.error_text import described
from labkit.run.graph import ComputationGraph
from labkit.run.inspection import Sample

_NO_GRAD = (
    "No graph: everything that could have had one ran under torch.no_grad or inference_mode, which "
    "record no history."
)
_NOTHING = "No graph: nothing in this block was computed from a tensor that requires a gradient."


class GraphRecording:
    """Records the graph that the code of a ``with`` block builds.

    A graph that `backward` or `torch.autograd.grad` frees within the block is recorded, too.

    Parameters
    ----------
    models : mapping of str to Module, optional
        Models whose module calls are recorded; by default every outermost module that is called.
    whole : bool
        Whether to capture the whole graph at the end of the block, and not only with `of`.
    reads_results : bool
        Whether to sample the results of operations, and to record what they compute.
    restoration : StateRestoration, optional
        The context around this one that restores what the code changes.

    Attributes
    ----------
    graph : ComputationGraph or None
        The whole graph; None until the block has ended. If the block raised an exception, the graph
        that was built until then, with the operation that failed.
    results : mapping of str to mapping of int to Sample or None
        Samples of the results of operations by node id and number, for the graph that `of` returned
        last.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module] | None = None,
        *,
        whole: bool = True,
        reads_results: bool = False,
        restoration: StateRestoration | None = None,
    ) -> None:
        self._result_recorder = ResultRecorder(sample) if reads_results else None
        self._flop_recorder = FlopRecorder() if reads_results else None
        self.results: SampledResults = {}
        self._captures_whole = whole
        self.graph: ComputationGraph | None = None
        self._discovers = models is None
        self._scopes = ScopeRecorder(models or {}, discover=self._discovers, pauses=True)
        self._calls = CallRecorder()
        self._calls.read_saved = self._read_saved
        modes = [each for each in (self._result_recorder, self._flop_recorder) if each is not None]
        self._compiled = CompiledCalls(self._scopes, self._calls, modes, restoration)
        self._contexts = ExitStack()

    def __enter__(self) -> Self:
        self._scopes.start()
        if self._discovers:
            self._scopes.observe(user_modules())
        self._contexts.enter_context(self._calls)
        if self._result_recorder is not None:
            self._contexts.enter_context(self._result_recorder)
        if self._flop_recorder is not None:
            self._contexts.enter_context(self._flop_recorder)
        self._contexts.enter_context(self._compiled)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._contexts.close()
        self._calls.finish(user_values() if self._captures_whole else ())
        self._calls.names = user_tensors()
        if isinstance(error, Exception):
            self.graph = self._failed(error)
            with suppress(Exception):  # a class of errors may refuse attributes
                error.labkit_graph = self.graph  # type: ignore[attr-defined]
        elif self._captures_whole:
            self.graph = self._whole()
        self._scopes.stop()
        self._calls.made.clear()
        return None

    def of(self, roots: Mapping[str, torch.Tensor]) -> ComputationGraph:
        """Return the graph of some tensors that were computed in the block."""
        starts = [root.grad_fn for root in roots.values() if root.grad_fn is not None]
        if not starts:
            reason = _NO_GRAD if self._calls.saw_gradients_off else NO_HISTORY
            return ComputationGraph((), (), (), None, reason)
        order = self._scopes.in_order(*collect(starts))
        recorded = self._calls.recorded(self._scopes.on_own_thread(order))
        ends = ends_of(roots)
        graph, ids = written_graph(ends, self._scopes.table(), self._scopes, None, recorded)
        self.results = {}
        for (node, output), kept in self._results_of(order).items():
            self.results.setdefault(ids[node], {})[output] = kept
        if self._flop_recorder is None or not ids:
            return graph
        flops = self._flop_recorder.of(self._scopes.on_own_thread(order))
        recorded_flops = {ids[node]: counted for node, counted in flops.items()}
        return dataclasses.replace(graph, recorded_flops=graph.recorded_flops | recorded_flops)

    def _results_of(self, order: list[AutogradNode]) -> dict[Result, Sample | None]:
        if self._result_recorder is None:
            return {}
        return self._result_recorder.of(self._scopes.on_own_thread(order))

    def table(self) -> ParameterTable:
        """Return the parameters of the modules that were called."""
        return self._scopes.table()

    def _whole(self) -> ComputationGraph:
        found, links = collect(self._calls.starts())
        if not found:
            reason = _NO_GRAD if self._calls.saw_gradients_off else _NOTHING
            return ComputationGraph((), (), (), None, reason)
        order = self._scopes.in_order(found, links)
        ends = ends_in(order, links, self._calls.made)
        recorded = self._calls.recorded(self._scopes.on_own_thread(order))
        return written_graph(
            ends, self._scopes.table(), self._scopes, None, recorded, within=found
        )[0]

    def _failed(self, error: Exception) -> ComputationGraph:
        try:
            with torch_compat.without_functions():
                return graph_of_failed_pass(error, self._calls, self._scopes, self._calls.names)
        except Exception as second:  # noqa: BLE001 - the user's error is the one to be raised
            reason = f"The graph of the failed pass could not be read: {described(second)}."
            return ComputationGraph((), (), (), None, reason)

    def _read_saved(self, nodes: Sequence[AutogradNode]) -> dict[AutogradNode, int | None]:
        table = self._scopes.table()
        return {node: saved_bytes(node, table)[0] for node in nodes}


def graph_of_tensors(
    roots: Mapping[str, torch.Tensor], models: Mapping[str, nn.Module]
) -> ComputationGraph:
    """Return the graph of tensors that were computed before.

    Parameters get their names from the models (see `holding_modules`). Module calls are unknown, as
    they were not recorded.
    """
    scopes = ScopeRecorder(models)
    recorded = RecordedDetails(names=user_tensors())
    return capture_graph(roots, ParameterTable(models), scopes, recorded=recorded)


def graph_of_call(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    reads_results: bool = False,
) -> tuple[ComputationGraph, SampledResults]:
    """Return the graph that one forward pass builds, and samples of results by node id.

    What the pass changes is restored afterwards (see `StateRestoration`). Samples are returned only
    with `reads_results`.
    """
    with StateRestoration([model]) as restoration:
        recording = GraphRecording(
            {"": model}, whole=False, reads_results=reads_results, restoration=restoration
        )
        with recording:
            outputs = named_tensors(model(*args, **kwargs))
        if not outputs:
            raise TypeError(
                f"{type(model).__name__} returned nothing with a tensor in it, so there is no "
                "graph. It may return a tensor, or tuples, lists, dicts and dataclasses of them."
            )
        return recording.of(outputs), recording.results


def named_tensors(output: Any, name: str = "") -> dict[str, torch.Tensor]:
    """Return the tensors in a model's output, by the names of their positions."""
    if isinstance(output, torch.Tensor):
        return {name or "#0": output}
    parts: list[tuple[str, Any]] = []
    if isinstance(output, Mapping):
        parts = [(str(key), value) for key, value in output.items()]
    elif dataclasses.is_dataclass(output) and not isinstance(output, type):
        parts = [(each.name, getattr(output, each.name)) for each in dataclasses.fields(output)]
    elif isinstance(output, (tuple, list)):
        fields = getattr(output, "_fields", None)  # a named tuple
        parts = list(zip(fields or (f"#{n}" for n in range(len(output))), output, strict=False))
    found: dict[str, torch.Tensor] = {}
    for part, value in parts:
        found |= named_tensors(value, f"{name}.{part.lstrip('#')}" if name else part)
    return found


def holding_modules(roots: Mapping[str, torch.Tensor]) -> dict[str, nn.Module]:
    """Return the outermost modules that hold a parameter of a graph, by class name."""
    starts = [root.grad_fn for root in roots.values() if root.grad_fn is not None]
    found = [node for node in collect(starts)[0] if torch_compat.is_leaf(node)]
    leaves = {id(node.variable) for node in found}  # type: ignore[attr-defined]
    holding = [
        module
        for module in gc.get_objects()
        if issubclass(type(module), nn.Module)
        and any(id(parameter) in leaves for parameter in torch_compat.all_parameters(module))
    ]
    inner = {id(child) for each in holding for child in torch_compat.all_modules(each)[1:]}
    outer = [module for module in holding if id(module) not in inner]
    outer = outer or holding[:1]  # modules that hold each other; the first was made first
    if len(outer) == 1:
        return {"": outer[0]}
    return {f"{type(m).__name__}{n or ''}": m for n, m in enumerate(outer)}
