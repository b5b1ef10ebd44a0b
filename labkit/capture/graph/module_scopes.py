"""Which module call made which autograd node, at no cost per operation.

Autograd numbers its nodes in the order in which they are made. While a module runs, the
numbers given out are its own or its children's; so the interval between the counter before
and after a call names the call of every node in it.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from labkit.capture import torch_compat
from labkit.capture.graph.intervals import Interval
from labkit.capture.graph.source_lines import Line, users_line
from labkit.capture.graph.thread_calls import Link, ThreadCall, in_order, made_by
from labkit.capture.parameters import ParameterTable, prefixed

_MAX_INTERVALS = 50_000
_CALLERS = 6
"""Frames from a module's hook to what called the module; a container of torch's may be that."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A call that has begun."""

    module: nn.Module
    start: int
    line: Line | None
    own: bool
    began: int


_torchs: dict[type, bool] = {}


def _is_torchs(kind: type) -> bool:
    known = _torchs.get(kind)
    if known is None:
        known = _torchs[kind] = kind.__module__.startswith("torch.")
    return known


class ScopeRecorder:
    """Records the intervals of the watched modules' calls while it is on.

    Parameters
    ----------
    models : mapping of str to Module
        The label ``""`` stands for an only model.
    adopt : bool
        Whether modules that are called outside of all known ones are taken in too.
    """

    def __init__(self, models: Mapping[str, nn.Module], *, adopt: bool = False) -> None:
        self._models: dict[str, weakref.ref[nn.Module]] = {}
        self._adopts = adopt
        self.types: dict[str, str] = {}
        self.intervals: list[Interval] = []
        self.elsewhere: list[ThreadCall] = []
        """Calls on other threads than the one that started the recorder."""
        self._home = threading.get_ident()
        self._running: dict[int, ThreadCall] = {}
        self._sizes: dict[str, int] = {}
        self._modules: dict[str, weakref.ref[nn.Module]] = {}
        self._paths: dict[int, tuple[str, weakref.ref[nn.Module]]] = {}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._open: dict[int, list[_Entry]] = {}
        self._usable = True
        for label, model in models.items():
            self._take_in(label, model)

    def size(self, path: str) -> int:
        """Return how many scalar parameters a module holds, its children included."""
        known = self._sizes.get(path)
        module = self._modules[path]() if known is None else None
        if module is None:
            return known or 0
        parameters = list(module.parameters())
        size = sum(p.numel() for p in parameters if torch_compat.has_storage(p))
        if all(map(torch_compat.has_storage, parameters)):
            self._sizes[path] = size
        return size

    def table(self) -> ParameterTable:
        """Return the parameters of all modules known by now."""
        alive = {label: ref() for label, ref in self._models.items()}
        return ParameterTable({label: m for label, m in alive.items() if m is not None})

    def start(self) -> None:
        """Begin to record; a compiled model is left alone, as hooks would recompile it."""
        self._home = threading.get_ident()
        self._find_again()
        if self._usable and not self._handles:
            self._handles = [
                register_module_forward_pre_hook(self._enter),
                register_module_forward_hook(self._leave),
            ]

    def stop(self) -> None:
        """Take the hooks off; the intervals stay until `clear`."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self._open.clear()
        self._running.clear()

    def in_order(self, nodes: Sequence[Node], links: Sequence[Link]) -> list[Node]:
        """Return the nodes of a graph in the order in which they were made."""
        if self.elsewhere:
            return in_order(nodes, links, self.elsewhere)
        return sorted(nodes, key=torch_compat.node_sequence)

    def at_home(self, nodes: Sequence[Node]) -> Sequence[Node]:
        """Return the nodes that were made on the recorder's own thread."""
        away = set().union(*(call.nodes() for call in self.elsewhere))
        return [node for node in nodes if node not in away] if away else nodes

    def clear(self) -> None:
        """Forget the intervals."""
        self.intervals = []
        self.elsewhere = []

    def _find_again(self) -> None:
        """Look the models' modules up anew; of a model that is gone, the names of before hold."""
        alive = {label: ref() for label, ref in self._models.items()}
        if all(model is not None for model in alive.values()):
            self._paths.clear()
        for label, model in alive.items():
            if model is not None:
                self._take_in(label, model)

    def _take_in(self, label: str, model: nn.Module) -> None:
        self._models[label] = weakref.ref(model)
        for path, module in model.named_modules(remove_duplicate=False):
            name = prefixed(label, path)
            self.types[name] = type(module).__name__
            known = self._modules.get(name)
            if known is None or known() is not module:
                self._sizes.pop(name, None)
            self._modules[name] = weakref.ref(module)
            self._paths.setdefault(id(module), (name, self._modules[name]))
            self._usable = self._usable and not torch_compat.is_compiled(module)

    def _adopt(self, module: nn.Module) -> None:
        """Take in a module under the name of its class, numbered if that is taken."""
        kind = type(module).__name__
        same = sum(type(ref()).__name__ == kind for ref in self._models.values())
        label = f"{kind}{same + 1}" if same else kind
        self._take_in(label, module)

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        if self._adopts and id(module) not in self._paths and torch.is_grad_enabled():
            self._adopt(module)
        thread = threading.get_ident()
        if thread != self._home:
            self._enter_elsewhere(module)
        if id(module) in self._paths and torch.is_grad_enabled():
            stack = self._open.get(thread)
            if stack is None:
                stack = self._open[thread] = []
            own = _is_torchs(type(module))
            # What one of torch's containers calls has no line of the user's.
            line = None if stack and stack[-1].own else users_line(_CALLERS)
            start = torch_compat.sequence_number()
            stack.append(_Entry(module, start, line, own, time.perf_counter_ns()))

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        now = time.perf_counter_ns()
        thread = threading.get_ident()
        if thread == self._home:
            self._close(module, thread, now, self.intervals)
            return
        running = self._running.get(thread)
        if running is None:
            return
        self._close(module, thread, now, running.intervals)
        if running.module is module:
            del self._running[thread]
            running.returned, running.given = made_by(output), made_by(inputs)
            self.elsewhere.append(running)

    def _close(self, module: nn.Module, thread: int, now: int, intervals: list[Interval]) -> None:
        stack = self._open.get(thread)
        known = self._paths.get(id(module))
        if not stack or known is None or known[1]() is not module:
            return
        while stack:  # calls that raised left their entries behind
            entry = stack.pop()
            if entry.module is module:
                break
        else:
            return
        if len(intervals) < _MAX_INTERVALS:
            stop, took = torch_compat.sequence_number(), now - entry.began
            intervals.append(Interval(entry.start, stop, known[0], entry.line, entry.own, took))

    def _enter_elsewhere(self, module: nn.Module) -> None:
        """Note an outermost call on another thread: of a watched module, or within such a call."""
        thread, around = threading.get_ident(), self._open_at_home()
        running = self._running.get(thread)
        if running is not None and running.module is not module:
            return
        if torch.is_grad_enabled() and (around is not None or id(module) in self._paths):
            self._running[thread] = ThreadCall(module, around)

    def _open_at_home(self) -> tuple[int, str] | None:
        """Return start and path of the innermost call that is open on the recorder's thread."""
        for entry in reversed(self._open.get(self._home, [])):
            known = self._paths.get(id(entry.module))
            if known is not None:
                return entry.start, known[0]
        return None
