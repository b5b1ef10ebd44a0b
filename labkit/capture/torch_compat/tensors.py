"""Private names of tensors: versions, operations on many at once, modes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

tensor_version = operator.attrgetter("_version")
"""How often a tensor was changed in place; read many times a step, so no function of Python's."""


@functools.lru_cache(maxsize=256)
def name_of(kind: torch.dtype | torch.device) -> str:
    """Return a dtype's or a device's name without ``torch.``."""
    return str(kind).removeprefix("torch.")


def foreach_norm(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return the 2-norm of every tensor in one fused call."""
    return list(torch._foreach_norm(tuple(tensors), 2.0))


def foreach_subtract(left: Sequence[torch.Tensor], right: Sequence[torch.Tensor]) -> None:
    """Subtract ``right[i]`` from ``left[i]`` in place, in one fused call."""
    if left:
        torch._foreach_sub_(tuple(left), tuple(right))


def has_storage(parameter: torch.Tensor) -> bool:
    """Return whether a parameter has a size yet; a lazy module's gets it at its first call."""
    return not is_lazy(parameter)


def holds_values(tensor: torch.Tensor) -> bool:
    """Return whether a tensor's class leaves it to torch where and how its values are stored."""
    ordinary = torch.Tensor.__torch_dispatch__
    return getattr(type(tensor), "__torch_dispatch__", ordinary) == ordinary


def is_transformed() -> bool:
    """Return whether torch is tracing, compiling or transforming: then tensors hold no values."""
    if torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None:
        return True
    # To ask functorch's own stack would create it, and from then on every node of autograd, of
    # every model, would copy it.
    active = getattr(torch._C, "_are_functorch_transforms_active", None)
    return active is not None and bool(active())


without_functions: Callable[[], AbstractContextManager[None]] = torch._C.DisableTorchFunction
"""Within it no `__torch_function__` is called, neither a tensor's nor a mode's."""
DispatchMode = TorchDispatchMode
"""A mode that sees every operation that runs, below autograd."""


def sees_every_operation() -> bool:
    """Return whether some mode sees every operation: then none may be added to the loop's."""
    depth = getattr(torch._C, "_len_torch_dispatch_stack", None)
    return depth is not None and bool(depth())
