"""Private names of tensors: versions, operations on lists of tensors, modes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import torch
from torch.autograd.graph import Node
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

tensor_version = operator.attrgetter("_version")
"""Returns a tensor's version: the number of in-place changes.

It is called many times in a step; an attribute getter is faster than a Python function.
"""


@functools.lru_cache(maxsize=256)
def name_of(kind: torch.dtype | torch.device) -> str:
    """Return the name of a dtype or a device without ``torch.``."""
    return str(kind).removeprefix("torch.")


def foreach_norm(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return the 2-norm of every tensor in one fused call."""
    return list(torch._foreach_norm(tuple(tensors), 2.0))


def foreach_subtract(left: Sequence[torch.Tensor], right: Sequence[torch.Tensor]) -> None:
    """Subtract ``right[i]`` from ``left[i]`` in place, in one fused call."""
    if left:
        torch._foreach_sub_(tuple(left), tuple(right))


def has_storage(parameter: torch.Tensor) -> bool:
    """Return whether a parameter has a size; in a lazy module it gets one at the first call."""
    return not is_lazy(parameter)


Output = tuple[tuple[int, ...] | None, str | None, str | None]
"""Shape, dtype and device of a tensor; None for what is unknown."""


def holds_values(tensor: torch.Tensor) -> bool:
    """Return whether torch stores a tensor's values, and not the tensor's class."""
    ordinary = torch.Tensor.__torch_dispatch__
    return getattr(type(tensor), "__torch_dispatch__", ordinary) == ordinary


def is_transformed() -> bool:
    """Return whether torch is tracing, compiling or transforming: tensors have no values then."""
    if torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None:
        return True
    # Reading functorch's stack would create it, and from then on every autograd node would copy it.
    active = getattr(torch._C, "_are_functorch_transforms_active", None)
    return active is not None and bool(active())


class unnoticed:  # noqa: N801 - a context, used like `contextlib.suppress`
    """A context for labkit's own look at tensors, which the user's code cannot notice.

    In it, no `__torch_function__` and no `__torch_dispatch__` is called, neither of tensors nor of
    modes, and tensors are not transformed by `torch.func`. An exception ends the context and goes
    no further.
    """

    def __enter__(self) -> None:
        self._contexts = (
            torch._C.DisableTorchFunction(),
            torch._C._DisableTorchDispatch(),
            torch._C._DisableFuncTorch(),
        )
        for context in self._contexts:
            context.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        for context in reversed(self._contexts):
            context.__exit__(None, None, None)
        return kind is not None and issubclass(kind, Exception)


def is_readable(tensor: torch.Tensor) -> bool:
    """Return whether a tensor has values that torch itself stores: not in `vmap`, not on meta."""
    return (
        holds_values(tensor)
        and not tensor.is_meta
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def creator(tensor: torch.Tensor) -> Node | None:
    """Return the node that created a tensor, if it is part of the graph that backward runs.

    None within a transform of `torch.func`, whose own graph ends with it. None for a view under
    ``torch.no_grad``, as autograd could create a node for it when it is asked.
    """
    if not tensor.requires_grad or torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return None
    if not torch.is_grad_enabled() and tensor._is_view():
        return None
    return tensor.grad_fn


def changed_tensor(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor whose history an in-place operation on a tensor has changed."""
    base = tensor._base if tensor._is_view() else None
    return tensor if base is None else base


def described(tensor: torch.Tensor) -> Output:
    """Return shape, dtype and device of a tensor, or of autograd's description of one.

    None for what is unknown.
    """
    try:
        shape = tuple(map(int, tensor.shape))
    except Exception:  # noqa: BLE001 - a jagged or a symbolic size is not a number
        shape = None
    return shape, name_of(tensor.dtype), name_of(tensor.device)


def memory_address(tensor: torch.Tensor) -> int | None:
    """Return the address of a dense tensor's storage; None of a tensor without one."""
    if tensor.layout is not torch.strided or not is_readable(tensor) or is_lazy(tensor):
        return None
    return tensor.untyped_storage().data_ptr()


def same_memory(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether two tensors are the same part of the same storage.

    True for tensors without a storage of their own, such as sparse ones.
    """
    if tensor.shape != other.shape:
        return False
    if memory_address(tensor) != memory_address(other):
        return False
    if tensor.layout is not torch.strided:
        return True
    same_place = tensor.storage_offset() == other.storage_offset()
    return same_place and tensor.stride() == other.stride()


def writes_arguments(func: Any) -> bool | None:
    """Return whether a registered operator changes an argument; None for any other function."""
    if isinstance(func, torch._ops.OpOverloadPacket):
        schemas = [getattr(func, name)._schema for name in func.overloads()]  # type: ignore[no-untyped-call]
    elif isinstance(func, torch._ops.OpOverload):
        schemas = [func._schema]
    else:
        return None
    # The operations of batch normalization change running statistics without saying so.
    return any(schema.is_mutable or "batch_norm" in schema.name for schema in schemas)


without_functions: Callable[[], AbstractContextManager[None]] = torch._C.DisableTorchFunction
"""A context in which no `__torch_function__` is called, neither of tensors nor of modes."""


class DispatchMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A mode that is called for every operation below autograd, higher-order ones included."""

    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False, as torch would load its compiler at the first operation otherwise."""
        return False


def has_dispatch_mode() -> bool:
    """Return whether a dispatch mode is active, so that labkit must not run further operations."""
    depth = getattr(torch._C, "_len_torch_dispatch_stack", None)
    return depth is not None and bool(depth())
