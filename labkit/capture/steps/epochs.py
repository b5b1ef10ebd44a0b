"""Counts epochs by the loader that the loop trains on, and the time that it waits for batches."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from torch.utils.data import DataLoader

from labkit.capture.hooks.loaders import indices_of_newest
from labkit.run import Run
from labkit.run.observations import Observations


class EpochCounter:
    """Counts the iterations over the loader after whose beginning a step was first taken."""

    def __init__(self) -> None:
        self._trained_on: Callable[[], Any] = lambda: None
        self._started: Callable[[], Any] = lambda: None
        self._iterator: Callable[[], Any] = lambda: None

    @property
    def is_beginning(self) -> bool:
        """Whether an iteration has begun in which no step has ended yet."""
        return self._started() is not None

    def loader_started(self, loader: DataLoader[Any]) -> bool:
        """Record that an iteration begins; return whether it may be one of training."""
        trained_on = self._trained_on()
        if trained_on is not None and trained_on is not loader:
            return False
        self._started = weakref.ref(loader)
        return True

    def count(self, run: Run) -> None:
        """Count the epoch in which a step has just ended for the first time."""
        loader = self._started()
        self._started = lambda: None
        if loader is None:
            return
        self._trained_on = weakref.ref(loader)
        try:
            steps = len(loader)
        except TypeError:  # an iterable dataset does not know its length
            steps = None
        run.begin_epoch(steps)

    def batch_loaded(self, observed: Observations, iterator: Any, waited_ns: int) -> None:
        """Record a batch and how long the loop waited for it."""
        observed.loading_ns += waited_ns
        observed.batches += 1
        self._iterator = weakref.ref(iterator)

    def indices(self) -> tuple[int, ...] | None:
        """Return which samples of the dataset made up the newest batch; None if not known."""
        return indices_of_newest(self._iterator())
