"""The probe: told of every backward pass and optimizer step, it writes into a run.

Each step costs a fixed little: the loss and the learning rates. Costlier readings are left
to `Readings`. A step ends when every optimizer that moves a watched parameter has stepped;
without any optimizer, a backward pass ends a step.
"""

from __future__ import annotations

import functools
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import nn
from torch.utils.data import DataLoader

from labkit.capture import discovery
from labkit.capture.activations import ActivationReader
from labkit.capture.activations.chosen_input import ChosenInput
from labkit.capture.incidents import IncidentKeeper
from labkit.capture.interception import Taps
from labkit.capture.loading import BatchLog
from labkit.capture.losses import PendingLoss, applied_scale, is_product, reaches, roots_of
from labkit.capture.parameters import ParameterTable
from labkit.capture.readings import Readings
from labkit.capture.rota import Rota
from labkit.capture.scopes import ScopeRecorder
from labkit.capture.sentinel import GradientSentinel
from labkit.capture.steady import NORMS, SteadyLoop
from labkit.capture.steppers import Stepper
from labkit.capture.witness import Witness
from labkit.run import Run

_WITNESSED_STEPS = 200
_FAST_NS = 1_000_000
"""A step shorter than this feels that the model's calls are looked at."""


class Probe:
    """Watches some models on behalf of one run.

    Parameters
    ----------
    run : Run
        Held weakly, so that an abandoned run can be collected and its watch with it.
    models : mapping of str to Module
        The label ``""`` stands for an only model. Not kept alive.
    optimizers : sequence of Optimizer
        Those that are known; empty to have them found.
    loss_fn : Module, optional
        Its results are the loss, instead of what backward is called on.
    graph, histograms : bool
        Whether to take these.
    activations : ChosenInput or False or None
        The input of which pictures are wanted; None for the loop's own, False for no activations.
    """

    def __init__(
        self,
        run: Run,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[torch.optim.Optimizer],
        *,
        loss_fn: nn.Module | None,
        graph: bool,
        histograms: bool,
        activations: ChosenInput | Literal[False] | None,
    ) -> None:
        self._run = weakref.ref(run)
        self._table = ParameterTable(models)
        self._scopes = ScopeRecorder(models)
        self.readings = Readings(
            self._table,
            self._scopes,
            None if activations is False else ActivationReader(models, activations or None),
            budget=run.budget,
            graph=graph,
            histograms=histograms,
        )
        self.readings.plan(run, time.perf_counter_ns(), 1)
        self.sentinel = GradientSentinel(self._table)
        self.pending = PendingLoss()
        self._loss_from_module = loss_fn is not None
        self._batches = BatchLog(run.observations)
        self._witness = Witness(models, run.observations)
        self.incidents = IncidentKeeper(
            models, self._table, self._witness, self.readings.known_graph, self._batches.indices
        )
        self.steady = SteadyLoop(self, run)
        self.taps = Taps(self.steady.around_backward, self.loader_started, self._batches.came)
        self._rota = Rota(self._table)
        self._steppers = self.readings.steppers = self._rota.steppers
        self._by_hand: Stepper | None = None
        self._scalers: list[Callable[[], torch.amp.GradScaler | None]] = []
        self._scales_loss: bool | None = None
        self._scale: torch.Tensor | None = None
        self._stepped_with: tuple[int, int] | None = None
        """Identity and version of the sentinel's gradient as the last step ended."""
        self._off_cpu = False
        self._trained_on: Callable[[], Any] = lambda: None
        self._started_loader: DataLoader[Any] | None = None
        self.step_began_ns = 0
        self._hooks_ns = 0
        if optimizers:
            self._rota.adopt(optimizers)

    def guarded_close(self) -> None:
        """Close, and keep a fault in it from the user's code."""
        try:
            self.close()
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            run = self._run()
            if run is not None:
                run.add_notice(
                    "watch",
                    "labkit could not deliver the last readings of this run. "
                    f"({type(error).__name__}: {error})",
                )

    def close(self) -> None:
        """Deliver what is under way and let go of everything."""
        self.steady.leave()
        self.steady.hear_steps_begin(wanted=False)
        self._witness.close()
        run = self._run()
        if run is not None and any(stepper.stepped for stepper in self._steppers):
            run.steps += 1
        self.readings.close()
        for stepper in self._steppers:
            stepper.forget()
        self.pending.drop()
        self.sentinel.forget()
        self._started_loader = None

    # ── told of backward passes and loaders ──────────────────────────────────

    def before_backward(self, roots: object) -> None:
        """Look at the graph while its buffers are there."""
        self.sentinel.before()
        self.guarded(self._before_backward, roots)

    def after_backward(self, roots: object) -> None:
        """Take the loss, if this pass reached a watched parameter."""
        if self.guarded(self._after_backward, roots):
            self._end_step()

    def loader_started(self, loader: DataLoader[Any]) -> None:
        """Remember which loader began last: the first step after it begins an epoch."""
        trained_on = self._trained_on()
        if trained_on is None or trained_on is loader:
            self.steady.leave()
            self._started_loader = loader

    def loss_computed(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """Take the result of the loss module, when one was given."""
        if torch.is_grad_enabled():
            self.guarded(lambda run: self.pending.add(roots_of(output), None))

    # ── told of optimizer steps ──────────────────────────────────────────────

    def before_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Read gradients before the weights move."""
        stepper = self._rota.known(optimizer)
        if stepper is not None and stepper.stepped:
            self._rota.count_missing()
            self._end_step()
        self.guarded(self._before_step, optimizer)

    def after_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Write what every step has; end the step when all optimizers have taken theirs."""
        if self.guarded(self._after_step, optimizer):
            self._end_step()

    # ── the work, under guard ────────────────────────────────────────────────

    def guarded(self, action: Callable[..., bool | None], *args: Any) -> bool:
        """Do something for the run; time it, and keep its faults from the loop."""
        began = time.perf_counter_ns()
        run = self._run()
        if run is None or run.closed:
            return False
        try:
            return bool(action(run, *args))
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            run.add_notice(
                "watch",
                "labkit missed something in this run; training is not affected. "
                f"({type(error).__name__}: {error})",
            )
            return False
        finally:
            self._hooks_ns += time.perf_counter_ns() - began

    def _before_backward(self, run: Run, roots: object) -> None:
        if not self.step_began_ns:
            self.step_began_ns = time.perf_counter_ns()
        if self._stepped_with is not None:
            run.observations.uncleared.add(seen=self.sentinel.gradient() == self._stepped_with)
            self._stepped_with = None
        tensors = roots_of(roots)
        if self.pending.waiting and not self._loss_from_module:
            self._settle_earlier_pass(run)
        if self._scales_loss is not False:
            self._scale = self._find_scale(tensors)
        self.readings.before_backward(run, tensors)
        self._look_at_losses(run, tensors)

    def _after_backward(self, run: Run, roots: object) -> bool:
        tensors = roots_of(roots)
        changed = self.sentinel.moved()
        if not changed and not reaches(tensors, self._table):
            return False
        if not changed:
            self.sentinel.choose()
        run.begin()
        inside = self._rota.inside
        if inside is not None and self.pending.waiting:
            return False  # a closure's later evaluations; the step's loss is its first
        if not self._loss_from_module:
            self._off_cpu = any(not tensor.is_cpu for tensor in tensors)
            self.pending.add(tensors, self._scale)
        if inside is not None:
            self.readings.read_gradients(run, inside, run.steps + 1)
        elif len(self._steppers) == 1:
            self.readings.after_pass(run, self._steppers[0], self._scale)
        return self._by_hand is not None and self._step_by_hand(run, self._by_hand)

    def _look_at_losses(self, run: Run, roots: Sequence[torch.Tensor]) -> None:
        """Have the step kept if a loss is out of the ordinary; accelerators are not waited for."""
        for root in roots:
            if root.numel() != 1 or not root.is_cpu or not root.is_floating_point():
                continue
            value = root.item()
            if self._scale is None and not value <= self.incidents.limit:
                self.alarmed(run, roots, value)
            self.incidents.note((value,))

    def alarmed(self, run: Run, roots: Sequence[torch.Tensor], loss: float) -> None:
        """Keep a step whose loss is out of the ordinary, if it is a loss of what is watched."""
        if reaches(roots, self._table):
            self.incidents.keep(run, roots, loss)

    def _settle_earlier_pass(self, run: Run) -> None:
        """Say what became of a backward pass that no optimizer's step followed."""
        if not self._steppers and self._by_hand is None:
            self._rota.adopt(discovery.find_optimizers(self._table))
            if not self._steppers:
                self._by_hand = Stepper("", None, self._table.watched)
                self._record_loss(run, self._by_hand, run.steps + 1)
                run.steps += 1
                return
        if self._steppers and not self.sentinel.was_reset():
            self.readings.several_passes()
        if self.sentinel.was_reset() and self._rota.inside is None:
            # A gradient scaler skipped the step.
            self.pending.drop()
            run.observations.skipped.append(run.steps + 1)

    def _step_by_hand(self, run: Run, stepper: Stepper) -> bool:
        step = run.steps + 1
        self.readings.before_step(run, stepper, step)
        self._record_loss(run, stepper, step)
        self.readings.after_step(run, stepper, step)
        self._stepped_with = self.sentinel.gradient()
        return True

    def _record_loss(self, run: Run, stepper: Stepper, step: int) -> None:
        arrived = functools.partial(self.incidents.arrived, run)
        stepper.record_loss(run, self.readings.readout, step, self.pending, arrived)

    def _before_step(self, run: Run, optimizer: torch.optim.Optimizer) -> None:
        stepper = self._rota.admit(optimizer)
        if stepper is None:
            return
        self._by_hand = None
        if not self.step_began_ns:
            self.step_began_ns = time.perf_counter_ns()
        run.begin()
        stepper.inside_step, stepper.gradients_read = True, False
        stepper.rescales = stepper.rescales or self.sentinel.was_reset()
        if self.pending.waiting:
            self.readings.before_step(run, stepper, run.steps + (not stepper.late))

    def _after_step(self, run: Run, optimizer: torch.optim.Optimizer) -> bool:
        stepper = self._rota.known(optimizer)
        if stepper is None:
            return False
        late, stepper.late = stepper.late, False
        step = run.steps if late else run.steps + 1
        if not stepper.gradients_read:
            self.readings.read_gradients(run, stepper, step)
        stepper.inside_step, stepper.stepped, stepper.missed = False, not late, 0
        self._record_loss(run, stepper, step)
        stepper.record_learning_rates(run, self.readings.readout, optimizer.param_groups, step)
        self.readings.after_step(run, stepper, step)
        self._stepped_with = self.sentinel.gradient()
        return self._rota.all_stepped

    def _end_step(self) -> None:
        self.guarded(self._close_books)
        self.between_steps()

    def between_steps(self) -> None:
        """Count epochs, and do what the run's controls ask for."""
        run = self._run()
        if run is None:
            return
        if self._started_loader is not None:
            self.guarded(self._count_epoch)
        if run.control.pending:
            try:
                run.control.at_step_end()
            finally:
                self.step_began_ns = time.perf_counter_ns()

    def _close_books(self, run: Run) -> None:
        now = time.perf_counter_ns()
        run.steps += 1
        for stepper in self._steppers:
            stepper.stepped = False
        readings = self.readings
        if readings.readout.waiting:
            readings.readout.poll()
        loop_ns, self.step_began_ns = now - self.step_began_ns, now
        self.account(run, loop_ns)
        readings.plan(run, now, run.steps + 1)
        self._settle(run)

    def account(self, run: Run, loop_ns: int, fixed_ns: int = 0) -> None:
        """Charge some time of the loop, and what watching it cost besides the timed hooks."""
        fixed_ns += max(0, self._hooks_ns - self.readings.spent_ns)
        self._hooks_ns = 0
        self.readings.account(run, loop_ns, fixed_ns)

    def _settle(self, run: Run) -> None:
        """Take the short way from now on, if the loop is an everyday one."""
        if len(self._steppers) != 1 or self._loss_from_module or self._scales_loss is not False:
            return
        if not self.readings.planned <= NORMS:
            return
        stepper, parameter = self._steppers[0], self.sentinel.parameter
        optimizer, loss, rates = stepper.optimizer, *stepper.scalar_blocks(run)
        if parameter is None or optimizer is None or loss is None or rates is None:
            return
        if stepper.has_tensor_rates() or self._off_cpu:
            return
        if run.steps > _WITNESSED_STEPS and run.loop_ns / run.steps < _FAST_NS:
            self._witness.rest()
        self._stepped_with = None  # the short way looks for itself
        run.tally.write_to(loss, rates)
        self.steady.open(stepper, optimizer, parameter, run.steps)

    def _count_epoch(self, run: Run) -> None:
        loader, self._started_loader = self._started_loader, None
        if loader is None:
            return
        self._trained_on = weakref.ref(loader)
        run.epoch = (run.epoch or 0) + 1
        try:
            run.steps_per_epoch = len(loader)
        except TypeError:  # an iterable dataset does not know its length
            run.steps_per_epoch = None

    def _find_scale(self, roots: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """Return the gradient scaler's factor in the loss; looks for scalers once, if at all."""
        if self._scales_loss is None:
            products = [root for root in roots if is_product(root)]
            self._scalers = [weakref.ref(s) for s in discovery.find_scalers()] if products else []
            self._scales_loss = bool(self._scalers)
        return applied_scale(roots, self._scalers) if self._scalers else None
