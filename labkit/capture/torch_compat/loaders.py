"""Private names of data loaders: their iterators and the sample indices of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

LOADER_ITERATOR: Any = getattr(torch.utils.data.dataloader, "_BaseDataLoaderIter", None)
"""The iterator class of DataLoader: `__next__` returns a batch, `_next_index` its indices."""
if not hasattr(LOADER_ITERATOR, "_next_index"):
    LOADER_ITERATOR = None


def batches_taken(iterator: Any) -> int | None:
    """Return the number of batches that a loader's iterator has returned; None if unknown."""
    taken = getattr(iterator, "_num_yielded", None)
    return taken if isinstance(taken, int) else None


def prefetches(iterator: Any) -> bool:
    """Return whether worker processes load the batches of a loader's iterator in advance."""
    workers = getattr(iterator, "_num_workers", 0)
    return isinstance(workers, int) and workers > 0


def replace_loader_methods(
    next_batch: Callable[[Callable[[Any], Any]], Callable[[Any], Any]],
    next_index: Callable[[Callable[[Any], Any]], Callable[[Any], Any]],
) -> Callable[[], None]:
    """Replace the methods of all loaders' iterators that return a batch and its indices.

    Parameters
    ----------
    next_batch, next_index : callable
        Take the original method, and return its replacement.

    Returns
    -------
    callable
        Restores the original methods, unless they have been replaced again. Does nothing if torch
        has no such class.
    """
    kind = LOADER_ITERATOR
    if kind is None:
        return lambda: None
    batch_before, index_before = kind.__next__, kind._next_index
    batch_now, index_now = next_batch(batch_before), next_index(index_before)
    kind.__next__, kind._next_index = batch_now, index_now

    def restore() -> None:
        if kind.__next__ is batch_now:
            kind.__next__ = batch_before
        if kind._next_index is index_now:
            kind._next_index = index_before

    return restore
