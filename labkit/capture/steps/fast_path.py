"""The fast path: ordinary passes and steps of training steps in the state `State.FAST`.

Code that runs once between two steps is cold: the model's operations have evicted it from the
caches, so that each function and each object costs many times what it costs in a tight loop.
Therefore an ordinary pass and an ordinary step are written out in one function each. Calls of any
other kind are passed to the general path of the step machine before any state is changed.
"""

from __future__ import annotations

import time
from threading import get_ident
from typing import Any, Protocol

import torch
from torch import Tensor

from labkit.capture.hooks.listener import Backward
from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.losses import MULTIPLICATION_NODE_TYPE
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.step_series import rates_of
from labkit.capture.torch_compat import tensor_version

_FAST = State.FAST
_SEARCHED_EVERY = 64
"""While no pass has ever reached a watched parameter, one pass in this many is searched."""


class GeneralPath(Protocol):
    """The methods of the step machine that handle all other calls."""

    def record_pass_without_change(self, tensors: object) -> None:
        """Record a pass that changed the gradient of no probe."""

    def after_pass(self, tensors: object) -> None:
        """Record the end of a pass."""

    def pass_failed(self) -> None:
        """Record that a pass raised."""

    def after_step(self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> None:
        """Record the end of a step."""


class FastPath:
    """Handles the ordinary calls of a step machine in training steps that read nothing.

    Parameters
    ----------
    loop : Loop
    general : GeneralPath
    """

    __slots__ = ("_general", "_has_one_optimizer", "_loop")

    def __init__(self, loop: Loop, general: GeneralPath) -> None:
        self._loop = loop
        self._general = general
        self._has_one_optimizer = True
        """Whether a training step is one step of one optimizer."""

    def enter_for_unrelated_passes(self) -> None:
        """Handle the passes of another model's loop in a training step that may read."""
        loop = self._loop
        loop.leave_fast_path()
        recorders = loop.recorders.active
        if all(each.probe.parameter is not None for each in recorders):
            loop.fast_recorders = recorders
            loop.run_pass = self.run_pass

    def enter(self) -> None:
        """Handle calls from now on: a training step without readings begins."""
        loop = self._loop
        loop.leave_fast_path()
        recorders, members = loop.recorders.active, loop.recorders.required
        if loop.recorders.in_backward is not None or loop.recorders.without_hook:
            return
        if any(each.thread != loop.thread or each.probe.parameter is None for each in recorders):
            return
        loop.fast_recorders = recorders
        self._has_one_optimizer = len(members) == 1
        for each in members:
            if each.can_use_fast_path():
                each.fast_path = self
        loop.run_pass = self.run_pass

    def run_pass(  # noqa: C901, PLR0912, PLR0915 - one cold function
        self, original: Backward, tensors: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Run a backward pass, and add its loss to that of the pending passes."""
        loop = self._loop
        if loop.thread != get_ident() or loop.is_in_pass:  # as in `begin_pass`
            original(tensors, *args, **kwargs)
            return
        loop.is_in_pass = True
        try:
            began_ns = time.perf_counter_ns() if loop.measures_cost else 0
            recorders, value = loop.fast_recorders, None
            if (
                recorders
                and not loop.checks_clearing
                and type(tensors) is Tensor
                and tensors.is_cpu
            ):
                try:
                    value = tensors.item()
                    if not value <= (
                        loop.unrelated_loss_limit if loop.assumes_unrelated else loop.loss_limit
                    ) or (
                        type(tensors.grad_fn) is MULTIPLICATION_NODE_TYPE
                        and loop.scales.may_be_used
                    ):
                        value = None
                except Exception:  # noqa: BLE001 - not one real number, or a mode forbids it
                    value = None
            for recorder in recorders:
                probe = recorder.probe
                parameter = probe.parameter
                if parameter is None or (
                    recorder.depth and (recorder.passes or recorder.evaluations)
                ):
                    value = None
                    break
                probe.before = gradient = parameter.grad
                if gradient is None:
                    probe.cleared = True
                    if recorder.passes:  # cleared, and no step was taken
                        value = None
                        break
                    continue
                probe.cleared = False
                probe.before_version = version = tensor_version(gradient)
                if recorder.passes and (
                    version != probe.version_after_pass
                    or id(gradient) != probe.id_after_pass
                    or not recorder.accumulates
                    or recorder.hook_never_called
                ):
                    value = None
                    break
            if value is None:
                loop.is_in_pass = False
                loop.run_any_pass(original, tensors, args, kwargs)
                return
            if began_ns:
                loop.measured_ns += time.perf_counter_ns() - began_ns
            gradients = loop.gradients.read() if loop.assumes_unrelated else None
            original(tensors, *args, **kwargs)
            if loop.fast_recorders is not recorders or (  # for example, an optimizer stepped inside
                loop.state is not _FAST
                and any(recorder.probe.changed_in_pass() for recorder in recorders)
            ):
                loop.pass_loss = value
                self._general.after_pass(tensors)
                return
            if began_ns:
                began_ns = time.perf_counter_ns()
            loop.pass_number = number = loop.pass_number + 1
            moved = False
            for recorder in recorders:
                probe = recorder.probe
                before, probe.before = probe.before, None
                parameter = probe.parameter
                gradient = None if parameter is None else parameter.grad  # None: closed elsewhere
                if parameter is None or gradient is None:
                    continue
                version = tensor_version(gradient)
                if gradient is before and version == probe.before_version:
                    continue
                moved = True
                if recorder.passes and before is not None:
                    recorder.passes += 1
                    recorder.loss += value
                else:  # the first one, or the first since gradients were cleared
                    recorder.passes, recorder.first_pass = 1, number
                    recorder.loss = value
                    recorder.evaluations = recorder.depth  # 1 within a closure
                recorder.has_loss = True
                recorder.last_pass = number
                probe.id_after_pass, probe.version_after_pass = id(gradient), version
                probe.weights_version_after_pass = tensor_version(parameter)
            if moved:
                loop.assumes_unrelated = False
            elif (
                gradients is not None
                and loop.gradients.are_unchanged(gradients)
                and not (loop.awaits_first_pass and loop.unrelated_passes % _SEARCHED_EVERY == 0)
            ):
                loop.unrelated_passes += 1
            else:
                loop.pass_loss = value
                self._general.record_pass_without_change(tensors)
            loop.is_in_pass = False
            if began_ns:
                loop.measured_ns += time.perf_counter_ns() - began_ns
        except BaseException:
            self._general.pass_failed()
            raise

    def end_step(self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> None:
        """Append the row of a step, and begin the next training step if this one is complete."""
        loop = self._loop
        began_ns = time.perf_counter_ns() if loop.measures_cost else 0
        groups = optimizer.param_groups
        rates = groups[0].get("lr") if len(groups) == 1 else rates_of(optimizer)
        training_step = loop.training_step
        if (
            recorder.depth != 1
            or recorder.outermost != id(optimizer)
            or loop.is_in_pass
            or not recorder.passes
            or recorder.evaluations > 1
            or recorder.suspected_steps
            or isinstance(rates, Tensor)
            or not (self._has_one_optimizer or not training_step.is_loss_recorded(recorder))
            or loop.plan.steps_left <= 1
            or loop.control.pending
        ):
            self._general.after_step(recorder, optimizer)
            return
        recorder.depth, recorder.outermost, recorder.evaluations = 0, 0, 0
        step, loss = loop.steps_done + 1, recorder.loss
        if recorder.has_loss:
            loop.recent_losses.append(loss)
            recorder.rows.append((step, loss, rates))
            recorder.has_loss = False
        else:
            recorder.rows.append((step, None, rates))
        is_complete = self._has_one_optimizer
        if is_complete:
            recorder.passes, recorder.loss = 0, 0.0
        else:
            training_step.record_step(recorder)
            is_complete = training_step.is_complete
        if began_ns:
            loop.plan.timing.add_cost_sample(loop.measured_ns + time.perf_counter_ns() - began_ns)
            loop.measured_ns, loop.measures_cost = 0, False
        if not is_complete:
            return
        loop.plan.steps_left -= 1
        loop.steps_done = step
        if not self._has_one_optimizer:
            training_step.begin()
