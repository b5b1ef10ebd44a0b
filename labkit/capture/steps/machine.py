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
from torch.utils.data import DataLoader

from labkit.capture import hooks
from labkit.capture.steps.fast_path import FastPath
from labkit.capture.steps.loop import State
from labkit.capture.steps.losses import reached_by, roots_of
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.optimizer_steps import OptimizerSteps
from labkit.capture.steps.pass_calls import PassCalls
from labkit.capture.steps.passes import Passes
from labkit.capture.steps.training_step_end import TrainingStepEnd
from labkit.capture.steps.unannounced import UnannouncedSteps
from labkit.run import Run
from labkit.run.error_text import described

_TURNS_AWAITED = 16
"""How often other threads are refused at most before one that took the loop over has stepped."""
_UNSAMPLED = State.UNSAMPLED


class StepMachine(PassCalls):
    """Records one watched loop into a run: what the hooks call. Parameters are those of `Loop`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._next_thread: tuple[int, Sequence[OptimizerRecorder]] | None = None
        """A thread that waits to become the one that trains, and what records its parameters."""
        self._turns_left = 0
        """How often other threads are refused, so that the one that trains takes a step."""
        super().__init__(*args, **kwargs)
        fast_path = FastPath(self, self)
        self.steps = OptimizerSteps(self)
        self.step_end = TrainingStepEnd(self, fast_path)
        self.unannounced = UnannouncedSteps(self, self.steps, self.step_end)
        self.passes = Passes(self, fast_path, self.unannounced)

    def open(self, run: Run, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Plan the first step, and record the steps of optimizers that are known already."""
        self.control.owner = self.thread
        for optimizer in optimizers:
            self.guarded(lambda run, each=optimizer: self.recorders.recorder_for(each, found=True))
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
        found = self.recorders.reached_by(reached) if recorder is None else [recorder]
        if not found:
            return False
        self.leave_fast_path()
        self.training_step.drop_raised_steps(self.thread)
        if (
            self.is_busy
            or self.is_in_pass
            or self.training_step.has_step_under_way
            or self._turns_left > 0
        ):
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
        if waiting is not None and not self.training_step.has_step_under_way:
            self._next_thread = None
            self._turns_left = _TURNS_AWAITED
            self._train_on(*waiting)
            hooks.parameters_changed()

    # ── optimizer steps ─────────────────────────────────────────────────────────

    def recorder_of(self, optimizer: torch.optim.Optimizer) -> OptimizerRecorder | None:
        """Return what records an optimizer's steps, None if it holds nothing watched."""
        if self.state is State.CLOSED:
            return None
        found: list[OptimizerRecorder | None] = []
        self.guarded(
            lambda run: found.append(
                self.recorders.recorder_for(optimizer, inside_pass=self.is_in_pass)
            )
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
        if self.training_step.has_step_under_way:
            self.training_step.drop_raised_steps(self.thread, optimizer)
            if (
                not recorder.depth and self.training_step.has_step_under_way
            ):  # which shows what wraps what
                recorder = self.recorder_of(optimizer) or recorder
        if recorder.depth:
            self.guarded(self.steps.begin_inner, recorder, optimizer)
        if recorder.excluded:
            self.guarded(self.recorders.readmit, recorder)
        if recorder.stepped and not recorder.depth and recorder.passes:
            self.guarded(self.training_step.exclude_absent)
            self.step_end.end()
        recorder.depth += 1
        recorder.only_end_is_seen = False
        recorder.outermost = recorder.outermost or id(optimizer)
        if recorder.never_announced:
            recorder.announce()
        has_closure = len(args) > 1 or bool(kwargs)  # whose passes are yet to come
        if self.state is _UNSAMPLED and (recorder.passes or has_closure) and not recorder.deferred:
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
            self.leave_fast_path()
            recorder.only_end_is_seen, recorder.depth = True, 1
        recorder.depth -= 1
        if recorder.depth or self.state is State.CLOSED:
            return
        recorder.outermost = 0
        recorder.suspected_steps.clear()
        self.measured_ns, self.measures_cost = 0, False
        self.guarded(self.steps.end, recorder, optimizer)
        if self.training_step.is_complete:
            self.step_end.end()

    def exclude_time(self, ns: int) -> None:
        """Leave out some time in which the loop stood still, of the time that it takes."""
        self.plan.exclude_time(ns)

    # ── loaders ─────────────────────────────────────────────────────────────────

    def loader_started(self, loader: DataLoader[Any]) -> None:
        """Record which loader began last: the first step after it begins an epoch."""
        if self.epochs.loader_started(loader):
            self.plan.steps_left = 0

    def batch_loaded(self, iterator: Any, waited_ns: int) -> None:
        """Record how long the loop waited for a batch."""
        run = self.run_reference()
        if run is not None:
            self.epochs.batch_loaded(run.observations, iterator, waited_ns)

    # ── ending ──────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """End the round under way, deliver what waits and release every tensor."""
        if self.state is State.CLOSED:
            return
        if threading.get_ident() == self.thread:
            for recorder in self.recorders.unannounced:
                self.guarded(self.unannounced.end_pending, recorder, closing=True)
            for recorder in self.recorders.required:
                self.guarded(self.unannounced.confirm, recorder)
            if any(recorder.stepped for recorder in self.recorders.required):
                self.guarded(self.step_end.close)
        self.guarded(self.plan.account_for_steps, self.steps_done, self.hooks_ns)
        self.leave_fast_path()
        self.state = State.CLOSED
        run = self.run_reference()
        for action in (lambda: self.readings.close(run), self.write, self.recorders.release):
            self._finally(action)
        self.gradients.release()
        self.given_losses.clear()
        self.pass_loss = self.scale = None

    def _finally(self, action: Callable[[], None]) -> None:
        """Do one part of closing, whatever became of the others and of the run."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            self.add_notice(
                f"labkit could not deliver the last readings of this run. ({described(error)})"
            )
