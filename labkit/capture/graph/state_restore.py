"""Leaves a model as it was after a forward pass that was run to look at it."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook


@contextmanager
def buffers_put_back() -> Iterator[None]:
    """Put the buffers of every module that is called back, where they changed."""
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
                    # By `data`, since graphs that keep the buffer must not take it for changed.
                    buffer.data.copy_(before)
