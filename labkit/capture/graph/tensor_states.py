"""Restores the values of tensors that an extra run of the user's code changes in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import torch

from labkit.capture import torch_compat
from labkit.capture.graph.operation_results import tensors_in

_MAX_NORM = 3
"""Position of the argument `max_norm` of embeddings, with which they change their weights."""
_MAX_COPIED_AT_ONCE = 1 << 20
"""Size in bytes up to which a tensor is copied at once; a larger one only before it is changed."""
_GIVES_MEMORY = frozenset({"numpy", "__array__", "__dlpack__", "data_ptr", "untyped_storage"})
"""Functions whose result may be used to change a tensor without torch."""
_BACKWARD: tuple[Callable[..., Any], ...] = (torch.Tensor.backward, torch.autograd.backward)


class _State:
    """One tensor: the memory that it had, its values once they are copied, and what it required."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor
        self._class = type(tensor)
        self._memory = tensor.detach()
        self._size = torch_compat.storage_size(tensor)
        self._values: torch.Tensor | None = None
        self._is_leaf, self._requires_grad = tensor.is_leaf, tensor.requires_grad
        self._hooks = torch_compat.hooks_of(tensor)
        self.gradient = tensor.grad if tensor.is_leaf else None

    def copy(self) -> None:
        """Copy the values, unless they were copied before."""
        if self._values is None and torch_compat.is_readable(self._tensor):
            self._values = self._memory.clone()

    def restore(self) -> None:
        """Restore the memory, the values, the hooks and the flags, where they have changed."""
        tensor, memory, values = self._tensor, self._memory, self._values
        if type(tensor) is not self._class:  # a lazy module was initialized
            tensor.__class__ = self._class
        self._restore_flags()
        torch_compat.restore_storage_size(memory, self._size)
        if not torch_compat.same_memory(tensor, memory):
            tensor.data = memory
        if values is None or torch_compat.same_bits(tensor, values):
            return
        # By `data`, as graphs that have saved the tensor must not see a new version.
        if tensor.shape == values.shape and tensor.layout is torch.strided:
            tensor.data.copy_(values)
        else:
            tensor.data = values

    def restore_gradient(self) -> None:
        """Restore the ``.grad`` of a leaf, where another tensor or None was assigned."""
        if self._is_leaf and self._tensor.is_leaf and self._tensor.grad is not self.gradient:
            self._tensor.grad = self.gradient

    def _restore_flags(self) -> None:
        tensor = self._tensor
        torch_compat.restore_hooks(tensor, self._hooks)
        with suppress(RuntimeError):  # a view cannot be detached in place
            if self._is_leaf and not tensor.is_leaf:
                tensor.detach_()
            if self._is_leaf and tensor.requires_grad != self._requires_grad:
                tensor.requires_grad_(self._requires_grad)


class TensorStates(torch_compat.FunctionMode):
    """The states of some tensors, restored with `restore`.

    As a context, it copies a large tensor when a function is about to change it.

    Parameters
    ----------
    used : callable
        Called with each `torch.Generator` that a function takes, before the function.
    keeps_gradients : bool
        Whether gradients are not restored.
    """

    def __init__(
        self, used: Callable[[torch.Generator], None], *, keeps_gradients: bool = False
    ) -> None:
        super().__init__()
        self._used = used
        self._keeps_gradients = keeps_gradients
        self._states: dict[int, _State] = {}
        self._large: dict[int, list[_State]] = {}
        """States whose values are not copied yet, by the address of their memory."""
        self._gradients: set[int] = set()
        """The addresses of those that a backward pass may change."""

    def add(self, tensors: Iterable[torch.Tensor], *, read_only: bool = False) -> None:
        """Add tensors that exist before the run, with their gradients.

        Those that are usually `read_only` are copied only before they are changed, like large ones.
        """
        for tensor in tensors:
            for part in torch_compat.parts_of(tensor):
                if id(part) in self._states:
                    continue
                with torch_compat.unnoticed():
                    gradient = self._add(part, read_only=read_only).gradient
                    if gradient is not None and not self._keeps_gradients:
                        self._add(gradient, is_gradient=True)

    def copy_all(self) -> None:
        """Copy all values, before code runs whose operations cannot be observed."""
        for address in list(self._large):
            self._copy(address)

    def restore(self) -> None:
        """Restore all tensors, and drop them; a failure does not affect the others."""
        states, self._states = self._states, {}
        self._large.clear()
        with torch.no_grad():
            for state in states.values():
                with torch_compat.unnoticed():
                    state.restore()
            for state in () if self._keeps_gradients else states.values():
                with torch_compat.unnoticed():
                    state.restore_gradient()

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        with torch_compat.unnoticed():
            self._before(func, args, named)
        return func(*args, **named)

    def _add(
        self, tensor: torch.Tensor, *, read_only: bool = False, is_gradient: bool = False
    ) -> _State:
        self._states[id(tensor)] = state = _State(tensor)
        address = torch_compat.memory_address(tensor)
        if address is None or (tensor.nbytes <= _MAX_COPIED_AT_ONCE and not read_only):
            state.copy()
            return state
        self._large.setdefault(address, []).append(state)
        if is_gradient:
            self._gradients.add(address)
        return state

    def _before(self, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        for value in (*args, *named.values()):
            if isinstance(value, torch.Generator):
                self._used(value)
        if not self._large:
            return
        if func in _BACKWARD:
            for address in self._gradients:
                self._copy(address)
        if not _may_change(func, args, named):
            return
        for value in tensors_in((*args, *named.values())):
            for part in torch_compat.parts_of(value):
                given = torch_compat.memory_address(part)
                if given is not None:
                    self._copy(given)

    def _copy(self, address: int) -> None:
        for state in self._large.pop(address, ()):
            with torch_compat.unnoticed():
                state.copy()


def _may_change(func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Return whether a function may change one of its arguments, by its schema or its name."""
    writes = torch_compat.writes_arguments(func)
    if writes is not None:
        return writes
    name = str(getattr(func, "__name__", ""))
    if name.startswith("embedding"):
        max_norm = named.get("max_norm", args[_MAX_NORM] if len(args) > _MAX_NORM else None)
        return max_norm is not None
    in_place = name.endswith("_") and not name.endswith("__")
    assigns = name == "__setitem__" or name.startswith("__i")
    statistics = name.endswith(("batch_norm", "instance_norm"))
    return in_place or assigns or statistics or name in _GIVES_MEMORY or "out" in named
