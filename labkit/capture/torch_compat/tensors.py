"""Private names of tensors: versions, operations on lists of tensors, modes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import torch
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


without_functions: Callable[[], AbstractContextManager[None]] = torch._C.DisableTorchFunction
"""A context in which no `__torch_function__` is called, neither of tensors nor of modes."""
DispatchMode = TorchDispatchMode
"""A mode that is called for every operation below autograd."""


def has_dispatch_mode() -> bool:
    """Return whether a dispatch mode is active, so that labkit must not run further operations."""
    depth = getattr(torch._C, "_len_torch_dispatch_stack", None)
    return depth is not None and bool(depth())
