"""Keeps labkit's hooks and modes out of regions that torch.compile has compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from torch import nn

from labkit.capture import torch_compat
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.operation_recorder import CallRecorder
from labkit.capture.graph.source_lines import user_line
from labkit.capture.graph.state_restore import StateRestoration


class CompiledCalls:
    """As a context, pauses recorders while a compiled region runs, so that it is not recompiled.

    The nodes of the region belong to the call of its module, and to the line that called it.

    Parameters
    ----------
    scopes : ScopeRecorder
    calls : CallRecorder
    modes : sequence of DispatchMode
        Other modes that are active, the innermost last.
    restoration : StateRestoration, optional
    """

    def __init__(
        self,
        scopes: ScopeRecorder,
        calls: CallRecorder,
        modes: Sequence[torch_compat.DispatchMode] = (),
        restoration: StateRestoration | None = None,
    ) -> None:
        self._scopes = scopes
        self._calls = calls
        self._modes = modes
        self._restoration = restoration
        self._regions = torch_compat.CompiledRegions(self._begins, self._ends)
        self._resume: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        self._regions.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._regions.__exit__(kind, error, traceback)

    def _begins(self, function: object) -> None:
        module = getattr(function, "__self__", None)
        start, line = torch_compat.sequence_number(), user_line()
        if isinstance(module, nn.Module):
            self._scopes.enter(module, line)
        pause, resume = self._scopes.pause, self._scopes.resume
        pause()
        self._resume = [resume, torch_compat.pause_function_mode(self._calls)]
        for mode in reversed(self._modes):
            self._resume.append(torch_compat.pause_dispatch_mode(mode))
        if self._restoration is not None:
            if isinstance(module, nn.Module):
                self._restoration.add(module)
            self._restoration.add_code(function)
            self._restoration.copy_all()
            self._resume.append(self._restoration.pause())

        def finish() -> None:
            stop = torch_compat.sequence_number()
            if stop > start:
                self._calls.add_call(start, stop, line)
            if isinstance(module, nn.Module):
                self._scopes.leave(module)

        self._resume.insert(0, finish)

    def _ends(self, result: object) -> None:
        self._calls.add_results(result)
        waiting, self._resume = self._resume, []
        for resume in reversed(waiting):
            resume()
