"""Records which module call created which autograd node, at no cost for single operations.

Autograd numbers nodes in the order of creation. The numbers that are assigned during a module call
belong to this call or to calls within it. Therefore the sequence numbers before and after a call
determine the nodes that it created.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from labkit.capture.graph.open_calls import OpenCall, is_torch_class
from labkit.capture.graph.source_lines import Line, user_line
from labkit.capture.graph.thread_calls import Link, ThreadCall, creators_of, in_order
from labkit.capture.parameters import ParameterTable, prefixed

_MAX_INTERVALS = 50_000
_CALLERS = 6
"""Number of stack frames from a module's hook to its caller, which may be a torch container."""


class ScopeRecorder:
    """Records the intervals of the watched modules' calls between `start` and `stop`.

    Parameters
    ----------
    models : mapping of str to Module
        The label ``""`` stands for an only model.
    discover : bool
        Whether to record also modules that are not part of these models when they are called.
    pauses : bool
        Whether `pause` is called before compiled code runs, so that a model may be compiled. Then
        calls of `forward` that do not go through the call of the module are recorded, too.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        *,
        discover: bool = False,
        pauses: bool = False,
    ) -> None:
        self._models: dict[str, weakref.ref[nn.Module]] = {}
        self._discovers = discover
        self._is_paused_when_compiled = pauses
        self.types: dict[str, str] = {}
        self.intervals: list[Interval] = []
        self.thread_calls: list[ThreadCall] = []
        """Calls on other threads than the one that started the recorder."""
        self._thread = threading.get_ident()
        self._running: dict[int, ThreadCall] = {}
        self._sizes: dict[str, int] = {}
        self._modules: dict[str, weakref.ref[nn.Module]] = {}
        self._paths: dict[int, tuple[str, weakref.ref[nn.Module]]] = {}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._open: dict[int, list[OpenCall]] = {}
        self._can_have_hooks = True
        for label, model in models.items():
            self._register(label, model)

    def size(self, path: str) -> int:
        """Return the number of scalar parameters of a module, including its children."""
        known = self._sizes.get(path)
        module = self._modules[path]() if known is None else None
        if module is None:
            return known or 0
        parameters = torch_compat.all_parameters(module)
        size = sum(p.numel() for p in parameters if torch_compat.has_storage(p))
        if all(map(torch_compat.has_storage, parameters)):
            self._sizes[path] = size
        return size

    def frozen(self, path: str) -> int:
        """Return the number of scalar parameters of a module that require no gradient."""
        module = self._modules[path]()
        parameters = [] if module is None else torch_compat.all_parameters(module)
        return sum(
            p.numel() for p in parameters if not p.requires_grad and torch_compat.has_storage(p)
        )

    def table(self) -> ParameterTable:
        """Return the parameters of all known modules."""
        alive = {label: ref() for label, ref in self._models.items()}
        return ParameterTable({label: m for label, m in alive.items() if m is not None})

    def start(self) -> None:
        """Begin to record, unless a model is compiled, as hooks would recompile it."""
        self._thread = threading.get_ident()
        self._update_modules()
        if self._can_have_hooks or self._is_paused_when_compiled:
            self.resume()

    def pause(self) -> None:
        """Remove the hooks for a time; calls that are under way remain open."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        torch_compat.stop_observing_forward(self._around_forward)

    def resume(self) -> None:
        """Register the hooks, unless they are."""
        if not self._handles:
            self._handles = [
                register_module_forward_pre_hook(self._enter),
                register_module_forward_hook(self._leave),
            ]
            self._observe(list(self._modules.values()))

    def observe(self, modules: Iterable[nn.Module]) -> None:
        """Record direct calls of `forward` of modules that may not be discovered by then."""
        classes = {type(each) for module in modules for each in torch_compat.all_modules(module)}
        if self._is_paused_when_compiled:
            torch_compat.observe_forward(classes, self._around_forward)

    def _observe(self, references: Iterable[weakref.ref[nn.Module]]) -> None:
        classes = {type(module) for each in references if (module := each()) is not None}
        if self._is_paused_when_compiled:
            torch_compat.observe_forward(classes, self._around_forward)

    def enter(self, module: nn.Module, line: Line | None) -> None:
        """Record the beginning of a call for which no hook is called."""
        self._enter(module, ())
        stack = self._open.get(threading.get_ident())
        if stack and stack[-1].module is module:
            stack[-1].line = line

    def leave(self, module: nn.Module) -> None:
        """Record the end of a call for which no hook is called."""
        self._leave(module, (), None)

    def paths_of(self, modules: Sequence[nn.Module]) -> list[str]:
        """Return the paths of those among some modules that are part of the models."""
        known = (self._paths.get(id(module)) for module in modules)
        return [entry[0] for entry in known if entry is not None]

    def end_under_way(self, modules: Sequence[nn.Module]) -> list[Interval]:
        """End the calls of some modules that an error has ended, the outermost first.

        Other calls that are open were ended by errors that have been handled since.
        """
        now, stop = time.perf_counter_ns(), torch_compat.sequence_number()
        ended = []
        waiting = list(modules)
        for entry in self._open.get(self._thread, []):
            known = self._paths.get(id(entry.module))
            if not entry.is_recorded or known is None:
                continue
            if not any(entry.module is each for each in waiting):
                continue
            ended.append(
                Interval(
                    entry.start,
                    stop,
                    known[0],
                    entry.line,
                    entry.is_torch_class,
                    now - entry.began,
                )
            )
        for inner, each in enumerate(reversed(ended)):
            each.stop += inner  # so that each call is within the one before
        self.intervals += ended
        return ended

    def stop(self) -> None:
        """Remove the hooks; the intervals remain until `clear`."""
        self.pause()
        self._open.clear()
        self._running.clear()

    def in_order(self, nodes: Sequence[Node], links: Sequence[Link]) -> list[Node]:
        """Return the nodes of a graph in the order of creation."""
        if self.thread_calls:
            return in_order(nodes, links, self.thread_calls)
        return sorted(nodes, key=torch_compat.node_sequence)

    def on_own_thread(self, nodes: Sequence[Node]) -> Sequence[Node]:
        """Return the nodes that were created on the recorder's thread."""
        other_nodes = set().union(*(call.nodes() for call in self.thread_calls))
        return [node for node in nodes if node not in other_nodes] if other_nodes else nodes

    def clear(self) -> None:
        """Drop the intervals."""
        self.intervals = []
        self.thread_calls = []

    def _update_modules(self) -> None:
        """Update the models' modules; those of a deleted model keep their former names."""
        alive = {label: ref() for label, ref in self._models.items()}
        if all(model is not None for model in alive.values()):
            self._paths.clear()
        for label, model in alive.items():
            if model is not None:
                self._register(label, model)

    def _register(self, label: str, model: nn.Module) -> None:
        self._models[label] = weakref.ref(model)
        for path, module in torch_compat.named_modules(model):
            name = prefixed(label, path)
            self.types[name] = type(module).__name__
            known = self._modules.get(name)
            if known is None or known() is not module:
                self._sizes.pop(name, None)
            self._modules[name] = weakref.ref(module)
            self._paths.setdefault(id(module), (name, self._modules[name]))
            self._can_have_hooks = self._can_have_hooks and not torch_compat.is_compiled(module)

    def _discover(self, module: nn.Module) -> None:
        """Add a module under the name of its class, numbered if that name is taken."""
        kind = type(module).__name__
        same = sum(type(ref()).__name__ == kind for ref in self._models.values())
        label = f"{kind}{same + 1}" if same else kind
        self._register(label, module)
        if self._handles:
            self.observe([module])

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        if self._discovers and id(module) not in self._paths and torch.is_grad_enabled():
            self._discover(module)
        thread = threading.get_ident()
        if thread != self._thread:
            self._enter_on_other_thread(module)
        if id(module) in self._paths:
            stack = self._open.get(thread)
            if stack is None:
                stack = self._open[thread] = []
            if not torch.is_grad_enabled():
                stack.append(OpenCall(module, is_recorded=False))
                return
            of_torch = is_torch_class(type(module))
            # There is no line of the user's code between a torch container and its modules.
            line = None if stack and stack[-1].is_torch_class else user_line(_CALLERS)
            start = torch_compat.sequence_number()
            stack.append(OpenCall(module, start, line, of_torch, time.perf_counter_ns()))

    def _around_forward(
        self,
        module: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call `forward`, and record this as a call of the module unless hooks have done so."""
        stack = self._open.get(threading.get_ident())
        if stack and stack[-1].module is module and not stack[-1].is_in_forward:
            stack[-1].is_in_forward = True
            return forward(*args, **kwargs)
        self._enter(module, args)
        stack = self._open.get(threading.get_ident())
        if stack and stack[-1].module is module:
            stack[-1].is_in_forward = True
        output = forward(*args, **kwargs)
        self._leave(module, args, output)
        return output

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        now = time.perf_counter_ns()
        thread = threading.get_ident()
        if thread == self._thread:
            self._close(module, thread, now, self.intervals)
            return
        running = self._running.get(thread)
        if running is None:
            return
        self._close(module, thread, now, running.intervals)
        if running.module is module:
            del self._running[thread]
            running.returned, running.given = creators_of(output), creators_of(inputs)
            self.thread_calls.append(running)

    def _close(self, module: nn.Module, thread: int, now: int, intervals: list[Interval]) -> None:
        stack = self._open.get(thread)
        known = self._paths.get(id(module))
        if not stack or known is None or known[1]() is not module:
            return
        place = next((n for n in reversed(range(len(stack))) if stack[n].module is module), None)
        if place is None:
            return
        entry = stack[place]
        del stack[place:]  # with the entries of calls that raised
        if entry.is_recorded and len(intervals) < _MAX_INTERVALS:
            stop, duration = torch_compat.sequence_number(), now - entry.began
            intervals.append(
                Interval(entry.start, stop, known[0], entry.line, entry.is_torch_class, duration)
            )

    def _enter_on_other_thread(self, module: nn.Module) -> None:
        """Record an outermost call on another thread: of a watched module, or within its call."""
        thread, around = threading.get_ident(), self._innermost_open_call()
        running = self._running.get(thread)
        if running is not None and running.module is not module:
            return
        if torch.is_grad_enabled() and (around is not None or id(module) in self._paths):
            self._running[thread] = ThreadCall(module, around)

    def _innermost_open_call(self) -> tuple[int, str] | None:
        """Return start and path of the innermost call under way on the recorder's thread."""
        for entry in reversed(self._open.get(self._thread, [])):
            known = self._paths.get(id(entry.module))
            if entry.is_recorded and known is not None:
                return entry.start, known[0]
        return None
