"""Counts epochs by iterations over the training loader, and the time spent waiting for batches."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from torch.utils.data import DataLoader

from labkit.capture import torch_compat
from labkit.capture.hooks.loaders import indices_of_newest
from labkit.run import Run
from labkit.run.observations import Observations


class EpochCounter:
    """Counts iterations over the training loader: the first during which a step was taken."""

    def __init__(self) -> None:
        self._trained_on: Callable[[], Any] = lambda: None
        self._started: Callable[[], Any] = lambda: None
        self._iterator: Callable[[], Any] = lambda: None

    @property
    def is_beginning(self) -> bool:
        """Whether an iteration has begun in which no step has ended yet."""
        return self._started() is not None

    def loader_started(self, loader: DataLoader[Any]) -> bool:
        """Record that an iteration begins; return whether the loader may be the training loader."""
        trained_on = self._trained_on()
        if trained_on is not None and trained_on is not loader:
            return False
        self._started = weakref.ref(loader)
        return True

    def count(self, run: Run) -> None:
        """Count the epoch whose first step has just ended."""
        loader = self._started()
        self._started = lambda: None
        if loader is None:
            return
        self._trained_on = weakref.ref(loader)
        try:
            steps = len(loader)
        except TypeError:  # an iterable dataset has no length
            steps = None
        run.begin_epoch(steps)

    def batch_loaded(self, observed: Observations, iterator: Any, waited_ns: int) -> None:
        """Record a batch and the time that the loop waited for it."""
        observed.loading_ns += waited_ns
        observed.batches += 1
        if not torch_compat.prefetches(iterator):
            observed.own_loading_ns.append(waited_ns)
        self._iterator = weakref.ref(iterator)

    def indices(self) -> tuple[int, ...] | None:
        """Return the indices of the samples in the newest batch; None if they are unknown."""
        return indices_of_newest(self._iterator())
