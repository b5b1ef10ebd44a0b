"""The state machine of one watched loop: backward passes and optimizer steps become steps.

A *round* is one step of the run: every optimizer that takes part has stepped once. Two states
take turns while a loop trains. In a quiet round the call-outs add numbers to what waits and
nothing else; in a sampled round more is read, as planned when the round before ended. All that can
wait (series, budget, plans) is done between rounds, for many at once.

Code that runs once between two steps is cold and costs some twenty times what it costs warm, so
what a quiet round runs is written out in few functions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from labkit.capture import hooks
from labkit.capture.hooks.listener import Backward
from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.losses import PRODUCT, reached_by, roots_of
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.optimizer_steps import OptimizerSteps
from labkit.capture.steps.passes import Passes
from labkit.capture.steps.quiet_rounds import QuietRounds
from labkit.capture.steps.round_ends import RoundEnds
from labkit.capture.steps.unannounced import UnannouncedSteps
from labkit.capture.torch_compat import tensor_version, without_compilation
from labkit.run import Run
from labkit.run.error_text import described

_TURNS_AWAITED = 16
"""How often other threads are refused at most before one that took the loop over has stepped."""
_QUIET = State.QUIET


class StepMachine(Loop):
    """Records one watched loop into a run: what the hooks call. Parameters are those of `Loop`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._next_thread: tuple[int, Sequence[OptimizerRecorder]] | None = None
        """A thread that waits to become the one that trains, and what records its parameters."""
        self._turns_left = 0
        """How often other threads are refused, so that the one that trains takes a step."""
        super().__init__(*args, **kwargs)
        quiet_rounds = QuietRounds(self, self)
        self.steps = OptimizerSteps(self)
        self.ends = RoundEnds(self, quiet_rounds)
        self.unannounced = UnannouncedSteps(self, self.steps, self.ends)
        self.passes = Passes(self, quiet_rounds, self.unannounced)

    def open(self, run: Run, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Plan the first step, and record the steps of optimizers that are known already."""
        self.control.owner = self.thread
        for optimizer in optimizers:
            self.guarded(lambda run, each=optimizer: self.rounds.admit(each, found=True))
        self.guarded(lambda run: self.readings.plan(run, time.perf_counter_ns(), 1))

    def claim(self, thread: int, tensors: object, recorder: OptimizerRecorder | None) -> bool:
        """Make a thread the one that trains, unless a pass or a step is under way on another.

        It trains what a pass from some tensors reaches, or what a recorder records. If one is under
        way, the thread becomes the one that trains after the next step, and remains it until it has
        taken one. Otherwise one of several threads that train at once might never be recorded.
        """
        if self.state is State.CLOSED:
            return False
        reached = reached_by(roots_of(tensors), self.table)
        found = self.rounds.recorders_reached(reached) if recorder is None else [recorder]
        if not found:
            return False
        self.leave_quiet_rounds()
        self.rounds.drop_steps_that_raised(self.thread)
        if self.is_busy or self.is_in_pass or self.rounds.is_inside_step or self._turns_left > 0:
            self._turns_left -= 1
            self._next_thread = thread, found
            return False
        self._train_on(thread, found)
        return True

    def _train_on(self, thread: int, recorders: Sequence[OptimizerRecorder]) -> None:
        for each in recorders:
            each.thread = thread
        self.thread = thread
        self.control.owner = thread

    def _hand_over(self) -> None:
        """Make the thread the one that trains that a pass or step under way had kept waiting."""
        waiting = self._next_thread
        self._turns_left = 0
        if waiting is not None and not self.rounds.is_inside_step:
            self._next_thread = None
            self._turns_left = _TURNS_AWAITED
            self._train_on(*waiting)
            hooks.parameters_changed()

    # ── backward passes ─────────────────────────────────────────────────────────

    def run_any_pass(
        self, original: Backward, tensors: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Run a backward pass, whatever it is like."""
        if not self.begin_pass():
            original(tensors, *args, **kwargs)
            return
        try:
            self.before_pass(tensors)
            original(tensors, *args, **kwargs)
        except BaseException:
            self.pass_failed()
            raise
        self.after_pass(tensors)

    def begin_pass(self) -> bool:
        """Begin a backward pass; return whether it is to be recorded.

        Not if it runs within another, as re-entrant checkpointing makes them, nor if another thread
        has taken the loop over just now.
        """
        if self.thread != threading.get_ident() or self.is_in_pass:
            return False
        self.is_in_pass = self.is_busy = True
        self.rounds.drop_steps_that_raised(self.thread)
        return True

    def before_pass(self, tensors: object) -> None:  # noqa: C901 - one cold function
        """Record the loss, and the gradients as they are before the pass."""
        began_ns = time.perf_counter_ns() if self.timing else 0
        for recorder in self.rounds.recorders:
            mark = recorder.mark
            parameter = mark.parameter
            if parameter is not None and recorder.thread == self.thread:
                mark.before = gradient = parameter.grad
                if gradient is not None:
                    mark.before_version = tensor_version(gradient)
                if recorder.passes:
                    mark.see_cleared()
                    if (
                        tensor_version(parameter) != mark.left_weights
                        and (recorder.never_announced or mark.cleared)
                        and not recorder.depth
                    ):
                        self.guarded(self.unannounced.suspect, recorder)
        if type(tensors) is Tensor and tensors.is_cpu and (self.state is _QUIET or self.is_beside):
            try:
                self.value = value = tensors.item()
                odd = not value <= (self.beside_limit if self.is_beside else self.limit)
                if odd or (type(tensors.grad_fn) is PRODUCT and self.scales.may_be_used):
                    self.guarded(self.passes.look, tensors)
            except Exception:  # noqa: BLE001 - not one real number, or a mode forbids it
                self.value = None
        else:
            self.guarded(self.passes.look, tensors)
        if self.sees_clearing:
            for recorder in self.rounds.recorders:
                recorder.is_uncleared = recorder.thread == self.thread and (
                    recorder.mark.is_uncleared()
                )
        if began_ns:
            self.sample_ns += time.perf_counter_ns() - began_ns

    def after_pass(self, tensors: object) -> None:
        """Add the loss to what waits for a step, if the pass reached a watched parameter."""
        self.is_in_pass = False
        try:
            self._end_pass(tensors)
        finally:
            self.is_busy = False

    def _end_pass(self, tensors: object) -> None:  # noqa: C901, PLR0912 - one cold function
        if self.thread != threading.get_ident() or self.state is State.CLOSED:
            return
        began_ns = time.perf_counter_ns() if self.timing else 0
        value, moved = self.value, False
        self.pass_number += 1
        for recorder in self.rounds.recorders:
            mark = recorder.mark
            parameter = mark.parameter
            if parameter is None or recorder.thread != self.thread:
                continue
            before, mark.before = mark.before, None
            gradient = parameter.grad
            if gradient is None:
                continue
            version = tensor_version(gradient)
            if gradient is before and version == mark.before_version:
                continue
            moved = True
            if recorder.passes or recorder.depth:
                self.passes.add_later(recorder, value)
            else:
                recorder.passes = 1
                recorder.first_pass = self.pass_number
                if type(value) is float:
                    recorder.loss, recorder.has_loss = value, True
                else:
                    recorder.add_loss(value)
            recorder.last_pass = self.pass_number
            mark.left_id, mark.left_version = id(gradient), version
            mark.left_weights = tensor_version(parameter)
        if began_ns:
            self.sample_ns += time.perf_counter_ns() - began_ns
        if self.rounds.stepped_inside:
            if any(recorder.in_pass and recorder.stepped for recorder in self.rounds.recorders):
                self.guarded(self.rounds.count_missing)
                self.ends.end()
            self.guarded(self.steps.end_inside)
        elif not moved:
            self.miss(tensors)
        else:
            if self.is_beside and self.state is not _QUIET:
                self.leave_quiet_rounds()
            self.is_beside = False
            if self.sees_clearing:
                self.guarded(self.passes.count_uncleared)
            if self.state is _QUIET:
                return
            self.guarded(self.passes.read)
        if self.rounds.is_complete:
            self.ends.end()

    def miss(self, tensors: object) -> None:
        """Record a pass that moved no watched gradient that is looked at."""
        self.guarded(self.passes.miss, tensors)

    def pass_failed(self) -> None:
        """Drop what was recorded as the pass began: it raised."""
        self.is_in_pass = self.is_busy = False
        for recorder in self.rounds.recorders:
            recorder.mark.before = None
            recorder.in_pass = False

    def loss_computed(self, module: nn.Module, output: Any) -> None:
        """Add the result of the loss module, when one was given."""
        if torch.is_grad_enabled() and threading.get_ident() == self.thread:
            self.guarded(self.passes.add_given_loss, output)

    def model_called(self) -> None:
        """Record that the forward pass of a model begins: an update by hand is over then."""
        if threading.get_ident() != self.thread:
            return
        for recorder in self.rounds.unannounced:
            if recorder.mark.parameter is None or not recorder.passes:
                continue
            recorder.mark.begin_pass()
            recorder.mark.see_cleared()
            self.guarded(self.unannounced.settle, recorder)

    # ── optimizer steps ─────────────────────────────────────────────────────────

    def recorder_of(self, optimizer: torch.optim.Optimizer) -> OptimizerRecorder | None:
        """Return what records an optimizer's steps, None if it holds nothing watched."""
        if self.state is State.CLOSED:
            return None
        found: list[OptimizerRecorder | None] = []
        self.guarded(
            lambda run: found.append(self.rounds.admit(optimizer, inside_pass=self.is_in_pass))
        )
        return found[0] if found else None

    def before_step(
        self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any
    ) -> tuple[Any, Any] | None:
        """Record that a step begins; in a sampled round, read gradients before weights move."""
        busy, self.is_busy = self.is_busy, True
        try:
            return self._begin_step(recorder, optimizer, args, kwargs)
        finally:
            self.is_busy = busy

    def _begin_step(
        self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any
    ) -> tuple[Any, Any] | None:
        if self.state is State.CLOSED:
            return None
        if self.rounds.is_inside_step:
            self.rounds.drop_steps_that_raised(self.thread, optimizer)
            if not recorder.depth and self.rounds.is_inside_step:  # which shows what wraps what
                recorder = self.recorder_of(optimizer) or recorder
        if recorder.depth:
            self.guarded(self.steps.begin_inner, recorder, optimizer)
        if recorder.left_out:
            self.guarded(self.rounds.readmit, recorder)
        if recorder.stepped and not recorder.depth and recorder.passes:
            self.guarded(self.rounds.count_missing)
            self.ends.end()
        recorder.depth += 1
        recorder.begins_unseen = False
        recorder.outermost = recorder.outermost or id(optimizer)
        if recorder.never_announced:
            recorder.announce()
        has_closure = len(args) > 1 or bool(kwargs)  # whose passes are yet to come
        if self.state is _QUIET and (recorder.passes or has_closure) and not recorder.owed:
            return None
        given: list[tuple[Any, Any] | None] = []
        self.guarded(
            lambda run: given.append(self.steps.begin(run, recorder, optimizer, args, kwargs))
        )
        return given[0] if given else None

    def after_step(self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> None:
        """Add the step's row; end the round when every optimizer has stepped."""
        busy, self.is_busy = self.is_busy, True
        try:
            self._end_step(recorder, optimizer)
        finally:
            self.is_busy = busy
        if self._next_thread is not None and not busy:
            self._hand_over()

    def _end_step(self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> None:
        if not recorder.depth:
            self.leave_quiet_rounds()
            recorder.begins_unseen, recorder.depth = True, 1
        recorder.depth -= 1
        if recorder.depth or self.state is State.CLOSED:
            return
        recorder.outermost = 0
        recorder.suspects.clear()
        self.sample_ns, self.timing = 0, False
        self.guarded(self.steps.end, recorder, optimizer)
        if self.rounds.is_complete:
            self.ends.end()

    def leave_out(self, ns: int) -> None:
        """Leave out some time in which the loop stood still, of the time that it takes."""
        self.plan.leave_out(ns)

    # ── loaders ─────────────────────────────────────────────────────────────────

    def loader_started(self, loader: DataLoader[Any]) -> None:
        """Record which loader began last: the first step after it begins an epoch."""
        if self.epochs.loader_started(loader):
            self.plan.quiet = 0

    def batch_came(self, iterator: Any, waited_ns: int) -> None:
        """Record how long the loop waited for a batch."""
        run = self.run_reference()
        if run is not None:
            self.epochs.batch_came(run.observations, iterator, waited_ns)

    # ── ending ──────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """End the round under way, deliver what waits and release every tensor."""
        if self.state is State.CLOSED:
            return
        if threading.get_ident() == self.thread:
            for recorder in self.rounds.unannounced:
                self.guarded(self.unannounced.settle, recorder, closing=True)
            for recorder in self.rounds.members:
                self.guarded(self.unannounced.confirm, recorder)
            if any(recorder.stepped for recorder in self.rounds.members):
                self.guarded(self.ends.close)
        self.guarded(self.plan.account_for_steps, self.steps_done, self.hooks_ns)
        self.leave_quiet_rounds()
        self.state = State.CLOSED
        run = self.run_reference()
        for action in (lambda: self.readings.close(run), self.write, self.rounds.release):
            self._finally(action)
        self.gradients.release()
        self.given_losses.clear()
        self.value = self.scale = None

    def _finally(self, action: Callable[[], None]) -> None:
        """Do one part of closing, whatever became of the others and of the run."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            self.add_notice(
                f"labkit could not deliver the last readings of this run. ({described(error)})"
            )


without_compilation(StepMachine.before_pass)
without_compilation(StepMachine.after_pass)
