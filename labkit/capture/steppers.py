"""What takes a step: an optimizer, or the user's own hands; and the readings around it."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.capture import norms, torch_compat
from labkit.capture.distributions import WIDTH, distributions
from labkit.capture.gradient_memory import GradientMemory
from labkit.capture.losses import PendingLoss
from labkit.capture.parameters import Watched
from labkit.capture.readout import Readout
from labkit.run import Block, Run
from labkit.run.histograms import HISTOGRAM_BINS

_LARGEST_COPY_BYTES = 256 * 2**20
"""Above this the weights are not copied to take the size of an update."""


class Stepper:
    """One optimizer (or none, for updates by hand) and the parameters it moves.

    Parameters
    ----------
    name : str
        ``""`` for the only one; else it tells this one's series from the others'.
    optimizer : Optimizer or None
    entries : sequence of Watched
        The parameters whose norms are read when it steps.
    """

    def __init__(
        self, name: str, optimizer: torch.optim.Optimizer | None, entries: Sequence[Watched]
    ) -> None:
        self.name = name
        self.entries = tuple(entries)
        self.stepped = False
        """Whether it has stepped since the last step ended."""
        self.inside_step = False
        self.rescales = False
        """Whether gradients change between the last backward pass and the step: by clipping."""
        self.gradients_read = False
        self.missed = 0
        """Steps that ended without it, one after the other."""
        self.late = False
        """Whether it was first seen after its first step's other optimizers had ended that step."""
        self._optimizer = None if optimizer is None else weakref.ref(optimizer)
        self._before: list[torch.Tensor] | None = None
        self._suffix = f":{name}" if name else ""
        self.memory = GradientMemory()
        self._unclipped: torch.Tensor | None = None
        self._unwritten: list[tuple[int, list[torch.Tensor]]] = []
        """Steps, and the norms read in them."""
        self._blocks: dict[str, Block] = {}
        self._columns = tuple(entry.names[0] for entry in entries)

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """The optimizer, while it is alive."""
        return None if self._optimizer is None else self._optimizer()

    def record_loss(
        self,
        run: Run,
        readout: Readout,
        step: int,
        pending: PendingLoss,
        arrived: Callable[[int, float], object],
    ) -> None:
        """Write the loss of the step that just ended, if there was a backward pass.

        `arrived` is told the step and the value of a loss that came late, from an accelerator.
        """
        if not pending.waiting:
            return
        value = pending.take()
        name = f"loss/{self.name}" if self.name else "loss"
        block = run.blocks.get(name) or run.add_block(name, "loss", [name])
        if isinstance(value, torch.Tensor):

            def deliver(row: NDArray[np.float32]) -> None:
                block.append(step, row)
                arrived(step, float(row[0]))

            readout.submit(value.reshape(1), deliver)
        else:
            block.append(step, value)

    def record_learning_rates(
        self, run: Run, readout: Readout, groups: Sequence[dict[str, Any]], step: int
    ) -> None:
        """Write the learning rate of every parameter group."""
        rates = [group["lr"] for group in groups if "lr" in group]
        id = f"lr{self._suffix}"
        block = run.blocks.get(id)
        if block is None or len(block.names) != len(rates):
            if not rates or block is not None:
                return
            block = run.add_block(id, "lr", self._group_names(groups))
        if self.has_tensor_rates():
            stacked = torch.stack([torch.as_tensor(rate, dtype=torch.float32) for rate in rates])
            readout.submit(stacked, lambda row: block.append(step, row.copy()))
        else:
            block.append(step, rates[0] if len(rates) == 1 else rates)

    def scalar_blocks(self, run: Run) -> tuple[Block | None, Block | None]:
        """Return the blocks of this stepper's loss and learning rates, as far as they exist."""
        loss = f"loss/{self.name}" if self.name else "loss"
        return run.blocks.get(loss), run.blocks.get(f"lr{self._suffix}")

    def has_tensor_rates(self) -> bool:
        """Return whether some learning rate is a tensor."""
        optimizer = self.optimizer
        groups = [] if optimizer is None else optimizer.param_groups
        return any(isinstance(group.get("lr"), torch.Tensor) for group in groups)

    def record_gradient_norms(self, run: Run, readout: Readout, step: int) -> None:
        """Write the norm of every gradient, in one fused reduction."""
        found = norms.norms(self._gradients())
        optimizer = self.optimizer
        scale = None if optimizer is None else getattr(optimizer, "grad_scale", None)
        if isinstance(scale, torch.Tensor):  # a fused optimizer unscales inside its own step
            found = found / scale
        self._write("grad_norm", run, readout, step, found)
        unclipped, self._unclipped = self._unclipped, None
        if unclipped is not None:
            self._write("grad_norm_unclipped", run, readout, step, unclipped)

    def take_gradient_norms(self, run: Run, readout: Readout, step: int) -> None:
        """Read the norm of every gradient; it is written when somebody reads the run."""
        found = None if self.rescales else norms.fused_norms(self._gradients())
        if found is None:
            self.record_gradient_norms(run, readout, step)
        else:
            block = self._block(run, "grad_norm")
            self._unwritten.append((step, found))
            run.tally.later.append(functools.partial(_write_norms, block, self._unwritten))

    def read_norms_before_clipping(self, scale: torch.Tensor | None) -> None:
        """Read the norms as a backward pass left them, without a gradient scaler's factor."""
        found = norms.norms(self._gradients())
        self._unclipped = found if scale is None else found / scale

    def record_histograms(self, run: Run, readout: Readout, step: int) -> None:
        """Write two histograms of every gradient, and its parts that are zero and not finite."""
        present: dict[torch.device, list[tuple[int, torch.Tensor]]] = {}
        for place, gradient in enumerate(self._gradients()):
            if gradient is not None and gradient.numel():
                present.setdefault(gradient.device, []).append((place, gradient))
        for found in present.values():
            places = [place for place, _ in found]
            result = distributions([gradient for _, gradient in found]).flatten()
            keep = functools.partial(self._keep_histograms, run, step, places)
            readout.submit(result, keep)

    def _keep_histograms(
        self, run: Run, step: int, places: list[int], flat: NDArray[np.float32]
    ) -> None:
        rows = flat.reshape(len(places), WIDTH)
        ends = 2 * HISTOGRAM_BINS
        for place, row in zip(places, rows, strict=True):
            name = self._columns[place]
            magnitudes, even, (low, high) = np.split(row[: ends + 2], [HISTOGRAM_BINS, ends])
            run.histograms.add(f"grad/{name}", step, magnitudes)
            run.histograms.add(f"grad_linear/{name}", step, even, (float(low), float(high)))
        for kind, column in (("grad_zeros", ends + 2), ("grad_not_finite", ends + 3)):
            parts = np.full(len(self.entries), np.nan, np.float32)
            parts[places] = rows[:, column]
            self._block(run, kind).append(step, parts)

    def record_direction(self, run: Run, readout: Readout, step: int) -> None:
        """Keep the gradients; or, if those of the step before are kept, write their cosines."""
        if not self.memory.keeps:
            self.memory.keep(self._gradients())
            return
        cosines = self.memory.cosines(self._gradients())
        if cosines is not None:
            self._write("grad_cosine", run, readout, step, cosines)

    def add_pass(self) -> None:
        """Take in the gradients after one of several backward passes of a step."""
        self.memory.add_pass(self._gradients())

    def record_noise(self, run: Run, readout: Readout, step: int) -> None:
        """Write the gradient noise scale, if several passes were taken in."""
        scales = self.memory.noise_scales(self._gradients())
        if scales is not None:
            self._write("grad_noise", run, readout, step, scales)

    def copy_weights(self) -> None:
        """Keep the weights as they are before the step."""
        weights = self._weights()
        if sum(w.numel() * w.element_size() for w in weights) <= _LARGEST_COPY_BYTES:
            self._before = [weight.clone() for weight in weights]

    def record_weights(self, run: Run, readout: Readout, step: int) -> None:
        """Write the norm of every weight, and of its update over it if a copy was kept."""
        weights = self._weights()
        if len(weights) != len(self.entries):
            return
        weight_norms = norms.norms(weights)
        self._write("weight_norm", run, readout, step, weight_norms)
        before, self._before = self._before, None
        if before is not None and len(before) == len(weights):
            moved = norms.norms(torch_compat.foreach_difference(weights, before))
            self._write("update_ratio", run, readout, step, moved / weight_norms)

    def forget(self) -> None:
        """Let go of every tensor."""
        self._before = None
        self.memory.forget()

    def _write(
        self, kind: str, run: Run, readout: Readout, step: int, values: torch.Tensor
    ) -> None:
        block = self._block(run, kind)
        readout.submit(values, lambda row: block.append(step, row.copy()))

    def _block(self, run: Run, kind: str) -> Block:
        """Return the block of this stepper's columns; a predecessor's may have had others."""
        known = self._blocks.get(kind)
        if known is not None:
            return known
        id = f"{kind}{self._suffix}"
        while (block := run.blocks.get(id)) is not None and block.names != self._columns:
            id += "+"
        made = self._blocks[kind] = block or run.add_block(id, kind, self._columns)
        return made

    def _gradients(self) -> list[torch.Tensor | None]:
        parameters = (entry.ref() for entry in self.entries)
        return [None if parameter is None else parameter.grad for parameter in parameters]

    def _weights(self) -> list[torch.Tensor]:
        parameters = (entry.ref() for entry in self.entries)
        return [
            parameter.detach()
            for parameter in parameters
            if parameter is not None and torch_compat.has_storage(parameter)
        ]

    def _group_names(self, groups: Sequence[dict[str, Any]]) -> list[str]:
        prefix = f"{self.name}." if self.name else ""
        return [
            f"{prefix}{group.get('name', number)}"
            for number, group in enumerate(groups)
            if "lr" in group
        ]


def _write_norms(block: Block, unwritten: list[tuple[int, list[torch.Tensor]]]) -> None:
    """Write all rows that wait, however many were announced: together they cost little more."""
    rows = unwritten[:]
    del unwritten[: len(rows)]
    if rows:
        values = torch.stack([norm for _, found in rows for norm in found]).numpy()
        for (step, _), row in zip(rows, values.reshape(len(rows), -1), strict=True):
            block.append(step, row)
