"""Bring small results from the device to the host without making the loop wait."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Deliver = Callable[[NDArray[np.float32]], None]

_BATCH_SECONDS = 0.05
_BATCH_RESULTS = 64


class Readout:
    """Delivers float32 vectors as arrays, in the order in which they were submitted.

    Results on the CPU are delivered at once. Results on an accelerator are gathered for up
    to 50 ms, copied together into pinned memory without blocking, and delivered when the
    event behind the copy has passed; `poll` looks, and never waits.
    """

    def __init__(self) -> None:
        self._gathered: list[tuple[torch.Tensor, Deliver]] = []
        self._gathering_since = 0.0
        self._copies: deque[tuple[torch.Tensor, Any, list[tuple[int, Deliver]]]] = deque()

    @property
    def waiting(self) -> bool:
        """Whether some results have not been delivered."""
        return bool(self._gathered or self._copies)

    def submit(self, result: torch.Tensor, deliver: Deliver) -> None:
        """Have one result delivered.

        Parameters
        ----------
        result : Tensor, shape (n,), dtype float32
        deliver : callable
            Called once with an array of shape (n,), now or in a later `poll` or `flush`.
        """
        if result.device.type == "cpu":
            deliver(result.numpy())
            return
        if result.is_meta:  # holds no values
            return
        if not self._gathered:
            self._gathering_since = time.monotonic()
        self._gathered.append((result, deliver))

    def poll(self) -> None:
        """Deliver what has arrived; send off what was gathered long enough."""
        if self._gathered and (
            len(self._gathered) >= _BATCH_RESULTS
            or time.monotonic() - self._gathering_since > _BATCH_SECONDS
        ):
            self._send()
        while self._copies and self._copies[0][1].query():
            self._deliver_oldest()

    def flush(self) -> None:
        """Deliver everything, waiting for the device."""
        if self._gathered:
            self._send()
        while self._copies:
            self._copies[0][1].synchronize()
            self._deliver_oldest()

    def _send(self) -> None:
        results = [result for result, _ in self._gathered]
        joined = torch.cat([result.to(results[0].device) for result in results])
        pinned = joined.device.type == "cuda"
        host = torch.empty(joined.shape, dtype=joined.dtype, pin_memory=pinned)
        host.copy_(joined, non_blocking=pinned)
        event = torch.Event(joined.device.type)
        event.record()
        pieces = [(len(result), deliver) for result, deliver in self._gathered]
        self._copies.append((host, event, pieces))
        self._gathered = []

    def _deliver_oldest(self) -> None:
        host, _, pieces = self._copies.popleft()
        values = host.numpy()
        start = 0
        for length, deliver in pieces:
            deliver(values[start : start + length])
            start += length
