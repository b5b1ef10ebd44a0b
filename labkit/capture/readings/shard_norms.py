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
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.capture import torch_compat
from labkit.capture.readings import norms
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run

NamedShard = tuple[str, torch_compat.Shard]
"""The name of a parameter, and the part of its gradient that this process holds."""
_STEPS_PER_INTERVAL = 32
_MAX_INTERVAL = 16


def next_shared_step(step: int) -> int:
    """Return the first step after a step at which all processes read norms.

    These are the steps 1 to 32; then every second one up to 64, every fourth one up to 128 and so
    on; and multiples of 16 from 256 on.

    Examples
    --------
    >>> [next_shared_step(step) for step in (1, 32, 33, 65, 5_000)]
    [2, 34, 34, 68, 5008]
    """
    interval = 1
    while interval < _MAX_INTERVAL and interval * _STEPS_PER_INTERVAL <= step:
        interval *= 2
    return (step // interval + 1) * interval


class _ShardNorms(NamedTuple):
    """Norms of parts of gradients.

    Attributes
    ----------
    names : list of str
    norms : Tensor, shape (n_names,), dtype float32
    divisors : ndarray, shape (n_names,), dtype float32
        The square of the norm of a part of which there are copies is divided among them, so that
        the sum over all processes is that of the whole gradient.
    """

    names: list[str]
    norms: torch.Tensor
    divisors: NDArray[np.float32]


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
    unclipped : tuple or None
        The norms after the last backward pass; None if they were not read.
    """

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self.holders: dict[str, int] = {}
        self.unclipped: _ShardNorms | None = None
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
        step: int,
        shards: Sequence[NamedShard],
        scale: torch.Tensor | None,
    ) -> None:
        """Read the norms of some parts, and record those before clipping, if they were read.

        Parameters
        ----------
        run : Run
        transfer : DeviceTransfer
        step : int
        shards : sequence of (str, Shard)
        scale : Tensor or None
            A factor by which the gradients are multiplied, shape ().
        """
        before, self.unclipped = self.unclipped, None
        run.shard_counts |= self.holders
        if not shards:
            return
        now = _norms(shards, scale)
        is_pair = before is not None and before.names == now.names
        both = torch.cat([now.norms, before.norms]) if is_pair and before else now.norms

        def deliver(row: NDArray[np.float32]) -> None:
            after, *unclipped = np.where(np.isnan(row), np.float32(np.inf), row).reshape(
                -1, len(now.names)
            )
            self._add(step, "grad_norm_shard", now, after)
            # In-place changes of a distributed tensor do not always change its version.
            if unclipped and not np.array_equal(unclipped[0], after):
                self._add(step, "grad_norm_unclipped_shard", now, unclipped[0])

        transfer.submit(both, deliver)

    def read_before_clipping(
        self, shards: Sequence[NamedShard], scale: torch.Tensor | None
    ) -> None:
        """Read the norms of some parts after a backward pass; parameters are those of `read`."""
        self.unclipped = _norms(shards, scale) if shards else None

    def _add(self, step: int, kind: str, found: _ShardNorms, row: NDArray[np.float32]) -> None:
        values = np.divide(row, found.divisors)
        self._unwritten.append((step, kind, found.names, values))

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


def _norms(shards: Sequence[NamedShard], scale: torch.Tensor | None) -> _ShardNorms:
    names = [name for name, _ in shards]
    found = norms.norms([shard.values for _, shard in shards])
    found = found if scale is None else found / scale.to(found.device)
    divisors = np.sqrt(np.array([shard.copies for _, shard in shards], np.float32))
    return _ShardNorms(names, found, divisors)
