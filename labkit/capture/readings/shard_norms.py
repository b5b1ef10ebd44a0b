"""Norms of the parts of gradients that this process holds, as with FSDP.

No process knows the norm of a whole gradient without communication. Each records the norms of its
parts, at steps that follow from the number of the step alone, so that they are the same steps in
all processes. `labkit.run.file.RankFiles` combines them from the files of all processes. Nothing
is exchanged during training, so that nothing can block: not with uneven inputs, and not if a
process dies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.capture import torch_compat
from labkit.capture.readings import norms
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run

NamedShard = tuple[str, torch_compat.Shard]
"""The name of a parameter, and the part of its gradient that this process holds."""
_STEPS_PER_INTERVAL = 16
_MAX_INTERVAL = 64


def next_shared_step(step: int) -> int:
    """Return the first step after a step at which all processes read norms.

    These are the steps 1 to 16; then every second one up to 32, every fourth one up to 64 and so
    on; and multiples of 64 from 512 on.

    Examples
    --------
    >>> [next_shared_step(step) for step in (1, 16, 17, 33, 5_000)]
    [2, 18, 18, 36, 5056]
    """
    interval = 1
    while interval < _MAX_INTERVAL and interval * _STEPS_PER_INTERVAL <= step:
        interval *= 2
    return (step // interval + 1) * interval


class ShardNormReader:
    """Reads the norms of the parts of the gradients of one optimizer.

    Parameters
    ----------
    suffix : str
        Distinguishes its tables from those of other optimizers.

    Attributes
    ----------
    holders : dict of str to int
        The number of processes that hold a part, for each parameter of which this one holds a part
        only.
    """

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self.holders: dict[str, int] = {}
        self._unwritten: deque[tuple[int, str, list[str], NDArray[np.float32]]] = deque()

    def values_of(self, name: str, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return the values of a distributed tensor if this process holds all of them, else None.

        The second case is recorded in `holders`.
        """
        shard = torch_compat.shard_of(tensor)
        if shard is None or not torch_compat.holds_values(shard.values):
            return None
        if shard.is_whole:
            return shard.values
        self.holders[name] = shard.holders
        return None

    def read(
        self,
        run: Run,
        transfer: DeviceTransfer,
        kind: str,
        step: int,
        shards: Sequence[NamedShard],
        scale: torch.Tensor | None,
    ) -> None:
        """Read the norms of some parts.

        The square of the norm of a part of which there are copies is divided among them, so that
        the sum over all processes is that of the whole gradient.

        Parameters
        ----------
        run : Run
        transfer : DeviceTransfer
        kind : str
            ``"grad_norm"`` or ``"grad_norm_unclipped"``.
        step : int
        shards : sequence of (str, Shard)
        scale : Tensor or None
            A factor by which the gradients are multiplied, shape ().
        """
        if not shards:
            return
        run.shard_counts |= self.holders
        names = [name for name, _ in shards]
        found = norms.norms([shard.values for _, shard in shards])
        found = found if scale is None else found / scale.to(found.device)
        divisors = np.sqrt(np.array([shard.copies for _, shard in shards], np.float32))

        def deliver(row: NDArray[np.float32]) -> None:
            values = np.divide(np.where(np.isnan(row), np.float32(np.inf), row), divisors)
            self._unwritten.append((step, f"{kind}_shard", names, values))

        transfer.submit(found, deliver)

    def retract(self, step: int) -> None:
        """Drop the unwritten norms of a step, as its gradients have changed."""
        while self._unwritten and self._unwritten[-1][0] == step:
            self._unwritten.pop()

    def write(self, run: Run, done: int) -> None:
        """Write the norms of steps up to `done` into the run; on any thread."""
        while self._unwritten and self._unwritten[0][0] <= done:
            step, kind, names, values = self._unwritten.popleft()
            table = run.shards.table(f"{kind}{self._suffix}", kind, names)
            table.append_columns(step, names, values)
