"""Private names of tensors: versions, operations on lists of tensors, modes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node
from torch.nn.parameter import is_lazy

_ORDINARY = frozenset({torch.Tensor, nn.Parameter})


def tensor_version(tensor: torch.Tensor) -> int:
    """Return a tensor's version, which increases with in-place changes.

    FSDP adds to the part of a gradient that this process holds, which has a version of its own.
    """
    version = tensor._version
    if type(tensor) in _ORDINARY:
        return version
    part = getattr(tensor, "_local_tensor", None)
    return version + part._version if isinstance(part, torch.Tensor) else version


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
