"""Finds a tensor in a module's output that can be read without side effects."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat

_MAX_PARTS = 16
_DEEPEST = 4


def first_readable(output: Any, depth: int = 0) -> torch.Tensor | None:
    """Return the first tensor in a module's output that can be read; None if there is none.

    Parameters
    ----------
    output : object
        A tensor, or a tuple, list, mapping or dataclass of tensors, nested a few levels deep. Other
        objects are not accessed.
    depth : int
        Nesting level, 0 for the whole output.
    """
    if isinstance(output, torch.Tensor):
        return output if is_readable(output) else None
    if isinstance(output, nn.utils.rnn.PackedSequence):
        return first_readable(output.data)
    if depth < _DEEPEST:
        for part in islice(_parts(output), _MAX_PARTS):
            found = first_readable(part, depth + 1)
            if found is not None:
                return found
    return None


def is_readable(tensor: torch.Tensor) -> bool:
    """Return whether a tensor directly stores at least two real floating-point numbers."""
    return (
        torch_compat.holds_values(tensor)
        and tensor.is_floating_point()
        and not tensor.is_nested
        and not tensor.is_meta
        and tensor.layout is torch.strided
        and tensor.numel() > 1
        and not (tensor.is_cuda and torch.cuda.is_current_stream_capturing())
    )


def _parts(output: Any) -> Iterable[Any]:
    if isinstance(output, Mapping):
        return output.values()
    if isinstance(output, (tuple, list)):
        return output
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return vars(output).values() if hasattr(output, "__dict__") else ()
    return ()
