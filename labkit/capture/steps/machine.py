"""The state machine of one watched loop: turns backward passes and optimizer steps into steps.

A *training step* is one step of the run: every required optimizer has stepped once. While a loop
trains, the machine alternates between two states of `State`. In a training step in the state FAST
the hooks only append the loss and the learning rates to pending rows. In the state GENERAL they
also read what was planned at the end of the training step before, if anything was. Writing series,
accounting for the budget and planning are done between training steps, for many of them at once.

`pass_calls` contains what is called around a backward pass, `fast_path` what handles both passes
and steps in the state FAST.
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
from labkit.capture.steps.last_step import read_last_step
from labkit.capture.steps.loop import State
from labkit.capture.steps.losses import reached_by, roots_of
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.optimizer_steps import OptimizerSteps
from labkit.capture.steps.pass_calls import PassCalls
from labkit.capture.steps.pass_recorder import PassRecorder
from labkit.capture.steps.steps_without_hook import StepsWithoutHook
from labkit.capture.steps.training_step_end import TrainingStepEnd
from labkit.run import Run
from labkit.run.background.task import BackgroundTask, in_background
from labkit.run.error_text import described

_MAX_REFUSALS = 16
"""Maximum number of refused threads until the thread that took the loop over has stepped."""
_FAST = State.FAST


class StepMachine(PassCalls):
    """Records one watched loop; its methods are called by hooks. Parameters are those of `Loop`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._next_thread: tuple[int, Sequence[OptimizerRecorder]] | None = None
        """The thread that trains after the next step, and the recorders of its parameters."""
        self._refusals_left = 0
        """Number of refusals left, during which the training thread can take a step."""
        super().__init__(*args, **kwargs)
        fast_path = FastPath(self, self)
        self.steps = OptimizerSteps(self)
        self.step_end = TrainingStepEnd(self, fast_path)
        self.steps_without_hook = StepsWithoutHook(self, self.steps, self.step_end)
        self.pass_recorder = PassRecorder(self, fast_path, self.steps_without_hook)

    def open(self, run: Run, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Plan the first step, and add recorders for the optimizers that are known already."""
        self.control.owner = self.thread
        for optimizer in optimizers:
            self.guarded(lambda run, each=optimizer: self.recorders.recorder_for(each, found=True))
        self.guarded(lambda run: self.readings.choose_readings(run, time.perf_counter_ns(), 1))

    def claim(self, thread: int, tensors: object, recorder: OptimizerRecorder | None) -> bool:
        """Make a thread the training thread, unless a pass or a step is under way on another.

        Parameters
        ----------
        thread : int
            Identity of the thread.
        tensors : object
            Argument of the ``backward`` that begins on the thread.
        recorder : OptimizerRecorder or None
            Recorder of the step that begins on the thread; None for a backward pass.

        Returns
        -------
        bool
            Whether the thread is the training thread now. If not, and if it trains watched
            parameters, it becomes the training thread after the next step and remains so until it
            has stepped. Otherwise, of several threads that train at once, one might never be
            recorded.

        Raises
        ------
        RuntimeError
            If `labkit.background` trains the parameters on another thread.
        """
        if self.state is State.CLOSED:
            return False
        reached = reached_by(roots_of(tensors), self.table)
        found = self.recorders.reached_by(reached) if recorder is None else [recorder]
        if not found:
            return False
        self._refuse_second_loop()
        self.leave_fast_path()
        self.training_step.drop_raised_steps(self.thread)
        if (
            self.is_busy
            or self.is_in_pass
            or self.training_step.has_step_under_way
            or self._refusals_left > 0
        ):
            self._refusals_left -= 1
            self._next_thread = thread, found
            for each in found:
                each.is_trained_elsewhere = True
            return False
        self._train_on(thread, found)
        return True

    def _refuse_second_loop(self) -> None:
        """Raise an error if the calling thread trains a model that is trained in the background.

        A thread that the background loop has started itself is part of that loop.
        """
        run = self.run_reference()
        task = None if run is None else BackgroundTask.training(run)
        is_main = threading.current_thread() is threading.main_thread()
        if run is not None and task is not None and (is_main or BackgroundTask.current()):
            raise RuntimeError(in_background(run.name, task))

    def _train_on(self, thread: int, recorders: Sequence[OptimizerRecorder]) -> None:
        for each in recorders:
            each.thread, each.is_trained_elsewhere = thread, False
        self.thread = thread
        self.control.owner = thread

    def _hand_over(self) -> None:
        """Make the waiting thread the training thread."""
        waiting = self._next_thread
        self._refusals_left = 0
        if waiting is not None and not self.training_step.has_step_under_way:
            self._next_thread = None
            self._refusals_left = _MAX_REFUSALS
            self._train_on(*waiting)
            hooks.parameters_changed()

    # ── optimizer steps ─────────────────────────────────────────────────────────

    def recorder_of(self, optimizer: torch.optim.Optimizer) -> OptimizerRecorder | None:
        """Return the recorder of an optimizer; None if it holds no watched parameter."""
        if self.state is State.CLOSED:
            return None
        return self.guarded(
            lambda run: self.recorders.recorder_for(optimizer, inside_pass=self.is_in_pass)
        )

    def before_step(
        self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any
    ) -> tuple[Any, Any] | None:
        """Record the start of a step; if it is sampled, read gradients before weights change."""
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
            ):  # this shows which optimizer wraps which
                recorder = self.recorder_of(optimizer) or recorder
        if recorder.depth:
            self.guarded(self.steps.begin_inner, recorder, optimizer)
        if recorder.excluded:
            self.guarded(self.recorders.readmit, recorder)
        if recorder.stepped and not recorder.depth and recorder.passes:
            self.guarded(self.training_step.exclude_absent)
            self.ends_late = True
            try:
                self.step_end.end()
            finally:
                self.ends_late = False
        recorder.depth += 1
        recorder.only_end_is_seen = False
        recorder.outermost = recorder.outermost or id(optimizer)
        if recorder.hook_never_called:
            recorder.record_hook_call()
        has_closure = len(args) > 1 or bool(kwargs)  # it runs the passes of the step
        if self.state is _FAST and (recorder.passes or has_closure) and not recorder.deferred:
            return None
        return self.guarded(self.steps.begin, recorder, optimizer, args, kwargs)

    def after_step(self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> None:
        """Record the end of a step; end the training step when every optimizer has stepped."""
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
        """Exclude a pause of the loop, in nanoseconds, from the time of its steps."""
        self.plan.exclude_time(ns)

    # ── loaders ─────────────────────────────────────────────────────────────────

    def loader_started(self, loader: DataLoader[Any]) -> None:
        """Record that an iteration over a loader begins: the next step may begin an epoch."""
        if self.epochs.loader_started(loader):
            self.plan.steps_left = 0

    def batch_loaded(self, iterator: Any, waited_ns: int) -> None:
        """Record the time that the loop waited for a batch."""
        run = self.run_reference()
        if run is not None:
            self.epochs.batch_loaded(run.observations, iterator, waited_ns)

    # ── ending ──────────────────────────────────────────────────────────────────

    def close(self, *, reads_last_step: bool = False) -> None:
        """End the training step under way, write pending results and release every tensor.

        Parameters
        ----------
        reads_last_step : bool
            Whether to read what is left of the last step; only outside of finalizers.
        """
        if self.state is State.CLOSED:
            return
        if threading.get_ident() == self.thread:
            for recorder in self.recorders.without_hook:
                self.guarded(self.steps_without_hook.end_pending, recorder, closing=True)
            for recorder in self.recorders.required:
                self.guarded(self.steps_without_hook.confirm, recorder)
            if any(recorder.stepped for recorder in self.recorders.required):
                self.guarded(self.step_end.close)
            if reads_last_step:
                self.guarded(read_last_step, self)
        self.guarded(self.plan.account_for_steps, self.steps_done, self.hooks_ns)
        self.leave_fast_path()
        self.state = State.CLOSED
        run = self.run_reference()
        for action in (lambda: self.readings.close(run), self.write, self.recorders.release):
            self._call_safely(action)
        self.gradients.release()
        self.loss_module_results.clear()
        self.pass_loss = self.scale = None

    def _call_safely(self, action: Callable[[], None]) -> None:
        """Call one action of closing; an error becomes a notice, so that the others are called."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            self.add_notice(
                f"labkit could not deliver the last readings of this run. ({described(error)})"
            )
