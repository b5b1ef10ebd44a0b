"""Restores the values of tensors that an extra run of the user's code changes in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from labkit.capture import torch_compat
from labkit.capture.graph.operation_results import tensors_in

_MAX_NORM = 3
"""Position of the argument `max_norm` of embeddings, with which they change their weights."""
_MAX_COPIED_AT_ONCE = 1 << 20
"""Size in bytes up to which a tensor is copied at once; a larger one only before it is changed."""


class _State:
    """One tensor: the memory that it had, and its values once they are copied."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor
        self._class = type(tensor)
        self._memory = tensor.detach()
        self._values: torch.Tensor | None = None

    def copy(self) -> None:
        """Copy the values, unless they were copied before."""
        if self._values is None and torch_compat.is_readable(self._tensor):
            self._values = self._memory.clone()

    def restore(self) -> None:
        """Restore the memory and the values, where they have changed."""
        tensor, memory, values = self._tensor, self._memory, self._values
        if type(tensor) is not self._class:  # a lazy module was initialized
            tensor.__class__ = self._class
        if not torch_compat.same_memory(tensor, memory):
            tensor.data = memory
        if values is None or _equal(tensor, values):
            return
        # By `data`, as graphs that have saved the tensor must not see a new version.
        if tensor.shape == values.shape and tensor.layout is torch.strided:
            tensor.data.copy_(values)
        else:
            tensor.data = values


class TensorStates(TorchFunctionMode):
    """The states of some tensors, restored with `restore`.

    As a context, it copies a large tensor when a function is about to change it.

    Parameters
    ----------
    used : callable
        Called with each `torch.Generator` that a function takes, before the function.
    """

    def __init__(self, used: Callable[[torch.Generator], None]) -> None:
        super().__init__()
        self._used = used
        self._states: dict[int, _State] = {}
        self._large: dict[int, list[_State]] = {}
        """States whose values are not copied yet, by the address of their memory."""

    def add(self, tensors: Iterable[torch.Tensor], *, read_only: bool = False) -> None:
        """Add tensors that exist before the run.

        Those that are usually `read_only` are copied only before they are changed, like large ones.
        """
        for tensor in tensors:
            if id(tensor) in self._states:
                continue
            with torch_compat.unnoticed():
                self._states[id(tensor)] = state = _State(tensor)
                address = torch_compat.memory_address(tensor)
                if address is None or (tensor.nbytes <= _MAX_COPIED_AT_ONCE and not read_only):
                    state.copy()
                else:
                    self._large.setdefault(address, []).append(state)

    def copy_all(self) -> None:
        """Copy all values, before code runs whose operations cannot be observed."""
        large, self._large = self._large, {}
        for states in large.values():
            for state in states:
                with torch_compat.unnoticed():
                    state.copy()

    def restore(self) -> None:
        """Restore all tensors; a failure does not affect the others."""
        with torch.no_grad():
            for state in self._states.values():
                with torch_compat.unnoticed():
                    state.restore()

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

    def _before(self, func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        for value in (*args, *named.values()):
            if isinstance(value, torch.Generator):
                self._used(value)
        if not self._large:
            return
        if not _may_change(func, args, named):
            return
        for value in tensors_in((*args, *named.values())):
            address = torch_compat.memory_address(value)
            for state in self._large.pop(address, ()) if address is not None else ():
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
    return in_place or assigns or statistics or "out" in named


def _equal(tensor: torch.Tensor, values: torch.Tensor) -> bool:
    if tensor.shape != values.shape:
        return False
    if tensor.layout is torch.sparse_coo:
        some, others = tensor.detach().coalesce(), values.coalesce()
        return torch.equal(some.indices(), others.indices()) and torch.equal(
            some.values(), others.values()
        )
    try:
        return torch.equal(tensor, values)
    except (RuntimeError, NotImplementedError):
        return False
