"""Restores everything that an extra run of the user's code changes, as far as it can be known."""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Self

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from labkit.capture import torch_compat
from labkit.capture.graph.generators import GeneratorStates, generators_in, values_of_code
from labkit.capture.graph.module_states import ModuleState
from labkit.capture.graph.tensor_states import TensorStates


class StateRestoration:
    """As a context, restores the modules that are called in it on its thread, and generators.

    Restored are the attributes of these modules, the values of their buffers, parameters and
    gradients, and the states of generators, also if the code raises.

    Parameters
    ----------
    modules : iterable of Module
        Modules that are restored in any case, with their submodules.
    code : callable, optional
        A function whose variables may be generators.
    keeps_gradients : bool
        Whether the ``.grad`` of parameters is not restored.
    """

    def __init__(
        self,
        modules: Iterable[nn.Module] = (),
        code: object = None,
        *,
        keeps_gradients: bool = False,
    ) -> None:
        self._generators = GeneratorStates()
        self._tensors = TensorStates(self._generators.add)
        self._modules: dict[int, ModuleState] = {}
        self._keeps_gradients = keeps_gradients
        self._thread = threading.get_ident()
        self._handle: RemovableHandle | None = None
        self._add_generators(values_of_code(code))
        for module in modules:
            self._add(module)

    def __enter__(self) -> Self:
        self._handle = register_module_forward_pre_hook(self._called)
        self._tensors.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        if self._handle is not None:
            self._handle.remove()
        self._tensors.__exit__(kind, error, traceback)  # type: ignore[no-untyped-call]
        for state in self._modules.values():
            with suppress(Exception):
                state.restore()
        self._tensors.restore()
        if not self._keeps_gradients:
            for state in self._modules.values():
                with torch_compat.unnoticed():
                    state.restore_gradients()
        self._generators.restore()

    def pause(self) -> Callable[[], None]:
        """Stop observing the code; return a function that begins again."""
        if self._handle is not None:
            self._handle.remove()
        enter = torch_compat.pause_function_mode(self._tensors)

        def resume() -> None:
            self._handle = register_module_forward_pre_hook(self._called)
            enter()

        return resume

    def copy_all(self) -> None:
        """Copy all values, before code runs whose operations cannot be observed."""
        self._tensors.copy_all()

    def _called(self, module: nn.Module, _: Any) -> None:
        if threading.get_ident() == self._thread and id(module) not in self._modules:
            self._add(module)

    def _add(self, module: nn.Module) -> None:
        for each in torch_compat.all_modules(module):
            if id(each) in self._modules:
                continue
            with torch_compat.unnoticed():
                self._modules[id(each)] = state = ModuleState(each)
                self._tensors.add(state.tensors())
                self._tensors.add(state.parameters(), read_only=True)
                if not self._keeps_gradients:
                    self._tensors.add(state.gradients(), read_only=True)
                self._add_generators(state.generators())
                self._add_generators(values_of_code(torch_compat.forward_function(type(each))))

    def _add_generators(self, values: Iterable[object]) -> None:
        for value in generators_in(values):
            self._generators.add(value)
