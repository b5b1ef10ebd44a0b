"""The part of the step machine that is called around a backward pass.

Code that runs once between two steps is cold, and there it takes some twenty times as long as in a
loop of its own. Therefore the calls of every pass are written out in a few functions.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import torch
from torch import Tensor, nn

from labkit.capture.hooks.listener import Backward
from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.losses import MULTIPLICATION_NODE_TYPE
from labkit.capture.steps.optimizer_steps import OptimizerSteps
from labkit.capture.steps.pass_recorder import PassRecorder
from labkit.capture.steps.steps_without_hook import StepsWithoutHook
from labkit.capture.steps.training_step_end import TrainingStepEnd
from labkit.capture.torch_compat import tensor_version, without_compilation

_FAST = State.FAST


class PassCalls(Loop):
    """Records the backward passes of one loop. Parameters are those of `Loop`."""

    steps: OptimizerSteps
    step_end: TrainingStepEnd
    steps_without_hook: StepsWithoutHook
    pass_recorder: PassRecorder

    def run_any_pass(
        self, original: Backward, tensors: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Run a backward pass of any kind."""
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
        """Begin a backward pass; return whether it is recorded.

        It is not if it runs within another pass, as in re-entrant checkpointing, or if another
        thread has just become the training thread.
        """
        if self.thread != threading.get_ident() or self.is_in_pass:
            return False
        self.is_in_pass = self.is_busy = True
        self.training_step.drop_raised_steps(self.thread)
        return True

    def before_pass(self, tensors: object) -> None:  # noqa: C901 - one cold function
        """Record the loss, and the state of the gradients before the pass."""
        began_ns = time.perf_counter_ns() if self.measures_cost else 0
        for recorder in self.recorders.active:
            probe = recorder.probe
            parameter = probe.parameter
            if parameter is not None and recorder.thread == self.thread:
                probe.before = gradient = parameter.grad
                if gradient is not None:
                    probe.before_version = tensor_version(gradient)
                if recorder.passes:
                    probe.update_cleared()
                    if (
                        tensor_version(parameter) != probe.weights_version_after_pass
                        and (recorder.hook_never_called or probe.cleared)
                        and not recorder.depth
                    ):
                        self.guarded(self.steps_without_hook.suspect, recorder)
        if (
            type(tensors) is Tensor
            and tensors.is_cpu
            and (self.state is _FAST or self.assumes_unrelated)
        ):
            try:
                self.pass_loss = value = tensors.item()
                odd = not value <= (
                    self.unrelated_loss_limit if self.assumes_unrelated else self.loss_limit
                )
                if odd or (
                    type(tensors.grad_fn) is MULTIPLICATION_NODE_TYPE and self.scales.may_be_used
                ):
                    self.guarded(self.pass_recorder.read_before, tensors)
            except Exception:  # noqa: BLE001 - not one real number, or a mode forbids it
                self.pass_loss = None
        else:
            self.guarded(self.pass_recorder.read_before, tensors)
        if self.checks_clearing:
            self.guarded(self.pass_recorder.compare_with_step)
        if began_ns:
            self.measured_ns += time.perf_counter_ns() - began_ns

    def after_pass(self, tensors: object) -> None:
        """Add the pass to the pending ones, if it reached a watched parameter."""
        self.is_in_pass = False
        try:
            self._end_pass(tensors)
        finally:
            self.is_busy = False

    def _end_pass(self, tensors: object) -> None:  # noqa: C901, PLR0912 - one cold function
        if self.thread != threading.get_ident() or self.state is State.CLOSED:
            return
        began_ns = time.perf_counter_ns() if self.measures_cost else 0
        value, moved = self.pass_loss, False
        self.pass_number += 1
        for recorder in self.recorders.active:
            probe = recorder.probe
            parameter = probe.parameter
            if parameter is None or recorder.thread != self.thread:
                continue
            before, probe.before = probe.before, None
            gradient = parameter.grad
            if gradient is None:
                continue
            version = tensor_version(gradient)
            if gradient is before and version == probe.before_version:
                continue
            if recorder.is_trained_elsewhere and not self.guarded(
                self.pass_recorder.reaches, recorder, tensors
            ):
                continue
            moved = True
            if recorder.passes or recorder.depth:
                self.pass_recorder.add_later(recorder, value)
            else:
                recorder.passes = 1
                recorder.first_pass = self.pass_number
                if type(value) is float:
                    recorder.loss, recorder.has_loss = value, True
                else:
                    recorder.add_loss(value)
            recorder.last_pass = self.pass_number
            probe.id_after_pass, probe.version_after_pass = id(gradient), version
            probe.weights_version_after_pass = tensor_version(parameter)
        if began_ns:
            self.measured_ns += time.perf_counter_ns() - began_ns
        if self.training_step.any_stepped_in_backward:
            if any(
                recorder.stepped_in_backward and recorder.stepped
                for recorder in self.recorders.active
            ):
                self.guarded(self.training_step.exclude_absent)
                self.step_end.end()
            self.guarded(self.steps.end_in_backward)
        elif not moved:
            self.record_pass_without_change(tensors)
        else:
            if self.assumes_unrelated and self.state is not _FAST:
                self.leave_fast_path()
            self.assumes_unrelated = False
            if self.checks_clearing:
                self.guarded(self.pass_recorder.count_uncleared)
            if self.state is _FAST:
                return
            self.guarded(self.pass_recorder.read_after)
        if self.training_step.is_complete:
            self.step_end.end()

    def record_pass_without_change(self, tensors: object) -> None:
        """Record a pass that changed the gradient of no probe."""
        self.guarded(self.pass_recorder.record_pass_without_change, tensors)

    def pass_failed(self) -> None:
        """Drop what was recorded before a pass that raised."""
        self.is_in_pass = self.is_busy = False
        for recorder in self.recorders.active:
            recorder.probe.before = None
            recorder.stepped_in_backward = False

    def loss_computed(self, module: nn.Module, output: Any) -> None:
        """Record the result of the loss module that was given."""
        if torch.is_grad_enabled() and threading.get_ident() == self.thread:
            self.guarded(self.pass_recorder.add_given_loss, output)

    def model_called(self) -> None:
        """Record that the forward pass of a model begins, which ends a manual update."""
        if threading.get_ident() != self.thread:
            return
        for recorder in self.recorders.without_hook:
            if recorder.probe.parameter is None or not recorder.passes:
                continue
            recorder.probe.record_before_pass()
            recorder.probe.update_cleared()
            self.guarded(self.steps_without_hook.end_pending, recorder)


without_compilation(PassCalls.before_pass)
without_compilation(PassCalls.after_pass)
