"""Private names of data loaders: their iterators and the indices of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

LOADER_ITERATOR: Any = getattr(torch.utils.data.dataloader, "_BaseDataLoaderIter", None)
"""What iterates over a DataLoader: `__next__` gives a batch, `_next_index` its samples."""
if not hasattr(LOADER_ITERATOR, "_next_index"):
    LOADER_ITERATOR = None


def batches_taken(iterator: Any) -> int | None:
    """Return how many batches a loader's iterator has given out; None if it does not tell."""
    taken = getattr(iterator, "_num_yielded", None)
    return taken if isinstance(taken, int) else None


def replace_loader_methods(
    next_batch: Callable[[Callable[[Any], Any]], Callable[[Any], Any]],
    next_index: Callable[[Callable[[Any], Any]], Callable[[Any], Any]],
) -> Callable[[], None]:
    """Replace what gives the next batch of every loader, and the next batch's indices.

    Parameters
    ----------
    next_batch, next_index : callable
        Take the method that is there, return the one to put in its place.

    Returns
    -------
    callable
        Puts back what was there, unless another has replaced it since. Does nothing where torch
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
