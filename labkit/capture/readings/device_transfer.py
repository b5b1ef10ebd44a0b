"""Copies small results from the device to the host without blocking the loop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.capture import torch_compat

Deliver = Callable[[NDArray[np.float32]], None]
Failure = tuple[str, Exception]
"""The name of a reading whose result could not be delivered, and the exception."""
_Receiver = tuple[str, Deliver]
"""The name of a reading, and the function that is called with its result."""

_BATCH_SECONDS = 0.05
_BATCH_RESULTS = 64


class DeviceTransfer:
    """Delivers float32 vectors as arrays, in the order in which they were submitted.

    Results on the CPU are delivered at once. Results on an accelerator are collected for up to
    50 ms, copied together into pinned memory without blocking, and delivered when the event after
    the copy has completed; `poll` checks this without blocking.

    Attributes
    ----------
    reading : str
        The name of the reading that submits results now, to attribute later failures to it; ``""``
        if there is none.
    """

    def __init__(self) -> None:
        self.reading = ""
        self._gathered: list[tuple[torch.Tensor, _Receiver]] = []
        self._gathering_since = 0.0
        self._copies: deque[tuple[torch.Tensor, Any, list[tuple[int, _Receiver]]]] = deque()

    @property
    def waiting(self) -> bool:
        """Whether some results have not been delivered yet."""
        return bool(self._gathered or self._copies)

    def submit(self, result: torch.Tensor, deliver: Deliver) -> None:
        """Deliver one result, now if it is on the CPU, else later.

        Parameters
        ----------
        result : Tensor, shape (n,), dtype float32
            It may have a graph; it is detached.
        deliver : callable
            Called once with an array of shape (n,), now or in a later `poll` or `flush`.

        Raises
        ------
        TypeError
            If the class of the result does not let torch store its values.
        Exception
            Whatever `deliver` raises, if it is called now.
        """
        if not torch_compat.holds_values(result):
            raise TypeError(f"a result of class {type(result).__name__} has no values of its own")
        result = result.detach()
        if result.device.type == "cpu":
            deliver(result.numpy())
            return
        if result.is_meta:  # holds no values
            return
        if not self._gathered:
            self._gathering_since = time.monotonic()
        self._gathered.append((result, (self.reading, deliver)))

    def poll(self) -> list[Failure]:
        """Deliver results that have arrived, and start to copy those collected for long enough.

        Returns
        -------
        list of (str, Exception)
            The reading's name and the exception, for each result whose delivery raised.
        """
        failures: list[Failure] = []
        if self._gathered and (
            len(self._gathered) >= _BATCH_RESULTS
            or time.monotonic() - self._gathering_since > _BATCH_SECONDS
        ):
            self._send()
        while self._copies and self._copies[0][1].query():
            failures += self._deliver_oldest()
        return failures

    def flush(self) -> list[Failure]:
        """Deliver all results, blocking until they arrive; return failures like `poll`."""
        failures: list[Failure] = []
        if self._gathered:
            self._send()
        while self._copies:
            self._copies[0][1].synchronize()
            failures += self._deliver_oldest()
        return failures

    def _send(self) -> None:
        gathered, self._gathered = self._gathered, []
        results = [result for result, _ in gathered]
        joined = torch.cat([result.to(results[0].device) for result in results])
        pinned = joined.device.type == "cuda"
        # The user may have set another default device.
        host = torch.empty(joined.shape, dtype=joined.dtype, device="cpu", pin_memory=pinned)
        host.copy_(joined, non_blocking=pinned)
        event = torch.Event(joined.device.type)
        event.record()
        pieces = [(len(result), receiver) for result, receiver in gathered]
        self._copies.append((host, event, pieces))

    def _deliver_oldest(self) -> list[Failure]:
        host, _, pieces = self._copies.popleft()
        values = host.numpy()
        failures: list[Failure] = []
        start = 0
        for length, (reading, deliver) in pieces:
            try:
                deliver(values[start : start + length])
            except Exception as error:  # noqa: BLE001 - the other results are still delivered
                failures.append((reading, error))
            start += length
        return failures
