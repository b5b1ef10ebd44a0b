"""Which module call made which autograd node, at no cost per operation.

Autograd numbers its nodes in the order in which they are made. While a module runs, the
numbers given out are its own or its children's; so the interval between the counter before
and after a call names the call of every node in it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from labkit.capture import torch_compat
from labkit.capture.parameters import prefixed

_MOST_INTERVALS = 50_000


@dataclass(frozen=True)
class Interval:
    """The sequence numbers from `start` up to `stop` belong to one call of a module."""

    start: int
    stop: int
    path: str


class ScopeRecorder:
    """Records the intervals of the watched modules' calls while it is on.

    Parameters
    ----------
    models : mapping of str to Module
        The label ``""`` stands for an only model.
    """

    def __init__(self, models: Mapping[str, nn.Module]) -> None:
        self.types: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.intervals: list[Interval] = []
        self._paths: dict[int, tuple[str, weakref.ref[nn.Module]]] = {}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._open: dict[int, list[tuple[nn.Module, int]]] = {}
        self._usable = True
        for label, model in models.items():
            for path, module in model.named_modules(remove_duplicate=False):
                name = prefixed(label, path)
                self.types[name] = type(module).__name__
                self.sizes[name] = sum(
                    p.numel() for p in module.parameters() if torch_compat.has_storage(p)
                )
                self._paths.setdefault(id(module), (name, weakref.ref(module)))
                self._usable = self._usable and not torch_compat.is_compiled(module)

    def start(self) -> None:
        """Begin to record; a compiled model is left alone, as hooks would recompile it."""
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

    def clear(self) -> None:
        """Forget the intervals."""
        self.intervals = []

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        if id(module) in self._paths and torch.is_grad_enabled():
            stack = self._open.setdefault(threading.get_ident(), [])
            stack.append((module, torch_compat.sequence_number()))

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        stack = self._open.get(threading.get_ident())
        known = self._paths.get(id(module))
        if not stack or known is None or known[1]() is not module:
            return
        while stack:  # calls that raised left their entries behind
            entered, start = stack.pop()
            if entered is module:
                break
        else:
            return
        if len(self.intervals) < _MOST_INTERVALS:
            self.intervals.append(Interval(start, torch_compat.sequence_number(), known[0]))
