"""Records what a finished graph does not contain: source lines, and places where gradients stop.

A `TorchFunctionMode` is called for every torch call from Python. The nodes that the call creates
have the sequence numbers between those before and after it, as with module calls. This costs some
microseconds for each call, so it is done for one-shot graphs, not during training.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.autograd.graph import Node as AutogradNode
from torch.overrides import TorchFunctionMode

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_traversal import Cut, RecordedDetails, collect
from labkit.capture.graph.source_lines import Line, user_line

_DETACHING: tuple[Callable[..., Any], ...] = (
    torch.Tensor.detach,
    torch.Tensor.detach_,
    torch.Tensor.data.__get__,  # type: ignore[attr-defined]
)
_BACKWARD: tuple[Callable[..., Any], ...] = (torch.Tensor.backward, torch.autograd.grad)
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
    sources: list[AutogradNode]
    used_by: list[tuple[int, int]] = field(default_factory=list)


class CallRecorder(TorchFunctionMode):
    """Records the torch calls in its context, on its own thread like all modes.

    Parameters
    ----------
    keep_results : bool
        Whether to store a copy of every result with a history in `results`.
    """

    def __init__(self, *, keep_results: bool = False) -> None:
        super().__init__()
        self.results: dict[AutogradNode, torch.Tensor] = {}
        self.created_leaves: set[int] = set()
        """The `id` of each leaf that a call returned."""
        self._keeps_results = keep_results
        self.made: dict[AutogradNode, None] = {}
        """The nodes of results, in order; they keep the graph alive, but not its tensors."""
        self.saw_gradients_off = False
        self.names: dict[int, str] = {}
        """Names of the user's variables, by the tensor's `id`."""
        self._calls: list[tuple[int, int, Line]] = []
        self._stops: list[_Stop] = []
        self._stopped: dict[int, tuple[weakref.ref[torch.Tensor], _Stop]] = {}
        self._saved: dict[AutogradNode, int | None] = {}
        self.read_saved: Callable[[AutogradNode], int | None] = lambda node: None

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if func in _BACKWARD:
            self._read_saved_before_backward(args[0])
        start = torch_compat.sequence_number()
        result = func(*args, **named)
        stop = torch_compat.sequence_number()
        given = [*_tensors(args), *_tensors(named.values())]
        made = list(_tensors((result,)))
        for tensor in made:
            if tensor.is_leaf and tensor.requires_grad:
                self.created_leaves.add(id(tensor))
            if tensor.grad_fn is not None:
                self.made[tensor.grad_fn] = None
                if self._keeps_results and tensor.output_nr == 0:
                    self.results[tensor.grad_fn] = tensor.detach().clone()
        if stop > start:
            line = user_line()
            if line is not None:
                self._calls.append((start, stop, line))
            for tensor in given:
                used = self._stop_of(tensor)
                if used is not None:
                    used.used_by.append((start, stop))
        else:
            self._record_stop(func, given, made)
        return result

    def recorded(self, order: Iterable[AutogradNode]) -> RecordedDetails:
        """Return the recorded details of nodes, which are given in the order of creation."""
        numbered = [(torch_compat.node_sequence(node), node) for node in order]
        numbered = [each for each in numbered if each[0] != torch_compat.NO_SEQUENCE]
        lines: dict[AutogradNode, Line] = {}
        calls = iter(sorted(self._calls, key=lambda call: call[:2]))
        current = next(calls, None)
        for number, node in numbered:
            while current is not None and current[1] <= number:
                current = next(calls, None)
            if current is not None and current[0] <= number:
                lines[node] = current[2]
        return RecordedDetails(lines, self._saved, list(self._cuts(numbered)), self.names)

    def _cuts(self, numbered: list[tuple[int, AutogradNode]]) -> Iterator[Cut]:
        for stop in self._stops:
            targets = []
            for start, end in stop.used_by:
                inside = [node for number, node in numbered if start <= number < end]
                taking = [node for node in inside if _has_free_input(node)]
                targets += (taking or inside)[:1]
            if targets:
                yield Cut(stop.op, stop.note, stop.line, stop.sources, list(dict.fromkeys(targets)))

    def _read_saved_before_backward(self, roots: Any) -> None:
        starts = [root.grad_fn for root in _tensors((roots,)) if root.grad_fn is not None]
        for node in collect(starts)[0]:
            if node not in self._saved:
                self.made[node] = None
                self._saved[node] = self.read_saved(node)

    def _record_stop(self, func: Any, given: list[torch.Tensor], made: list[torch.Tensor]) -> None:
        sources = [tensor.grad_fn for tensor in given if tensor.grad_fn is not None]
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
                carried = _Stop(op, note, user_line(), sources)
                self._stops.append(carried)
            if carried is not None:
                self._stopped[id(tensor)] = (weakref.ref(tensor), carried)

    def _stop_of(self, tensor: torch.Tensor) -> _Stop | None:
        known = self._stopped.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None


def _has_free_input(node: AutogradNode) -> bool:
    return any(source is None for source, _ in node.next_functions)


def _tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)
