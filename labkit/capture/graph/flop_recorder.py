"""Records the floating point operations of the operations in a forward pass."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.operation_results import operation_name, tensors_in
from labkit.run.graph.flops_by_shape import UNKNOWN, Flops
from labkit.run.graph.uncounted_operations import UNCOUNTED

_MAX_WAITING = 256
_CUSTOM: type = BackwardCFunction


@dataclass
class _CustomCall:
    """The operations in the forward pass of a `torch.autograd.Function`."""

    key: AutogradNode | int
    """The node, or its sequence number."""
    forward: int | None = 0
    """None if one of the operations is unknown."""


class FlopRecorder(torch_compat.DispatchMode):
    """Records the floating point operations of each operation in its context, by node.

    Autograd sets the node of a result when the operation has ended, so it is read before the next
    one. The operations in a custom function have no nodes; they are added to that of the function.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._counted: dict[AutogradNode, torch_compat.CountedCall] = {}
        self._custom: dict[AutogradNode | int, int | None] = {}
        """Of each custom function, by its node or the sequence number of this node."""
        self._waiting: list[tuple[torch_compat.CountedCall, list[weakref.ref[torch.Tensor]]]] = []
        self._under_way: tuple[FrameType, _CustomCall] | None = None
        """The custom function that ran at the last operation."""

    def __enter__(self) -> Self:
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
            self._end_custom_call(None)

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        number = torch_compat.sequence_number() - 1
        with torch_compat.unnoticed():
            if torch.is_grad_enabled():
                self._read_waiting()
        result = func(*args, **named)
        with torch_compat.unnoticed():
            counted = torch_compat.counted_call(func, args, named, result)
            if counted is not None and torch.is_grad_enabled():
                made = [weakref.ref(tensor) for tensor in tensors_in((result,))]
                self._waiting.append((counted, made))
                del self._waiting[:-_MAX_WAITING]
            self._add_to_custom_call(func, counted, number)
        return result

    def of(self, order: Iterable[AutogradNode]) -> dict[AutogradNode, Flops]:
        """Return the recorded floating point operations of the nodes of a graph."""
        found: dict[AutogradNode, Flops] = {}
        for node in order:
            counted = self._counted.get(node)
            key = node if node in self._custom else torch_compat.node_sequence(node)
            if counted is not None:
                needed = [source is not None for source, _ in node.next_functions]
                found[node] = Flops(counted.forward, counted.backward(needed))
            elif key in self._custom and issubclass(type(node), _CUSTOM):
                found[node] = Flops(self._custom[key], None)
        return {node: flops for node, flops in found.items() if flops != UNKNOWN}

    def _read_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for counted, references in waiting:
            for tensor in (ref() for ref in references):
                node = None if tensor is None else torch_compat.creator(tensor)
                if node is not None:
                    self._counted.setdefault(node, counted)

    def _add_to_custom_call(
        self, func: Any, counted: torch_compat.CountedCall | None, number: int
    ) -> None:
        frame, node = torch_compat.applied_function()
        self._end_custom_call(frame)
        if frame is None:
            return
        if self._under_way is None:
            self._under_way = frame, _CustomCall(number if node is None else node)
        call = self._under_way[1]
        forward = None if counted is None else counted.forward
        if counted is None and _counts_nothing(func):
            forward = 0
        if call.forward is not None:
            call.forward = None if forward is None else call.forward + forward

    def _end_custom_call(self, frame: FrameType | None) -> None:
        """Store what was recorded of the custom function under way, unless it is still running."""
        if self._under_way is not None and self._under_way[0] is not frame:
            call = self._under_way[1]
            self._custom[call.key] = call.forward
            self._under_way = None


def _counts_nothing(func: Any) -> bool:
    name = operation_name(getattr(func, "__name__", "").partition(".")[0])
    return name in UNCOUNTED or torch_compat.counts_nothing(func)
