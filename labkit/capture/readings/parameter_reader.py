"""Reads the parameters and gradients of one optimizer: norms, histograms, cosines, updates."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.capture import torch_compat
from labkit.capture.parameters import Watched
from labkit.capture.readings import norms
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.capture.readings.gradient_copies import GradientNoise, PreviousGradients
from labkit.capture.readings.histograms import WIDTH, counted_elements, distributions
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.rotation import Named, Rotation
from labkit.capture.readings.shard_norms import NamedShard, ShardNormReader
from labkit.capture.readings.weight_copies import WeightCopies
from labkit.run import Run, SeriesTable
from labkit.run.histograms import HISTOGRAM_BINS

NORMS = "gradient norms"
"""The name of norms in notices."""
_UNREADABLE = (
    "Parameters of class {kind} ({first} first) are not read, as this class keeps their values in "
    "a way of its own, in parts on several devices for example. They have no norms, histograms and "
    "update ratios; the loss, the learning rates and the other parameters are recorded."
)
_UNSAVED_SHARDS = (
    "Each process holds a part of some parameters ({first} first). The norms of their gradients "
    'are combined from the files of all processes, and this run has none: lk.watch(model, save="'
    'runs/x.lab") in each process writes them.'
)
_MAX_COUNTED = 2**20
"""Maximum number of elements that are counted at once for histograms; parameters rotate."""


class ParameterReader:
    """Reads some parameters and their gradients, and records the results in the run.

    Parameters
    ----------
    name : str
        Distinguishes its tables from those of other optimizers; ``""`` for the only one.
    entries : sequence of Watched
        The parameters to read.
    limit : MemoryLimit
        Limit of the memory for copies, shared by all readings of the run.

    Attributes
    ----------
    rescaled : bool or None
        Whether gradients change between the last backward pass and the update, as with clipping;
        None before the first sampled update.
    previous : PreviousGradients
        Copies of gradients of the previous step, for cosines.
    shards : ShardNormReader
        Reads parameters of which this process holds a part only.
    """

    def __init__(self, name: str, entries: Sequence[Watched], limit: MemoryLimit) -> None:
        self._suffix = f":{name}" if name else ""
        self.entries = tuple(entries)
        self._names = tuple(entry.names[0] for entry in entries)
        self.rescaled: bool | None = None
        self.newest = {"norms": 0, "histograms": 0, "weights": 0}
        """The newest step of which these were read; 0 without any."""
        self.previous = PreviousGradients(limit)
        self.shards = ShardNormReader(self._suffix)
        self._noise = GradientNoise(limit)
        self._copies = WeightCopies(limit)
        self._histogram_rotation = Rotation(counted_elements)
        self._unclipped: tuple[list[str], torch.Tensor] | None = None
        """The names of parameters, and their norms before clipping, shape (n,), dtype float32."""
        self._unwritten: deque[tuple[int, list[str], list[torch.Tensor]]] = deque()
        self._unreadable: dict[str, str] = {}
        """The class names of parameters that cannot be read, by the parameters' names."""

    def set_entries(self, entries: Sequence[Watched]) -> None:
        """Replace the parameters to read, and release copies of the others."""
        self.entries = tuple(entries)
        self._names = tuple(entry.names[0] for entry in entries)
        self.release()

    def record_rescaled(self, *, rescaled: bool) -> None:
        """Record whether gradients have changed since the last pass, as with clipping."""
        self.rescaled = rescaled or bool(self.rescaled)
        if not rescaled:
            self._unclipped = None

    # ── norms ────────────────────────────────────────────────────────────────

    def read_norms(
        self,
        run: Run,
        transfer: DeviceTransfer,
        step: int,
        scale: torch.Tensor | None,
        entries: Sequence[Watched] | None = None,
        *,
        shards_only: bool = False,
    ) -> None:
        """Read the 2-norm of every gradient, in one fused reduction if possible.

        Parameters
        ----------
        run : Run
        transfer : DeviceTransfer
        step : int
            The step for which the norms are recorded, counted from 1.
        scale : Tensor or None
            The factor by which gradients are still multiplied, shape (), as for a fused optimizer
            with AMP.
        entries : sequence of Watched, optional
            The parameters to read, of one of several optimizers; all by default.
        shards_only : bool
            Whether only those are read of which this process holds a part.
        """
        names, gradients = self.gradients(entries)
        self._notify_of_unreadable(run)
        if self.shards.holders:
            self.newest["norms"] = step
            shards = self._shard_gradients(entries)
            self.shards.read(run, transfer, step, shards, scale)
        if not gradients or shards_only:
            return
        self.newest["norms"] = step
        found = norms.fused_norms(gradients) if scale is None else None
        if found is not None and all(norm.is_cpu for norm in found):
            self._append_norms(step, names, found)
        else:
            values = _unscale(norms.norms(gradients), scale)
            transfer.submit(
                values, lambda row: self._append_norms(step, names, [torch.from_numpy(row.copy())])
            )
        unclipped, self._unclipped = self._unclipped, None
        if unclipped is not None:
            self.submit(run, transfer, "grad_norm_unclipped", step, *unclipped)

    def read_norms_before_clipping(self, scale: torch.Tensor | None) -> None:
        """Read the norms after a backward pass, divided by the factor of a gradient scaler."""
        names, gradients = self.gradients()
        if self.shards.holders:
            self.shards.read_before_clipping(self._shard_gradients(), scale)
        if gradients:
            self._unclipped = names, _unscale(norms.norms(gradients), scale)

    def retract_norms(self, step: int) -> None:
        """Drop the unwritten norms of a step, as its gradients have changed."""
        self.shards.retract(step)
        if self._unwritten and self._unwritten[-1][0] == step:
            self._unwritten.pop()
            self.newest["norms"] = step - 1

    def _append_norms(self, step: int, names: list[str], found: list[torch.Tensor]) -> None:
        """Append unwritten norms, in one row with those of the same step."""
        if self._unwritten and self._unwritten[-1][0] == step:
            _, before, others = self._unwritten.pop()
            names, found = before + names, others + found
        self._unwritten.append((step, names, found))

    def write(self, run: Run, done: int) -> None:
        """Write the norms of steps up to `done` into the run; later ones may be incomplete."""
        self.shards.write(run, done)
        rows = []
        while self._unwritten and self._unwritten[0][0] <= done:
            rows.append(self._unwritten.popleft())
        if not rows:
            return
        names_read = dict.fromkeys(name for _, names, _ in rows for name in names)
        table = self._table(run, "grad_norm", names_read)
        values = torch.cat([norm.reshape(-1) for _, _, found in rows for norm in found]).numpy()
        start = 0
        for step, names, _ in rows:
            table.append_columns(step, names, _infinite_for_nan(values[start : start + len(names)]))
            start += len(names)

    # ── histograms, directions, noise ────────────────────────────────────────

    def read_histograms(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Read two histograms, and the fractions of zeros and non-finite, of the next gradients."""
        self.newest["histograms"] = step
        filled = [named for named in self._named_gradients() if named[1].numel()]
        present: dict[torch.device, list[Named]] = {}
        for name, gradient in self._histogram_rotation.next(filled, _MAX_COUNTED):
            present.setdefault(gradient.device, []).append((name, gradient))
        for found in present.values():
            names = [name for name, _ in found]
            result = distributions([gradient for _, gradient in found]).flatten()
            transfer.submit(result, functools.partial(self._add_histograms, run, step, names))

    def _add_histograms(
        self, run: Run, step: int, names: list[str], flat: NDArray[np.float32]
    ) -> None:
        rows = flat.reshape(len(names), WIDTH)
        ends = 2 * HISTOGRAM_BINS
        for name, row in zip(names, rows, strict=True):
            magnitudes, linear, (low, high) = np.split(row[: ends + 2], [HISTOGRAM_BINS, ends])
            run.histograms.add(f"grad/{name}", step, magnitudes)
            run.histograms.add(f"grad_linear/{name}", step, linear, (float(low), float(high)))
        for kind, column in (("grad_zeros", ends + 2), ("grad_not_finite", ends + 3)):
            self._table(run, kind, names).append_columns(step, names, rows[:, column].copy())

    def read_direction(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Read the cosines with the gradients of the previous step; if not copied, copy these."""
        if self.previous.waiting:
            found = self.previous.cosines(self._named_gradients())
            self.submit(run, transfer, "grad_cosine", step, *found)
        else:
            self.previous.copy(self._named_gradients())

    def add_pass(self) -> None:
        """Add the gradients after one of several backward passes of a step, for the noise scale."""
        self._noise.add_pass(self._named_gradients())

    def drop_passes(self) -> None:
        """Drop the added passes, as their gradients were cleared."""
        self._noise.release()

    def read_noise(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Read the gradient noise scale, if several passes were added."""
        found = self._noise.scales(self._named_gradients())
        if found is not None:
            self.submit(run, transfer, "grad_noise", step, *found)

    # ── weights ──────────────────────────────────────────────────────────────

    def copy_weights(self) -> None:
        """Copy the next weights before an update."""
        self._copies.copy(self._named_weights())

    def read_weights(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Read the norms of the copied weights, and their update ratios."""
        self.newest["weights"] = step
        self.submit(run, transfer, "weight_norm", step, *self._copies.weight_norms())
        self.submit(run, transfer, "update_ratio", step, *self._copies.ratios())

    def read_present_weights(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Read the norms of all weights as they are now."""
        present = self._named_weights()
        names, weights = [name for name, _ in present], [weight.detach() for _, weight in present]
        if weights:
            self.submit(run, transfer, "weight_norm", step, names, norms.norms(weights))

    def release(self) -> None:
        """Release every tensor."""
        self._unclipped = self.shards.unclipped = None
        self._copies.release()
        self.previous.release()
        self._noise.release()

    # ── what readings work with ──────────────────────────────────────────────

    def submit(
        self,
        run: Run,
        transfer: DeviceTransfer,
        kind: str,
        step: int,
        names: list[str],
        values: torch.Tensor,
    ) -> None:
        """Record values, shape (n_names,), of some parameters, once they are on the host."""
        if not names:
            return
        table = self._table(run, kind, names)
        is_norm = kind.startswith("grad_norm") or kind == "weight_norm"

        def deliver(row: NDArray[np.float32]) -> None:
            table.append_columns(step, names, _infinite_for_nan(row) if is_norm else row.copy())

        transfer.submit(values, deliver)

    def _table(self, run: Run, kind: str, names: Iterable[str]) -> SeriesTable:
        """Return a table with columns for all parameters, and for former names."""
        own = [name for name in self._names if name not in self.shards.holders]
        known = set(own)
        former = [name for name in names if name not in known]
        return run.recorder.table(f"{kind}{self._suffix}", kind, (*own, *former))

    def gradients(
        self, entries: Sequence[Watched] | None = None
    ) -> tuple[list[str], list[torch.Tensor]]:
        """Return the gradients that can be read, and the names of their parameters.

        Gradients are detached, as ``backward(create_graph=True)`` gives them a graph. A frozen
        parameter has none: what its ``.grad`` still holds is of an earlier step, or zero.
        """
        names, gradients = [], []
        for entry in self.entries if entries is None else entries:
            parameter = entry.parameter()
            if parameter is None or not parameter.requires_grad:
                continue
            gradient = parameter.grad
            values = None if gradient is None else self._values(entry.names[0], gradient)
            if values is not None:
                names.append(entry.names[0])
                gradients.append(values.detach() if values.requires_grad else values)
        return names, gradients

    def _shard_gradients(self, entries: Sequence[Watched] | None = None) -> list[NamedShard]:
        """Return the parts of gradients that this process holds, and the names."""
        found = []
        for entry in self.entries if entries is None else entries:
            parameter, name = entry.parameter(), entry.names[0]
            if name in self.shards.holders and parameter is not None and parameter.requires_grad:
                gradient = parameter.grad
                shard = None if gradient is None else torch_compat.shard_of(gradient)
                if shard is not None:
                    found.append((name, shard))
        return found

    def _named_weights(self) -> list[Named]:
        """Return the parameters whose values can be read."""
        found = []
        for entry in self.entries:
            parameter, name = entry.parameter(), entry.names[0]
            if parameter is not None and torch_compat.has_storage(parameter):
                values = self._values(name, parameter)
                if values is not None:
                    found.append((name, values))
        return found

    def _values(self, name: str, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return the values of a parameter or gradient; None if they cannot be read here."""
        if type(tensor) is torch.Tensor or torch_compat.holds_values(tensor):
            return tensor
        values = self.shards.values_of(name, tensor)
        if values is None and name not in self.shards.holders:
            self._unreadable.setdefault(name, type(tensor).__name__)
        return values

    def _notify_of_unreadable(self, run: Run) -> None:
        if self._unreadable:
            first, kind = next(iter(self._unreadable.items()))
            run.add_notice(NORMS, _UNREADABLE.format(kind=kind, first=first))
        if self.shards.holders and run.path is None:
            run.add_notice(NORMS, _UNSAVED_SHARDS.format(first=next(iter(self.shards.holders))))

    def _named_gradients(self) -> list[Named]:
        return list(zip(*self.gradients(), strict=True))


def _unscale(values: torch.Tensor, scale: torch.Tensor | None) -> torch.Tensor:
    return values if scale is None else values / scale.to(values.device)


def _infinite_for_nan(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return norms with infinity in place of NaN, which means "not read" in a table."""
    return np.where(np.isnan(row), np.float32(np.inf), row)
