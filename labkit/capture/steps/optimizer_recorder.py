"""Records the steps of one optimizer: the passes pending for a step, and the rows to write."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Sequence

import torch

from labkit.capture import hooks
from labkit.capture.hooks.listener import LoopListener, StepListener
from labkit.capture.parameters import Watched
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.parameter_reader import ParameterReader
from labkit.capture.readings.reading import Reading
from labkit.capture.steps.clearing import ClearingCheck
from labkit.capture.steps.gradient_probe import GradientProbe
from labkit.capture.steps.losses import Loss
from labkit.capture.steps.step_series import Rates, Row, StepSeries
from labkit.run import Run


class OptimizerRecorder:
    """Records the steps that update some watched parameters.

    Usually these are the steps of one optimizer. Optimizers that hold the same parameters (a
    wrapper and the optimizer it wraps, an optimizer and its replacement) share one recorder, and so
    do all optimizers that step inside a backward pass.

    Parameters
    ----------
    loop : LoopListener
        The watched loop that the recorder belongs to.
    tables : str
        Distinguishes its tables of readings from those of other recorders; ``""`` for the only one.
    label : str
        Label of the model whose parameters the optimizers hold, ``""`` for an only model.
    entries : sequence of Watched
        The parameters that the optimizers hold.
    limit : MemoryLimit
        Limit of the memory for copies of tensors.

    Attributes
    ----------
    passes : int
        Number of pending backward passes: those since the last step.
    loss : float
        Sum of their losses, as far as these are on the host.
    device_loss : Tensor or None
        Sum of their losses that are still on a device.
    has_loss : bool
        Whether some of these passes had a loss.
    stepped : bool
        Whether the optimizer has stepped in the training step under way.
    depth : int
        Number of nested ``step`` calls of the optimizers that are under way.
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
        """Identity of the thread that trains these parameters; only this thread reads them."""
        self.label = label
        self.name: str | None = None
        """Distinguishes its series from those of other recorders; None before the first step."""
        self.series = StepSeries("")
        self.entries = tuple(entries)
        self.probe = GradientProbe()
        self.clearing = ClearingCheck()
        self.reader = ParameterReader(tables, entries, limit)
        self.optimizers: list[weakref.ref[torch.optim.Optimizer]] = []
        self.passes = 0
        self.loss = 0.0
        self.device_loss: torch.Tensor | None = None
        self.has_loss = False
        self.first_pass = self.last_pass = 0
        """Numbers of the first and the last pending pass."""
        self.held = -1
        """Number of parameters that the optimizers held when these were last counted."""
        self.stepped = False
        self.joins_previous_step = False
        """Whether the optimizer's step under way belongs to the previous training step."""
        self.deferred: frozenset[Reading] = frozenset()
        """Readings planned for training steps that the optimizer missed, due in its next step."""
        self.hook_never_called = True
        """Whether no hook was ever called for one of its steps."""
        self.is_without_hook = False
        """Whether its steps are detected by changed weights only, as those of a compiled step."""
        self.is_manual = False
        """Whether the weights are now updated without the optimizer, which stepped before."""
        self.suspected_steps: list[tuple[float | None, Rates | None]] = []
        """Losses and learning rates of steps that were probably taken without a hook call."""
        self.rates_before: Rates | None = None
        """Learning rates at the end of the last pass, where no hook is called for a step."""
        self.is_uncleared = False
        """Whether the pass under way began with the gradients of the previous step."""
        self.checked_pass = 0
        """Number of the pass for which that was counted last."""
        self.counted_uncleared = False
        """What was counted for it."""
        self.only_end_is_seen = False
        """Whether a hook is called only after each step, as in a compiled step."""
        self.was_sampled = False
        """Whether module calls were recorded for one of its passes."""
        self.sample_requests = 0
        """Number of sampled training steps that were requested for that, without success."""
        self.is_trained_elsewhere = False
        """Whether a thread that is not the training thread yet may change its gradients."""
        self.excluded = False
        """Whether training steps do not wait for it, as it missed several."""
        self.outermost = 0
        """Identity of the optimizer whose step is under way; 0 if there is none."""
        self.inner: weakref.ref[torch.optim.Optimizer] | None = None
        """The optimizer that the outermost one wraps, if there is one."""
        self.reads_after_closure = False
        """Whether gradients are read when the closure of the step under way has returned."""
        self.depth = 0
        self.evaluations = 0
        """Number of passes within the step under way, as run by a closure."""
        self.evaluated_again = False
        """Whether the closure cleared the gradients and ran another pass, as with LBFGS."""
        self.stepped_in_backward = False
        """Whether the optimizer stepped inside the backward pass under way."""
        self.missed_steps = 0
        """Number of training steps in a row in which the optimizer did not step."""
        self.last_stepped: Callable[[], torch.optim.Optimizer | None] = lambda: None
        self.accumulates = False
        """Whether a step was ever taken after several passes."""
        self.fast_path: StepListener | None = None
        """Handles steps in the state FAST; None if the general path has to."""
        self.rows: deque[Row] = deque()

    @property
    def has_stepped(self) -> bool:
        """Whether it has taken a step."""
        return self.name is not None

    def can_use_fast_path(self) -> bool:
        """Return whether the next step is expected to be an ordinary one, of one optimizer."""
        alive = [each for ref in self.optimizers if (each := ref()) is not None]
        return (
            len(alive) == 1
            and self.last_stepped() is alive[0]
            and self.inner is None
            and self.device_loss is None
            and not self.deferred
            and not self.excluded
            and not self.hook_never_called
            and not self.only_end_is_seen
            and not self.joins_previous_step
        )

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """The newest of its optimizers that exists; None if there is none."""
        return next((each for ref in reversed(self.optimizers) if (each := ref())), None)

    def continues_previous_step(self, optimizer: torch.optim.Optimizer | None) -> bool:
        """Return whether a step belongs to the one before: another optimizer, no new pass."""
        before = self.last_stepped()
        return (
            optimizer is not None
            and not self.passes
            and before is not None
            and before is not optimizer
        )

    def add_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Record the steps of an optimizer, too."""
        self.optimizers = [ref for ref in self.optimizers if ref() not in (None, optimizer)]
        self.optimizers.append(weakref.ref(optimizer))

    def assign_name(self, name: str) -> None:
        """Set the name that distinguishes its series; ``""`` for the plain names."""
        self.name = name
        self.series = StepSeries(name)

    def set_entries(self, entries: Sequence[Watched]) -> None:
        """Replace the parameters: some were added, removed or replaced."""
        self.entries = tuple(entries)
        self.reader.set_entries(self.entries)
        held = {id(entry.parameter()) for entry in entries}
        if self.probe.parameter is None or id(self.probe.parameter) not in held:
            self.probe.choose(self.entries)
            self.probe.record_after_pass()

    def record_hook_call(self) -> None:
        """Record that a hook was called for a step."""
        self.hook_never_called = self.is_without_hook = self.is_manual = False
        self.suspected_steps.clear()

    # ── pending passes ───────────────────────────────────────────────────────

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
        """Drop the pending passes: a step used their gradients, or these were cleared."""
        self.passes, self.loss, self.device_loss, self.has_loss = 0, 0.0, None, False

    def drop_step(self) -> None:
        """Drop the step under way, which raised; the passes remain pending."""
        self.depth, self.outermost, self.evaluations = 0, 0, 0
        self.evaluated_again = self.reads_after_closure = False

    def drop_loss(self) -> None:
        """Drop the loss of the pending passes: another optimizer's step has recorded it."""
        self.loss, self.device_loss, self.has_loss = 0.0, None, False

    def copy_passes(self, other: OptimizerRecorder) -> None:
        """Copy the pending passes of another recorder."""
        self.passes, self.loss, self.device_loss = other.passes, other.loss, other.device_loss
        self.has_loss, self.first_pass = other.has_loss, other.first_pass
        self.last_pass = other.last_pass

    # ── rows ─────────────────────────────────────────────────────────────────

    def submit_row(
        self,
        run: Run,
        transfer: DeviceTransfer,
        step: int,
        optimizers: Sequence[torch.optim.Optimizer],
        on_arrival: Callable[[int, float], object],
    ) -> None:
        """Record the loss and the learning rates of a step; some may still be on a device.

        `on_arrival` is called with the step and the loss if the loss is copied from a device.
        """
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        self.series.name_groups(groups)
        rates = [rate for optimizer in optimizers for rate in hooks.used_rates(optimizer)]
        before, self.rates_before = self.rates_before, None
        if not optimizers and before is not None:
            rates = list(before) if isinstance(before, Sequence) else [before]
        if self.device_loss is not None:
            self.write(run)
            loss = self.device_loss + self.loss
            self.series.submit_loss(run, transfer, step, loss, on_arrival)
        elif self.has_loss:
            self.rows.append((step, self.loss, None))
        if any(isinstance(rate, torch.Tensor) for rate in rates):
            self.write(run)
            self.series.submit_rates(run, transfer, step, rates)
        elif rates:
            self.rows.append((step, None, [float(rate) for rate in rates]))

    def write(self, run: Run) -> None:
        """Move pending rows into the run's tables; on any thread."""
        self.series.write(run, self.rows)

    def release(self) -> None:
        """Release every tensor."""
        self.probe.release()
        self.outermost = 0
        self.reader.release()
        self.device_loss = None
