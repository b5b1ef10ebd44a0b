"""How long a loop waits for its batches, and which samples are in them."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from labkit.capture import torch_compat
from labkit.run.observations import Observations

_MOST_BATCHES = 256
"""Index lists that are kept of a loader; workers fetch some of them ahead."""

BatchCame = Callable[[Any, int], object]
"""Told of a loader's iterator and how long was waited for its batch, in nanoseconds."""


class _Issued:
    """The samples of the newest batches that a loader asked for, in their order."""

    def __init__(self) -> None:
        self.lists: deque[Any] = deque(maxlen=_MOST_BATCHES)
        self.count = 0


_issued: weakref.WeakKeyDictionary[Any, _Issued] = weakref.WeakKeyDictionary()


class BatchLog:
    """What one watch knows of the batches that its loop takes."""

    def __init__(self, observed: Observations) -> None:
        self._observed = observed
        self._newest: Callable[[], Any] = lambda: None

    def came(self, iterator: Any, waited_ns: int) -> None:
        """Take in that a batch came."""
        self._observed.loading_ns += waited_ns
        self._observed.batches += 1
        self._newest = weakref.ref(iterator)

    def indices(self) -> tuple[int, ...] | None:
        """Return which samples of the dataset made up the newest batch; None if not known."""
        iterator = self._newest()
        issued = None if iterator is None else _issued.get(iterator)
        taken = torch_compat.batches_taken(iterator)
        if issued is None or taken is None:
            return None
        place = taken - 1 - (issued.count - len(issued.lists))
        if not 0 <= place < len(issued.lists):
            return None
        found = issued.lists[place]
        return tuple(map(int, found)) if isinstance(found, (list, tuple)) else None


def wrap_iterators(told: Callable[[], tuple[BatchCame, ...]]) -> Callable[[], None]:
    """Wrap the loaders' iterators so that they tell; return what puts them back.

    Does nothing where torch has no such class any more.
    """
    kind = torch_compat.LOADER_ITERATOR
    if kind is None:
        return lambda: None
    next_batch, next_index = kind.__next__, kind._next_index  # noqa: SLF001 - see torch_compat

    def timed(iterator: Any) -> Any:
        began = time.perf_counter_ns()
        batch = next_batch(iterator)
        waited = time.perf_counter_ns() - began
        for came in told():
            came(iterator, waited)
        return batch

    def noted(iterator: Any) -> Any:
        index = next_index(iterator)
        issued = _issued.get(iterator)
        if issued is None:
            issued = _issued[iterator] = _Issued()
        issued.lists.append(index)
        issued.count += 1
        return index

    kind.__next__, kind._next_index = timed, noted  # noqa: SLF001

    def restore() -> None:
        if kind.__next__ is timed:
            kind.__next__ = next_batch
        if kind._next_index is noted:  # noqa: SLF001
            kind._next_index = next_index  # noqa: SLF001

    return restore
