"""Computes the walk through the graph of a loss, and computes it again when a leaf is edited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from types import FunctionType
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_traversal import (
    NO_HISTORY,
    RecordedDetails,
    collect,
    written_graph,
)
from labkit.capture.graph.compiled_calls import CompiledCalls
from labkit.capture.graph.generators import values_of_code
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.one_shot import holding_modules
from labkit.capture.graph.operation_recorder import CallRecorder
from labkit.capture.graph.operation_results import Result, ResultRecorder
from labkit.capture.graph.source_lines import names_in, user_tensors
from labkit.capture.graph.state_restore import StateRestoration
from labkit.capture.parameters import ParameterTable
from labkit.capture.walkthrough.backward import run_backward
from labkit.capture.walkthrough.events import EventWriter
from labkit.capture.walkthrough.forward import INSIDE, NOT_KEPT, values_of
from labkit.capture.walkthrough.values import summarise
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.walk import Leaf, Walk

_EXAMPLE = "Examples: lk.stepper(loss), lk.stepper(lambda: loss_fn(model(x), y))."
_NOT_EDITABLE = (
    "The loss was computed before: its code cannot be run again with other values. "
    "lk.stepper(lambda: ...) takes the code itself, and its leaves can be edited."
)

_COMPUTE_AGAIN = "Compute the loss anew, or use lk.stepper(lambda: ...)."
_NO_BACKWARD = (
    "The function given to stepper must compute the loss and leave backward to the stepper."
)
_LEAF = (
    "Nothing to walk through: the loss is itself a leaf, from which nothing was computed. Its "
    "gradient is 1."
)


class Walker:
    """Walks the graph of one loss.

    Parameters
    ----------
    target : Tensor or callable
        A loss with its graph; or a function without arguments that returns one. It is called at
        once, and again after each edit with the same random numbers.

    Raises
    ------
    TypeError
        If the target is neither, or if the function does not return a tensor.
    ValueError
        If the loss does not have exactly one element.
    RuntimeError
        If its graph was freed by an earlier backward pass.
    """

    def __init__(self, target: torch.Tensor | Callable[[], torch.Tensor]) -> None:
        if not isinstance(target, torch.Tensor) and (
            not callable(target) or isinstance(target, (type, nn.Module))
        ):
            raise TypeError(
                f"stepper takes a loss (a tensor) or a function without arguments that computes "
                f"one, not {type(target).__name__}. {_EXAMPLE}"
            )
        self._target = target
        self._names_in_code = _names_of_code(target)
        self._names = user_tensors() | self._names_in_code
        self._leaves: dict[str, torch.Tensor] = {}
        self._accumulates = False
        self._created_leaves: set[int] = set()
        self._edits: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def walk(self, *, accumulate: bool = False) -> Walk:
        """Return the walk with all edits so far.

        With `accumulate`, `backward` also adds the gradients to the ``.grad`` of the leaves.
        """
        self._accumulates = accumulate
        if isinstance(self._target, torch.Tensor):
            return self._of_tensor(self._target)
        return self._of_code(self._target)

    def edit(self, leaf: str, index: int, value: float) -> Walk:
        """Return the walk with another value of one element of a leaf; the leaf is not changed.

        Parameters
        ----------
        leaf : str
            Id of its node in the walk's graph.
        index : int
            Index among all elements, in C order.
        value : float

        Raises
        ------
        KeyError, IndexError
            If there is no such leaf or element.
        ValueError
            If the target is a loss, or if the leaf cannot be edited.
        """
        if isinstance(self._target, torch.Tensor):
            raise ValueError(_NOT_EDITABLE)  # noqa: TRY004 - a loss is a valid target, but cannot be edited
        if leaf not in self._leaves:
            known = ", ".join(self._leaves) or "none"
            raise KeyError(f"there is no leaf {leaf!r}; the leaves are: {known}.")
        tensor = self._leaves[leaf]
        if not self._can_edit(tensor):
            raise ValueError(
                f"leaf {leaf!r} cannot be edited: it is made anew by the code each time it runs, "
                "or its elements do not lie one after the other (call contiguous() on it)."
            )
        if self._is_replaced(tensor):
            raise ValueError(
                f"{self._names_in_code[id(tensor)]!r} is another tensor now than when this walk "
                "was made: a later cell has used the name again. Run the stepper's cell again."
            )
        if not 0 <= index < tensor.numel():
            raise IndexError(
                f"leaf {leaf!r} has {tensor.numel()} elements, so there is no place {index}."
            )
        known_edit = self._edits.get(id(tensor))
        changed = (known_edit[1] if known_edit else tensor.detach()).clone()
        changed.view(-1)[index] = value
        self._edits[id(tensor)] = (tensor, changed)
        try:
            return self.walk()
        except Exception:  # the code failed with this value: restore the previous edits
            if known_edit is None:
                del self._edits[id(tensor)]
            else:
                self._edits[id(tensor)] = known_edit
            raise

    def reset(self) -> Walk:
        """Return the walk without any edit."""
        self._edits.clear()
        return self.walk()

    def _of_tensor(self, loss: torch.Tensor) -> Walk:
        _check(loss)
        if loss.grad_fn is None:
            return _no_walk(loss)
        models = holding_modules({"loss": loss})
        scopes = ScopeRecorder(models)
        return self._write(loss, ParameterTable(models), scopes, None, {})

    def _of_code(self, code: Callable[[], Any]) -> Walk:
        scopes = ScopeRecorder({}, discover=True, pauses=True)
        calls = CallRecorder(keep_results=True)
        calls.names = self._names
        results = ResultRecorder(torch.clone)
        restoration = StateRestoration(code=code, keeps_gradients=self._accumulates)
        with ExitStack() as stack:
            stack.enter_context(restoration)
            stack.enter_context(self._edited())
            scopes.start()
            stack.callback(scopes.stop)
            scopes.observe(each for each in values_of_code(code) if isinstance(each, nn.Module))
            compiled = CompiledCalls(scopes, calls, [results], restoration)
            with torch.enable_grad(), calls, results, compiled:
                loss = code()
            calls.finish()
            if not isinstance(loss, torch.Tensor):
                raise TypeError(
                    f"the function given to stepper returned {type(loss).__name__}; it must return "
                    f"the loss, a tensor. {_EXAMPLE}"
                )
            _check(loss)
            if loss.grad_fn is None:
                return _no_walk(loss)
            self._created_leaves = calls.created_leaves
            seen = results.of(scopes.on_own_thread(collect([loss.grad_fn])[0]))
            return self._write(loss, scopes.table(), scopes, calls, seen | calls.results)

    def _write(
        self,
        loss: torch.Tensor,
        table: ParameterTable,
        scopes: ScopeRecorder,
        calls: CallRecorder | None,
        results: Mapping[Result, torch.Tensor],
    ) -> Walk:
        assert loss.grad_fn is not None
        found, links = collect([loss.grad_fn])
        order = scopes.in_order(found, links)
        own = scopes.on_own_thread(order)
        recorded = calls.recorded(own) if calls else RecordedDetails(names=self._names)
        with torch_compat.without_modes():
            graph, ids = written_graph(
                [(loss.grad_fn, loss.output_nr, "loss")], table, scopes, None, recorded
            )
            values = values_of(loss, order, results)
            writer = EventWriter(graph, ids, values, INSIDE if calls else NOT_KEPT)
            writer.forward(order)
        gradients = run_backward(
            loss,
            order,
            links,
            again=_NO_BACKWARD if calls else _COMPUTE_AGAIN,
            # What the code has made is of no use afterwards.
            retain=calls is None or len(own) < len(order) or not calls.made_all(own),
            accumulate=self._accumulates,
        )
        with torch_compat.without_modes():
            writer.backward(gradients)
            return self._walk(graph, ids, writer, editable=calls is not None)

    def _walk(
        self,
        graph: ComputationGraph,
        ids: Mapping[AutogradNode, str],
        writer: EventWriter,
        *,
        editable: bool,
    ) -> Walk:
        leaves = [node for node in ids if torch_compat.is_leaf(node)]
        self._leaves = {ids[leaf]: leaf.variable for leaf in leaves}  # type: ignore[attr-defined]
        return Walk(
            graph,
            events=tuple(writer.events),
            leaves=tuple(
                self._leaf(node, editable=editable) for node in _in_order(graph, self._leaves)
            ),
            grads=writer.grads,
            why_not_editable=None if editable else _NOT_EDITABLE,
        )

    def _leaf(self, node: str, *, editable: bool) -> Leaf:
        tensor = self._leaves[node]
        name = node.rpartition("/")[2].rpartition(":")[0]
        return Leaf(node, name, summarise(tensor), editable and self._can_edit(tensor))

    def _can_edit(self, tensor: torch.Tensor) -> bool:
        """Return whether a leaf existed before the code ran, and is contiguous."""
        return id(tensor) not in self._created_leaves and tensor.is_contiguous()

    def _is_replaced(self, tensor: torch.Tensor) -> bool:
        """Return whether the code's name for a tensor has been given to something else."""
        return id(tensor) in self._names_in_code and id(tensor) not in _names_of_code(self._target)

    @contextmanager
    def _edited(self) -> Iterator[None]:
        """Set the leaves to their edited values while the code runs."""
        own = [(tensor, tensor.data) for tensor, _ in self._edits.values()]
        try:
            for tensor, changed in self._edits.values():
                tensor.data = changed
            yield
        finally:
            for tensor, data in own:
                tensor.data = data


def _names_of_code(target: object) -> dict[int, str]:
    """Return the names of the tensors that a function refers to."""
    if not isinstance(target, FunctionType):
        return {}
    cells = zip(target.__code__.co_freevars, target.__closure__ or (), strict=True)
    captured = {}
    for name, cell in cells:
        with suppress(ValueError):  # the variable is not assigned yet
            captured[name] = cell.cell_contents
    used = {n: target.__globals__.get(n) for n in target.__code__.co_names}
    return names_in(used, captured)


def _no_walk(loss: torch.Tensor) -> Walk:
    return Walk(ComputationGraph((), (), ()), reason=_LEAF if loss.requires_grad else NO_HISTORY)


def _check(loss: torch.Tensor) -> None:
    if loss.numel() != 1:
        raise ValueError(
            f"stepper takes a loss of one number, not a tensor of shape {tuple(loss.shape)}. "
            "Reduce it first, as backward needs it too: loss.mean() or loss.sum()."
        )


def _in_order(graph: ComputationGraph, leaves: Mapping[str, torch.Tensor]) -> list[str]:
    return [node.id for node in graph.nodes if node.id in leaves]
