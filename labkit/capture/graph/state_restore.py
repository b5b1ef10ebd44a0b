"""Restores everything that an extra run of the user's code changes, as far as it can be known."""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Self

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from labkit.capture import torch_compat
from labkit.capture.graph.generators import GeneratorStates, generators_in, values_of_code
from labkit.capture.graph.module_states import ModuleState
from labkit.capture.graph.object_states import ObjectStates
from labkit.capture.graph.settings import Settings
from labkit.capture.graph.tensor_states import TensorStates


class StateRestoration:
    """As a context, restores once what the code in it changes on its thread, also if it raises.

    Restored are the modules that are called, with their attributes, buffers, parameters, gradients
    and hooks; the inputs; generators; and torch's settings.

    Parameters
    ----------
    modules : iterable of Module
        Modules that are restored in any case, with their submodules.
    inputs : iterable
        Inputs of these modules.
    code : callable, optional
        A function whose variables may be modules, tensors, generators and objects.
    keeps_gradients : bool
        Whether the ``.grad`` of tensors is not restored.
    """

    def __init__(
        self,
        modules: Iterable[nn.Module] = (),
        inputs: Iterable[object] = (),
        code: object = None,
        *,
        keeps_gradients: bool = False,
    ) -> None:
        self._settings = Settings()
        self._generators = GeneratorStates()
        self._tensors = TensorStates(self._generators.add, keeps_gradients=keeps_gradients)
        self._objects = ObjectStates()
        self._modules: dict[int, ModuleState] = {}
        self._thread = threading.get_ident()
        self._handle: RemovableHandle | None = None
        for module in modules:
            self._add(module)
        self._add_values(inputs)
        # Its lists and dicts are not restored: code may collect its results in them.
        self._add_values(values_of_code(code), containers=False)

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
        self._tensors.__exit__(kind, error, traceback)
        with torch_compat.without_modes():
            self._restore()

    def _restore(self) -> None:
        self._settings.restore()
        modules, self._modules = self._modules, {}
        for state in modules.values():
            with suppress(Exception):
                state.restore()
        self._objects.restore()
        self._tensors.restore()
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

    def add(self, module: nn.Module) -> None:
        """Add a module that is called where no hook is."""
        self._add(module)

    def add_code(self, function: object) -> None:
        """Add the modules among the variables of a function whose calls are not observed."""
        for value in generators_in(values_of_code(function)):
            if isinstance(value, nn.Module):
                self._add(value)

    def _called(self, module: nn.Module, _: Any) -> None:
        if threading.get_ident() == self._thread and id(module) not in self._modules:
            self._add(module)

    def _add(self, module: nn.Module) -> None:
        for each in torch_compat.all_modules(module):
            if id(each) in self._modules:
                continue
            with torch_compat.unnoticed():
                self._modules[id(each)] = state = ModuleState(each)
                list(self._objects.add(state.items_of_parameters()))
                self._tensors.add(state.parameters(), read_only=True)
                self._add_values(state.values())
                for value in generators_in(
                    values_of_code(torch_compat.forward_function(type(each)))
                ):
                    self._generators.add(value)

    def _add_values(self, values: Iterable[object], *, containers: bool = True) -> None:
        for value in self._objects.add(values, containers=containers):
            if isinstance(value, torch.Tensor):
                self._tensors.add([value], read_only=isinstance(value, nn.Parameter))
            elif isinstance(value, nn.Module):
                self._add(value)
            else:
                self._generators.add(value)
