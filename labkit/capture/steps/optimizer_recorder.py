"""What is known of one optimizer's steps: the loss that waits for one, and the rows to write."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch

from labkit.capture.hooks.listener import LoopListener, StepListener
from labkit.capture.parameters import Watched
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.parameter_reader import ParameterReader
from labkit.capture.readings.reading import Reading
from labkit.capture.steps.gradient_mark import GradientMark
from labkit.capture.steps.losses import Loss
from labkit.run import Run

Rates = float | Sequence[float]


class OptimizerRecorder:
    """Records the steps that move some watched parameters.

    Usually those of one optimizer. Optimizers that hold the same parameters (a wrapper and what it
    wraps, an optimizer and its successor) share one recorder, and so do all that step inside a
    backward pass.

    Parameters
    ----------
    loop : LoopListener
        The watch that it belongs to.
    tables : str
        Tells its tables of readings from the others'; ``""`` for the only one.
    label : str
        The model whose parameters it holds, ``""`` for an only model.
    entries : sequence of Watched
        The parameters that its optimizers hold.
    limit : MemoryLimit
        Bytes that copies of tensors may take.

    Attributes
    ----------
    passes : int
        Backward passes whose gradients wait for a step.
    loss : float
        Sum of their losses, as far as it is known on the host.
    device_loss : Tensor or None
        Sum of those that are still on a device.
    has_loss : bool
        Whether some of these passes had a loss.
    stepped : bool
        Whether it has stepped in the round under way.
    depth : int
        How many ``step`` calls of its optimizers are under way, one within the other.
    """

    def __init__(  # noqa: PLR0915 - one attribute after the other
        self,
        loop: LoopListener,
        tables: str,
        label: str,
        entries: Sequence[Watched],
        limit: MemoryLimit,
    ) -> None:
        self.loop = loop
        self.thread: int = loop.thread
        """The thread that trains these parameters, the only one that looks at them."""
        self.label = label
        self.name: str | None = None
        """What tells its series from the others'; None before its first step."""
        self.entries = tuple(entries)
        self.mark = GradientMark()
        self.reader = ParameterReader(tables, entries, limit)
        self.optimizers: list[weakref.ref[torch.optim.Optimizer]] = []
        self.passes = 0
        self.loss = 0.0
        self.device_loss: torch.Tensor | None = None
        self.has_loss = False
        self.first_pass = self.last_pass = 0
        """Numbers of the first and the last of the passes that wait."""
        self.held = -1
        """How many parameters its optimizers held when that was last counted."""
        self.stepped = False
        self.joins_last_round = False
        """Whether the step under way belongs to the round that has ended, as its first one."""
        self.owed: frozenset[Reading] = frozenset()
        """What was planned for rounds in which it did not step, to be read in its next step."""
        self.never_announced = True
        """Whether no hook was ever called for one of its steps."""
        self.unannounced = False
        """Whether its steps are seen by the weights alone, as those of a compiled step."""
        self.is_by_hand = False
        """Whether what moves the weights now is not the optimizer, which stepped before."""
        self.suspects: list[tuple[float | None, Rates | None]] = []
        """Losses and learning rates of steps that may have been taken without a hook."""
        self.rates_before: Rates | None = None
        """The learning rates as the last pass ended, where no hook tells when a step is taken."""
        self.is_uncleared = False
        """Whether the pass under way began with the gradients of the step before."""
        self.begins_unseen = False
        """Whether only the end of a step is announced, as torch.compile leaves the rest out."""
        self.was_sampled = False
        """Whether module calls were recorded for a pass that it waited for."""
        self.awaited = 0
        """Rounds that were sampled for that, without such a pass."""
        self.left_out = False
        """Whether rounds do not wait for it, as it missed several."""
        self.outermost = 0
        """Identity of the optimizer whose step is under way; 0 while none is."""
        self.inner: weakref.ref[torch.optim.Optimizer] | None = None
        """The optimizer that the outermost one wraps, if it does."""
        self.reads_after_closure = False
        """Whether gradients are read when the closure of the step under way has returned."""
        self.depth = 0
        self.evaluations = 0
        """Passes within the step under way, as a closure makes them."""
        self.evaluated_again = False
        """Whether the closure cleared the gradients and began anew, as LBFGS has it do."""
        self.in_pass = False
        """Whether it stepped inside the backward pass under way."""
        self.missed = 0
        """Rounds that ended without it, one after the other."""
        self.last_stepped: Callable[[], torch.optim.Optimizer | None] = lambda: None
        self.accumulates = False
        """Whether a step was ever taken after several passes."""
        self.quiet: StepListener | None = None
        """What records everyday steps, in quiet rounds."""
        self.rows: deque[tuple[int, float | None, Rates | None]] = deque()
        self._group_names: tuple[str, ...] = ()

    @property
    def has_stepped(self) -> bool:
        """Whether it has taken a step."""
        return self.name is not None

    def takes_everyday_steps(self) -> bool:
        """Return whether its next step can be expected to be one of one optimizer, with a hook."""
        alive = [each for ref in self.optimizers if (each := ref()) is not None]
        return (
            len(alive) == 1
            and self.last_stepped() is alive[0]
            and self.inner is None
            and self.device_loss is None
            and not self.owed
            and not self.left_out
            and not self.never_announced
            and not self.begins_unseen
            and not self.joins_last_round
        )

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """One of its optimizers that is alive, the newest first."""
        return next((each for ref in reversed(self.optimizers) if (each := ref())), None)

    def add_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Record the steps of an optimizer, too."""
        self.optimizers = [ref for ref in self.optimizers if ref() not in (None, optimizer)]
        self.optimizers.append(weakref.ref(optimizer))

    def set_entries(self, entries: Sequence[Watched]) -> None:
        """Take other parameters: some were added, removed or replaced."""
        self.entries = tuple(entries)
        self.reader.set_entries(self.entries)
        held = {id(entry.parameter()) for entry in entries}
        if self.mark.parameter is None or id(self.mark.parameter) not in held:
            self.mark.choose(self.entries)
            self.mark.leave()

    def announce(self) -> None:
        """Record that a hook is called for its steps after all."""
        self.never_announced = self.unannounced = self.is_by_hand = False
        self.suspects.clear()

    def add_loss(self, value: Loss) -> None:
        """Add the loss of a backward pass; None if the pass has none."""
        if value is None:
            return
        self.has_loss = True
        if isinstance(value, torch.Tensor):
            self.device_loss = value if self.device_loss is None else self.device_loss + value
        else:
            self.loss += value

    def drop_passes(self) -> None:
        """Drop the losses whose gradients were cleared before any step."""
        self.passes, self.loss, self.device_loss, self.has_loss = 0, 0.0, None, False

    def drop_step(self) -> None:
        """Drop the step under way: it raised. The passes still wait for one."""
        self.depth, self.outermost, self.evaluations = 0, 0, 0
        self.evaluated_again = self.reads_after_closure = False

    def drop_loss(self) -> None:
        """Drop the loss alone, as another optimizer's step has recorded it."""
        self.loss, self.device_loss, self.has_loss = 0.0, None, False

    def copy_passes(self, other: OptimizerRecorder) -> None:
        """Have the passes wait here that wait in another recorder."""
        self.passes, self.loss, self.device_loss = other.passes, other.loss, other.device_loss
        self.has_loss, self.first_pass = other.has_loss, other.first_pass
        self.last_pass = other.last_pass

    def submit_row(
        self,
        run: Run,
        transfer: DeviceTransfer,
        step: int,
        optimizers: Sequence[torch.optim.Optimizer],
        arrived: Callable[[int, float], object],
    ) -> None:
        """Write a step some of whose numbers are on a device.

        `arrived` is called with the step and the loss when it has come to the host.
        """
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        self._name_groups(groups)
        rates = [group["lr"] for group in groups if "lr" in group]
        before, self.rates_before = self.rates_before, None
        if not optimizers and before is not None:
            rates = list(before) if isinstance(before, Sequence) else [before]
        if self.device_loss is not None:
            self.write(run)
            table = run.recorder.table(self._loss_id, "loss", [self._loss_id])

            def deliver(row: Any) -> None:
                table.append(step, row)
                arrived(step, float(row[0]))

            transfer.submit((self.device_loss + self.loss).reshape(1), deliver)
        elif self.has_loss:
            self.rows.append((step, self.loss, None))
        if any(isinstance(rate, torch.Tensor) for rate in rates):
            self.write(run)
            stacked = torch.stack(
                [torch.as_tensor(rate, dtype=torch.float32).reshape(()) for rate in rates]
            )
            table_of_rates = self._rates_table(run, len(rates))
            transfer.submit(stacked, lambda row: table_of_rates.append(step, row.copy()))
        elif rates:
            self.rows.append((step, None, [float(rate) for rate in rates]))

    def declare(self, run: Run) -> None:
        """Make the table of the loss, so that it comes before all that is read of the step."""
        if self.has_loss:
            run.recorder.table(self._loss_id, "loss", [self._loss_id])

    def write(self, run: Run) -> None:
        """Move the rows that wait into the run's tables."""
        rows = [self.rows.popleft() for _ in range(len(self.rows))]
        losses = [(step, loss) for step, loss, _ in rows if loss is not None]
        if losses:
            table = run.recorder.table(self._loss_id, "loss", [self._loss_id])
            table.extend([step for step, _ in losses], [loss for _, loss in losses])
        rated = [(step, rates) for step, _, rates in rows if rates is not None]
        if rated:
            listed = [list(r) if isinstance(r, (list, tuple)) else [r] for _, r in rated]
            self._rates_table(run, max(map(len, listed))).extend(
                [step for step, _ in rated],
                listed,
            )

    def release(self) -> None:
        """Release every tensor."""
        self.mark.release()
        self.outermost = 0
        self.reader.release()
        self.device_loss = None

    def _name_groups(self, groups: Sequence[dict[str, Any]]) -> None:
        """Record the names of the parameter groups, for the columns of the learning rates."""
        prefix = f"{self.name}." if self.name else ""
        self._group_names = tuple(
            f"{prefix}{group.get('name', number)}"
            for number, group in enumerate(groups)
            if "lr" in group
        )

    @property
    def _loss_id(self) -> str:
        return f"loss/{self.name}" if self.name else "loss"

    def _rates_table(self, run: Run, width: int) -> Any:
        prefix = f"{self.name}." if self.name else ""
        known = self._group_names[:width]
        names = [*known, *(f"{prefix}{n}" for n in range(len(known), width))]
        return run.recorder.table(f"lr:{self.name}" if self.name else "lr", "lr", names)


def rates_of(optimizer: torch.optim.Optimizer) -> Rates | None:
    """Return the learning rate of each parameter group, None where there are none."""
    groups = optimizer.param_groups
    if len(groups) == 1:
        rate = groups[0].get("lr")
        return float(rate) if rate is not None else None
    rates = [float(group["lr"]) for group in groups if "lr" in group]
    return rates or None
