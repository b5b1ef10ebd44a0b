"""Calls the listeners when an iteration over a `DataLoader` begins, and for each batch."""

from __future__ import annotations

import functools
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import DataLoader

from labkit.capture import torch_compat
from labkit.capture.hooks.registry import listeners_here

_MAX_BATCHES = 256
"""Number of index lists to store for a loader; its workers prefetch some batches."""
_READS_AHEAD = "DataLoaderShard"
"""Accelerate's loader: it has its own iteration over another one, from which it reads one batch
ahead until the last."""


class _Issued:
    """The sample indices of the newest batches that a loader requested, in order."""

    def __init__(self) -> None:
        self.lists: deque[Any] = deque(maxlen=_MAX_BATCHES)
        self.count = 0


_issued: weakref.WeakKeyDictionary[Any, _Issued] = weakref.WeakKeyDictionary()
_newest: weakref.WeakKeyDictionary[DataLoader[Any], weakref.ref[Any]] = weakref.WeakKeyDictionary()
"""The iterator of the newest iteration over each loader."""
_restore: list[Callable[[], None]] = []


def install() -> None:
    """Wrap the methods that begin an iteration, load a batch and select its indices."""
    _restore.append(_wrap_loader())
    _restore.append(_wrap_iterators())


def uninstall() -> None:
    """Restore the wrapped methods, unless they were wrapped again in the meantime."""
    while _restore:
        _restore.pop()()


def indices_of_newest(iterator: Any) -> tuple[int, ...] | None:
    """Return the sample indices of an iterator's newest batch; None if they are unknown."""
    issued = None if iterator is None else _issued.get(iterator)
    taken = torch_compat.batches_taken(iterator)
    if issued is None or taken is None:
        return None
    place = taken - 1 - (issued.count - len(issued.lists))
    if not 0 <= place < len(issued.lists):
        return None
    found = issued.lists[place]
    return tuple(map(int, found)) if isinstance(found, (list, tuple)) else None


def batches_taken_from(loader: DataLoader[Any]) -> int | None:
    """Return the number of batches that the newest iteration over a loader has had.

    None if it is unknown, for example because the class of the loader has its own iteration.
    """
    kind = type(loader)
    if kind.__name__ == _READS_AHEAD and not getattr(loader, "skip_batches", 1):
        taken = batches_taken_from(loader.base_dataloader)  # type: ignore[attr-defined]
        at_end = bool(loader.end_of_dataloader)  # type: ignore[attr-defined]
        return None if taken is None else taken - (not at_end)
    if kind.__iter__ is not DataLoader.__iter__ or kind.__hash__ is not object.__hash__:
        return None
    iterator = _newest.get(loader)
    return None if iterator is None else torch_compat.batches_taken(iterator())


def _wrap_loader() -> Callable[[], None]:
    original = DataLoader.__iter__

    @functools.wraps(original)
    def iterate(loader: DataLoader[Any]) -> Iterator[Any]:
        for listener in listeners_here():
            listener.loader_started(loader)
        iterator = original(loader)
        if type(loader).__hash__ is object.__hash__:
            _newest[loader] = weakref.ref(iterator)
        return iterator

    DataLoader.__iter__ = iterate  # type: ignore[method-assign, assignment]

    def restore() -> None:
        if DataLoader.__iter__ is iterate:
            DataLoader.__iter__ = original  # type: ignore[method-assign]

    return restore


def _wrap_iterators() -> Callable[[], None]:
    """Wrap the iterators' methods."""

    def timed(next_batch: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def load_batch(iterator: Any) -> Any:
            began = time.perf_counter_ns()
            batch = next_batch(iterator)
            waited = time.perf_counter_ns() - began
            for listener in listeners_here():
                listener.batch_loaded(iterator, waited)
            return batch

        return load_batch

    def recorded(next_index: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def next_indices(iterator: Any) -> Any:
            index = next_index(iterator)
            issued = _issued.get(iterator)
            if issued is None:
                issued = _issued[iterator] = _Issued()
            issued.lists.append(index)
            issued.count += 1
            return index

        return next_indices

    return torch_compat.replace_loader_methods(timed, recorded)
