"""Records what a finished graph does not contain: source lines, and places where gradients stop.

A function mode is called for every torch call from Python. The nodes that the call creates
have the sequence numbers between those before and after it, as with module calls. This costs some
microseconds for each call, so it is done for one-shot graphs, not during training.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_traversal import RecordedDetails, collect
from labkit.capture.graph.backward_order import BackwardOrder
from labkit.capture.graph.cut_recorder import CutRecorder
from labkit.capture.graph.failures import function_name
from labkit.capture.graph.in_place_changes import InPlaceChanges, versions_of
from labkit.capture.graph.operation_results import Result, result_of, tensors_in
from labkit.capture.graph.source_lines import Line, user_line

_BACKWARD: tuple[Callable[..., Any], ...] = (torch.Tensor.backward, torch.autograd.grad)
_MAX_UNFINISHED = 256


class CallRecorder(torch_compat.FunctionMode):
    """Records the torch calls in its context, on its own thread like all modes.

    The calls themselves are not affected, whatever happens while they are recorded.

    Parameters
    ----------
    keep_results : bool
        Whether to store a copy of every result with a history in `results`.
    """

    def __init__(self, *, keep_results: bool = False) -> None:
        super().__init__()
        self.results: dict[Result, torch.Tensor] = {}
        self.created_leaves: set[int] = set()
        """The `id` of each leaf that a call returned."""
        self._keeps_results = keep_results
        self.made: dict[AutogradNode, set[int]] = {}
        """The nodes of results, in order, and the numbers of these results.

        The nodes keep the graph alive, but not its tensors.
        """
        self.names: dict[int, str] = {}
        """Names of the user's variables, by the tensor's `id`."""
        self.changes = InPlaceChanges()
        self._backward = BackwardOrder(())
        self._cuts = CutRecorder()
        self._calls: list[tuple[int, int, Line]] = []
        self._saved: dict[AutogradNode, int | None] = {}
        self._replaced: set[AutogradNode] = set()
        self._unfinished: list[weakref.ref[torch.Tensor]] = []
        """Results without a history, which they get if a custom function returns them."""
        self._first = torch_compat.sequence_number()
        self._has_ended = False
        self.read_saved: Callable[[Sequence[AutogradNode]], dict[AutogradNode, int | None]]
        self.read_saved = dict.fromkeys

    def __enter__(self) -> Self:
        self._has_ended = False
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._has_ended = True
        super().__exit__(kind, error, traceback)

    @property
    def last_in_backward(self) -> AutogradNode | None:
        """The node that ran last in a backward pass that raised."""
        return self._backward.last

    @property
    def saw_gradients_off(self) -> bool:
        """Whether something that requires a gradient was used under ``torch.no_grad``."""
        return self._cuts.saw_gradients_off

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if self._has_ended:  # on another thread, from whose stack it cannot be removed
            return func(*args, **named)
        given, nodes, versions = self._before(func, args, named)
        start = torch_compat.sequence_number()
        try:
            result = func(*args, **named)
        finally:
            self._backward.stop()
        self._backward.last = None
        stop = torch_compat.sequence_number()
        with torch_compat.unnoticed():
            made = list(tensors_in((result,)))
            if stop > start:
                self.add_call(start, stop, user_line())
                self._cuts.used(given, start, stop)
                self._add_in_place(given, nodes, made)
            else:
                self._cuts.add(func, given, made)
            self._add_results(made)
            self._add_changes(func, (start, stop), given, nodes, versions)
        return result

    def add_call(self, start: int, stop: int, line: Line | None) -> None:
        """Record the line of a call that created the nodes with some sequence numbers."""
        if line is not None:
            self._calls.append((start, stop, line))

    def add_results(self, result: object) -> None:
        """Record the tensors in the result of a call that the mode did not see."""
        with torch_compat.unnoticed():
            self._add_results(tensors_in((result,)))

    def add_new_results(self, result: object) -> None:
        """Record the tensors in a value that were computed in the context."""
        with torch_compat.unnoticed():
            found = [(each, torch_compat.creator(each)) for each in tensors_in((result,))]
            self._add_results(
                each
                for each, node in found
                if node is not None and self._first <= torch_compat.node_sequence(node)
            )

    def finish(self, values: Iterable[torch.Tensor] = ()) -> None:
        """Record the results of functions of which the mode is not called.

        These are custom functions, whose results get their history after the call, and transforms
        of `torch.func`.

        Parameters
        ----------
        values : iterable of Tensor
            Tensors that are visible to the user; those are taken that were computed in the context.
        """
        waiting, self._unfinished = self._unfinished, []
        self.add_new_results(list(values))
        with torch_compat.unnoticed():
            self._add_results([t for t in (ref() for ref in waiting) if t is not None], again=False)

    def made_all(self, nodes: Iterable[AutogradNode]) -> bool:
        """Return whether nodes of the own thread, except leaves, were created in the context."""
        return all(self._first <= torch_compat.node_sequence(node) for node in nodes)

    def starts(self) -> list[AutogradNode]:
        """Return the nodes of all results, without those that an in-place operation replaced."""
        return [node for node in self.made if node not in self._replaced]

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
        return RecordedDetails(lines, self._saved, list(self._cuts.cuts(numbered)), self.names)

    def _before(
        self, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> tuple[list[torch.Tensor], list[AutogradNode | None], list[int | None]]:
        """Return the tensors that a call gets, the nodes that created them, and their versions."""
        given: list[torch.Tensor] = []
        with torch_compat.unnoticed():
            if self._unfinished and torch.is_grad_enabled():
                self.finish()
            if func in _BACKWARD:
                self._read_saved_before_backward(args[0])
            given = [*tensors_in(args), *tensors_in(named.values())]
            nodes = [torch_compat.creator(tensor) for tensor in given]
            if self._keeps_results:
                self._keep(given)
            return given, nodes, versions_of(given)
        return given, [None] * len(given), [None] * len(given)

    def _add_results(self, made: Iterable[torch.Tensor], *, again: bool = True) -> None:
        for tensor in made:
            node = torch_compat.creator(tensor)
            if node is not None:
                self.made.setdefault(node, set()).add(tensor.output_nr)
                if self._keeps_results:
                    self._keep([tensor])
            elif tensor.requires_grad:
                self.created_leaves.add(id(tensor))
            elif again and not torch.is_grad_enabled():
                self._unfinished.append(weakref.ref(tensor))
                if len(self._unfinished) > _MAX_UNFINISHED:
                    self._unfinished = [ref for ref in self._unfinished if ref() is not None]
                    del self._unfinished[:-_MAX_UNFINISHED]

    def _add_in_place(
        self,
        given: list[torch.Tensor],
        nodes: list[AutogradNode | None],
        made: list[torch.Tensor],
    ) -> None:
        """Record the nodes of tensors that a call has changed in place.

        Autograd creates a node for a changed view when it is next used; no code has made that.
        """
        for tensor, before in zip(given, nodes, strict=True):
            changed = torch_compat.changed_tensor(tensor)
            after = torch_compat.creator(changed)
            if after is None or torch_compat.creator(tensor) is before:
                continue
            self.made.setdefault(after, set()).add(changed.output_nr)
            if before is not None:
                self._replaced.add(before)
            made[:] = [each for each in made if each is not tensor]

    def _add_changes(
        self,
        func: Any,
        numbers: tuple[int, int],
        given: Sequence[torch.Tensor],
        nodes: Sequence[AutogradNode | None],
        versions: Sequence[int | None],
    ) -> None:
        """Record a call that changed some of its arguments in place."""
        changed = [
            (tensor, before, node)
            for tensor, node, before in zip(given, nodes, versions, strict=True)
            if before is not None and torch_compat.tensor_version(tensor) != before
        ]
        if changed:
            self.changes.add(function_name(func), user_line(), numbers, changed)

    def _keep(self, tensors: Iterable[torch.Tensor]) -> None:
        """Store copies of tensors with a history, unless their values are stored already."""
        for tensor in tensors:
            result = result_of(tensor)
            if result is None or result in self.results:
                continue
            if torch_compat.is_readable(tensor):
                self.results[result] = tensor.detach().clone()

    def _read_saved_before_backward(self, roots: Any) -> None:
        starts = [root.grad_fn for root in tensors_in((roots,)) if root.grad_fn is not None]
        nodes = collect(starts)[0]
        self._backward = BackwardOrder(nodes)
        new = [node for node in nodes if node not in self._saved]
        for node in new:
            self.made.setdefault(node, set())
        self._saved |= self.read_saved(new)
