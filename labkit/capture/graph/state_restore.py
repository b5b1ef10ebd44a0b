"""Restores the buffers of a model after an extra forward pass."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook


@contextmanager
def restored_buffers() -> Iterator[None]:
    """Restore the changed buffers of every module that is called in the context."""
    seen: weakref.WeakSet[nn.Module] = weakref.WeakSet()
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    def keep(module: nn.Module, _: Any) -> None:
        if module not in seen:
            seen.add(module)
            kept.extend((b, b.detach().clone()) for b in module.buffers(recurse=False))

    handle = register_module_forward_pre_hook(keep)
    try:
        yield
    finally:
        handle.remove()
        with torch.no_grad():
            for buffer, before in kept:
                if not torch.equal(buffer, before):
                    # By `data`, as graphs that have saved the buffer must not see a new version.
                    buffer.data.copy_(before)
