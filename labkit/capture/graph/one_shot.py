"""One-shot graphs: of a tensor, of a model's forward pass, or of any code."""

from __future__ import annotations

import dataclasses
import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_traversal import (
    NO_HISTORY,
    End,
    RecordedDetails,
    capture_graph,
    collect,
    ends_of,
    written_graph,
)
from labkit.capture.graph.compiled_calls import CompiledCalls
from labkit.capture.graph.failed_pass import ends_in, graph_of_failed_pass
from labkit.capture.graph.flop_recorder import FlopRecorder
from labkit.capture.graph.graph_writer import addresses_of_parameters, saved_bytes
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.operation_recorder import CallRecorder
from labkit.capture.graph.operation_results import Result, ResultRecorder
from labkit.capture.graph.source_lines import user_modules, user_tensors, user_values
from labkit.capture.graph.state_restore import StateRestoration
from labkit.capture.inspection import SampledResults, sample
from labkit.capture.parameters import ParameterTable
from labkit.run.error_text import described
from labkit.run.graph.computation_graph import ComputationGraph
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
        self._scopes.returned = self._calls.add_new_results
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
        with torch_compat.without_modes():
            self._finish(error)
        return None

    def _finish(self, error: BaseException | None) -> None:
        self._calls.finish(user_values() if self._captures_whole else ())
        self._calls.names = user_tensors()
        if isinstance(error, Exception):
            self.graph = self._failed(error)
            with suppress(Exception):  # a class of errors may refuse attributes
                error.labkit_graph = self.graph  # type: ignore[attr-defined]
        elif self._captures_whole:
            self.graph = _read(self._whole)
        self._scopes.stop()
        if self.graph is not None:
            self._calls.made.clear()

    def of(self, roots: Mapping[str, torch.Tensor]) -> ComputationGraph:
        """Return the graph of some tensors that were computed in the block; without any, of all."""
        return _read(lambda: self._of(roots) if roots else self._whole())

    def _of(self, roots: Mapping[str, torch.Tensor]) -> ComputationGraph:
        starts = [root.grad_fn for root in roots.values() if root.grad_fn is not None]
        if not starts:
            reason = _NO_GRAD if self._calls.saw_gradients_off else NO_HISTORY
            return ComputationGraph((), (), (), None, reason)
        return self._written(self._scopes.in_order(*collect(starts)), ends_of(roots))

    def _written(
        self, order: list[AutogradNode], ends: list[End], within: Sequence[AutogradNode] = ()
    ) -> ComputationGraph:
        own = self._scopes.on_own_thread(order)
        graph, ids = written_graph(
            ends, self._scopes.table(), self._scopes, None, self._calls.recorded(own), within
        )
        self.results = {}
        for (node, output), kept in self._results_of(order).items():
            self.results.setdefault(ids[node], {})[output] = kept
        if self._flop_recorder is None or not ids:
            return graph
        flops = self._flop_recorder.of(own)
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
        return self._written(order, ends_in(order, links, self._calls.made), found)

    def _failed(self, error: Exception) -> ComputationGraph:
        try:
            return graph_of_failed_pass(error, self._calls, self._scopes, self._calls.names)
        except Exception as second:  # noqa: BLE001 - the user's error is the one to be raised
            reason = f"The graph of the failed pass could not be read: {described(second)}."
            return ComputationGraph((), (), (), None, reason)

    def _read_saved(self, nodes: Sequence[AutogradNode]) -> dict[AutogradNode, int | None]:
        addresses = addresses_of_parameters(self._scopes.table())
        return {node: saved_bytes(node, addresses)[0] for node in nodes}


def graph_of_tensors(
    roots: Mapping[str, torch.Tensor], models: Mapping[str, nn.Module]
) -> ComputationGraph:
    """Return the graph of tensors that were computed before.

    Parameters get their names from the models (see `holding_modules`). Module calls are unknown, as
    they were not recorded.
    """
    recorded = RecordedDetails(names=user_tensors())
    return _read(
        lambda: capture_graph(
            roots, ParameterTable(models), ScopeRecorder(models), recorded=recorded
        )
    )


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
    with StateRestoration([model], inputs=(args, kwargs)) as restoration:
        recording = GraphRecording(
            {"": model}, whole=False, reads_results=reads_results, restoration=restoration
        )
        with recording:
            outputs = named_tensors(model(*args, **kwargs))
        return recording.of(outputs), recording.results


def _read(build: Callable[[], ComputationGraph]) -> ComputationGraph:
    """Return a graph; if it cannot be built, one with the reason."""
    try:
        with torch_compat.without_modes():
            return build()
    except Exception as error:  # noqa: BLE001 - the user's code has run, and is not to be disturbed
        reason = f"The graph could not be read: {described(error)}."
        return ComputationGraph((), (), (), None, reason)


def named_tensors(output: Any, name: str = "") -> dict[str, torch.Tensor]:
    """Return the tensors in a model's output, by the names of their positions.

    The second of two equal names gets a number.
    """
    found: dict[str, torch.Tensor] = {}
    for path, tensor in _placed_tensors(output, name, ()):
        number, unique = 1, path
        while unique in found:
            number += 1
            unique = f"{path} ({number})"
        found[unique] = tensor
    return found


def _placed_tensors(
    output: Any, name: str, around: tuple[Any, ...]
) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(output, torch.Tensor):
        yield name or "#0", output
        return
    if any(output is each for each in around):  # a container within itself
        return
    for part, value in _parts(output):
        place = f"{name}.{part.lstrip('#')}" if name else part
        yield from _placed_tensors(value, place, (*around, output))


def _parts(output: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(output, Mapping):
        yield from ((str(key), value) for key, value in output.items())
    elif dataclasses.is_dataclass(output) and not isinstance(output, type):
        yield from ((f.name, getattr(output, f.name, None)) for f in dataclasses.fields(output))
    elif isinstance(output, (tuple, list, deque)):
        fields = getattr(output, "_fields", None)  # a named tuple
        names = fields or (f"#{n}" for n in range(len(output)))
        yield from zip(names, output, strict=False)


def holding_modules(roots: Mapping[str, torch.Tensor]) -> dict[str, nn.Module]:
    """Return the outermost modules that hold a parameter of a graph, by class name."""
    with torch_compat.without_modes():
        return _holding_modules(roots)


def _holding_modules(roots: Mapping[str, torch.Tensor]) -> dict[str, nn.Module]:
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
