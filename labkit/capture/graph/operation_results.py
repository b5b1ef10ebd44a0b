"""Records the results of all operations, including those inside one call of PyTorch."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation

Kept = TypeVar("Kept")
Result = tuple[AutogradNode, int]
"""A node, and the number of one of its results that have a gradient, counted from 0."""

_MAX_WAITING = 256


class ResultRecorder(torch_compat.DispatchMode, Generic[Kept]):  # type: ignore[no-untyped-call]
    """Records a value for each result of each operation in its context.

    Autograd sets the node of a result when the operation has ended, so it is read before the next
    one. The results of views are not the tensors that the code gets; they are identified by the
    sequence number of the newest node, which autograd creates just before the operation runs.

    Parameters
    ----------
    keep : callable
        Takes a result, and returns the value to store for it. If it raises, none is stored.
    """

    def __init__(self, keep: Callable[[torch.Tensor], Kept]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._keep = keep
        self._results: dict[Result, Kept] = {}
        self._views: dict[int, tuple[str, list[tuple[tuple[int, ...], Kept]]]] = {}
        self._waiting: list[tuple[int, str, list[weakref.ref[torch.Tensor]]]] = []
        self._first: int | None = None

    def __enter__(self) -> Self:
        if self._first is None:
            self._first = torch_compat.sequence_number()
        super().__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        with torch_compat.unnoticed():
            self._read_waiting()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        with torch_compat.unnoticed():
            if torch.is_grad_enabled():
                self._read_waiting()
        number = torch_compat.sequence_number() - 1
        result = func(*args, **(kwargs or {}))
        with torch_compat.unnoticed():
            made = [weakref.ref(tensor) for tensor in tensors_in((result,))]
            self._waiting.append((number, func.name(), made))
            del self._waiting[:-_MAX_WAITING]
        return result

    def of(self, order: Iterable[AutogradNode]) -> dict[Result, Kept]:
        """Return the stored values of the results of the nodes of a graph."""
        nodes = list(order)
        known = set(nodes)
        found = {result: kept for result, kept in self._results.items() if result[0] in known}
        of_results = {node for node, _ in found}
        for node in nodes:
            seen = self._views.get(torch_compat.node_sequence(node))
            if seen is None or node in of_results:
                continue
            name, results = seen
            # Another operation may have run between the creation of a node and its operation.
            shapes = [shape for shape, _, _ in torch_compat.node_outputs(node)]
            if operation_name(operation(node)) in operation_name(name) and shapes == [
                shape for shape, _ in results
            ]:
                found |= {(node, number): kept for number, (_, kept) in enumerate(results)}
        return found

    def _read_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for number, name, references in waiting:
            tensors = [tensor for tensor in (ref() for ref in references) if tensor is not None]
            created = [tensor for tensor in tensors if torch_compat.creator(tensor) is not None]
            for tensor in filter(torch_compat.is_readable, created):
                result = result_of(tensor)
                if result is not None and result not in self._results:
                    with suppress(Exception):
                        self._results[result] = self._keep(tensor.detach())
            fresh = number >= (self._first or 0) and number not in self._views
            whole = len(tensors) == len(references) and all(map(torch_compat.is_readable, tensors))
            if not created and fresh and whole:
                with suppress(Exception):
                    kept = [(tuple(t.shape), self._keep(t.detach())) for t in tensors]
                    self._views[number] = (name, kept)


def result_of(tensor: torch.Tensor) -> Result | None:
    """Return the node that created a tensor, and the number of the tensor among its results."""
    node = torch_compat.creator(tensor)
    return None if node is None else (node, tensor.output_nr)


def tensors_in(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """Yield the tensors in nested tuples, lists and mappings."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from tensors_in(value)
        elif isinstance(value, Mapping):
            yield from tensors_in(value.values())


def operation_name(name: str) -> str:
    """Return the name of an operation as autograd's nodes and torch's operators both have it."""
    return name.replace("_", "").lower()
