"""Records the places where gradients stop: detached values, and code under ``torch.no_grad``."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.cuts import Cut
from labkit.capture.graph.operation_results import Result, result_of
from labkit.capture.graph.source_lines import Line, user_line

_DETACHING: tuple[Callable[..., Any], ...] = (
    torch.Tensor.detach,
    torch.Tensor.detach_,
    torch.Tensor.data.__get__,  # type: ignore[attr-defined]
)
_DETACHED = (
    "The gradient stops here: the values were detached, so what uses them takes them as constants."
)
_NO_GRAD = (
    "The gradient stops here: this ran under torch.no_grad, which records no history, so what uses "
    "the result takes it as a constant."
)


@dataclass(eq=False)
class _Stop:
    """A result without history, and the sequence numbers of the calls that used it."""

    op: str
    note: str
    line: Line | None
    sources: list[Result]
    output: torch_compat.Output
    used_by: list[tuple[int, int]] = field(default_factory=list)


class CutRecorder:
    """Records results without history of tensors with one, and the calls that use them.

    Attributes
    ----------
    saw_gradients_off : bool
        Whether something that requires a gradient was used while gradients were switched off.
    """

    def __init__(self) -> None:
        self.saw_gradients_off = False
        self._stops: list[_Stop] = []
        self._stopped: dict[int, tuple[weakref.ref[torch.Tensor], _Stop]] = {}

    def add(self, func: Any, given: Sequence[torch.Tensor], made: Sequence[torch.Tensor]) -> None:
        """Record a call that has created no nodes."""
        sources = [result for result in map(result_of, given) if result is not None]
        carried = next((s for s in map(self._stop_of, given) if s is not None), None)
        needs_gradient = bool(sources) or any(tensor.requires_grad for tensor in given)
        off = not torch.is_grad_enabled()
        self.saw_gradients_off = self.saw_gradients_off or (off and needs_gradient)
        for tensor in made:
            if tensor.requires_grad or not (tensor.is_floating_point() or tensor.is_complex()):
                continue
            detaching = func in _DETACHING
            if carried is None and needs_gradient and (detaching or off):
                op = "detach" if detaching else "no_grad"
                note = _DETACHED if detaching else _NO_GRAD
                output = torch_compat.described(tensor)
                carried = _Stop(op, note, user_line(), sources, output)
                self._stops.append(carried)
            if carried is not None:
                self._stopped[id(tensor)] = (weakref.ref(tensor), carried)

    def used(self, given: Sequence[torch.Tensor], start: int, stop: int) -> None:
        """Record a call that has created the nodes from `start` to `stop`, exclusive."""
        for tensor in given:
            used = self._stop_of(tensor)
            # What a custom function computes gets its history when the function ends.
            if used is not None and result_of(tensor) is None:
                used.used_by.append((start, stop))

    def cuts(self, numbered: Sequence[tuple[int, AutogradNode]]) -> Iterator[Cut]:
        """Yield the cuts between nodes, which are given with their sequence numbers."""
        for stop in self._stops:
            targets = []
            for start, end in stop.used_by:
                inside = [node for number, node in numbered if start <= number < end]
                taking = [node for node in inside if _has_free_input(node)]
                targets += (taking or inside)[:1]
            if targets:
                unique = list(dict.fromkeys(targets))
                yield Cut(stop.op, stop.note, stop.line, stop.sources, stop.output, unique)

    def _stop_of(self, tensor: torch.Tensor) -> _Stop | None:
        known = self._stopped.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None


def _has_free_input(node: AutogradNode) -> bool:
    return any(source is None for source, _ in node.next_functions)
