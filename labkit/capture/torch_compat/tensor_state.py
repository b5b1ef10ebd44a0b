"""Private names of tensors: where their values are held, and what else belongs to their state."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import torch

from labkit.capture.torch_compat.modes import unnoticed
from labkit.capture.torch_compat.tensors import holds_values, memory_address

_COMPRESSED = {torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc}


def parts_of(tensor: torch.Tensor) -> list[torch.Tensor]:
    """Return the tensors whose memory holds the values of a tensor, usually the tensor itself.

    A compressed sparse tensor, a nested one, and one whose class stores its values in other tensors
    have several.
    """
    found: list[torch.Tensor] = []
    with unnoticed():
        if not holds_values(tensor):
            names = getattr(tensor, "__tensor_flatten__", lambda: (list(vars(tensor)), None))()[0]
            inner = (getattr(tensor, name, None) for name in names)
            found = [
                part for each in inner if isinstance(each, torch.Tensor) for part in parts_of(each)
            ]
        elif tensor.layout in _COMPRESSED:
            rows = tensor.layout in (torch.sparse_csr, torch.sparse_bsr)
            outer = tensor.crow_indices() if rows else tensor.ccol_indices()
            inner_indices = tensor.col_indices() if rows else tensor.row_indices()
            found = [outer, inner_indices, tensor.values()]
        elif tensor.is_nested:
            found = [tensor.values()]
    return found or [tensor]


def copy_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return a copy of a tensor without its history; None if it cannot be copied."""
    with unnoticed() if holds_values(tensor) else suppress(Exception):
        return tensor.detach().clone()
    return None


def storage_size(tensor: torch.Tensor) -> int | None:
    """Return the size of a dense tensor's storage in bytes; None of a tensor without one."""
    return None if memory_address(tensor) is None else tensor.untyped_storage().nbytes()


def restore_storage_size(tensor: torch.Tensor, size: int | None) -> None:
    """Enlarge the storage of a tensor to its former size, if it was made smaller."""
    present = storage_size(tensor)
    if size is not None and present is not None and present < size:
        tensor.untyped_storage().resize_(size)


_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def hooks_of(tensor: torch.Tensor) -> dict[str, dict[Any, Any]]:
    """Return the hooks on a tensor and its gradient."""
    found = ((name, getattr(tensor, name, None)) for name in _HOOKS)
    return {name: dict(hooks) for name, hooks in found if hooks}


def restore_hooks(tensor: torch.Tensor, hooks: dict[str, dict[Any, Any]]) -> None:
    """Remove hooks that were added to a tensor, and add those that were removed."""
    for name in _HOOKS:
        present, before = getattr(tensor, name, None), hooks.get(name, {})
        if present is not None and dict(present) != before:
            present.clear()
            present.update(before)


_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def same_bits(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether two tensors have the same values, bit for bit; False if it is unknown."""
    if tensor.shape != other.shape or tensor.dtype is not other.dtype:
        return False
    try:
        if tensor.layout is torch.sparse_coo:
            some, others = tensor.detach().coalesce(), other.coalesce()
            return same_bits(some.indices(), others.indices()) and same_bits(
                some.values(), others.values()
            )
        return torch.equal(_as_integers(tensor.detach()), _as_integers(other))
    except (RuntimeError, NotImplementedError, KeyError):
        return False


def _as_integers(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_quantized:
        return tensor.int_repr()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    return tensor.view(_INTEGERS[tensor.itemsize])
