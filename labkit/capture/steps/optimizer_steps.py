"""Records optimizer steps: the readings before and after the update, and the row of the step."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch

from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.skipped_updates import record_skipped_update, was_skipped
from labkit.run import Run


class OptimizerSteps:
    """Reads gradients and weights around an optimizer's update and records the row of the step.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def begin(
        self,
        run: Run,
        recorder: OptimizerRecorder,
        optimizer: torch.optim.Optimizer,
        args: Any,
        kwargs: Any,
    ) -> tuple[Any, Any] | None:
        """Read gradients and weights before the update, after the closure if there is one.

        Returns
        -------
        tuple or None
            Positional and keyword arguments to call ``step`` with instead of the given ones.
        """
        loop = self._loop
        loop.plan.begin()
        run.begin()
        if not recorder.passes:
            # The next passes are searched for watched parameters.
            loop.unrelated_passes, loop.assumes_unrelated = 0, False
            loop.recorders.find_passes(recorder)
        if recorder.deferred:
            loop.readings.add_to_plan(recorder.deferred)
            recorder.deferred = frozenset()
            loop.leave_fast_path()
            loop.state = State.GENERAL
        if loop.state is State.FAST:
            return None
        self._declare_loss(run, recorder)
        step = loop.steps_done + (not recorder.joins_previous_step)
        if loop.is_in_pass:  # one of several optimizers that step inside a backward pass
            if loop.readings.plans_norms:
                entries = loop.table.held_by(optimizer)
                loop.readings.read_norms(run, recorder.reader, step, optimizer, entries)
            return None
        if recorder.depth > 1:  # called by a wrapper
            if not recorder.reads_after_closure and recorder.probe.changed_since_reading():
                recorder.reader.retract_norms(step)
                loop.readings.read_norms(run, recorder.reader, step, optimizer)
            return None

        def read(run: Run) -> None:
            loop.recorders.check_names()
            recorder.probe.record_reading()
            rescaled = recorder.probe.changed_since_pass() and recorder.passes > 0
            loop.readings.before_update(run, recorder.reader, step, optimizer, rescaled=rescaled)

        changed = _reading_after_closure(lambda: loop.guarded(read), args, kwargs)
        if changed is None:
            read(run)
        else:
            recorder.reads_after_closure = True
        return changed

    def _declare_loss(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Create the table of a step's loss, unless another optimizer's step has recorded it."""
        loop = self._loop
        if loop.training_step.is_loss_recorded(recorder):
            return
        if loop.is_in_pass and loop.recorders.in_backward is not None:
            recorder = loop.recorders.in_backward  # one name for all that step inside a pass
        loop.recorders.assign_name(recorder)
        if recorder.has_loss:
            recorder.series.create_loss_table(run)

    def begin_inner(
        self, run: Run, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer
    ) -> None:
        """Record the optimizer that a wrapper calls, unless a step only calls its base class's."""
        if recorder.outermost != id(optimizer):
            recorder.inner = weakref.ref(optimizer)

    def end(
        self, run: Run, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer | None
    ) -> None:
        """Record the loss and the learning rates of a step, and its weights if that is planned."""
        loop = self._loop
        if loop.is_in_pass and optimizer is not None:
            loop.leave_fast_path()
            loop.training_step.any_stepped_in_backward = True
            recorder = loop.recorders.merge_in_backward(recorder)
            recorder.stepped_in_backward = True
            recorder.last_stepped = weakref.ref(optimizer)
            return
        if recorder.continues_previous_step(optimizer):
            return
        if was_skipped(optimizer):
            record_skipped_update(loop, run)
            recorder.reader.retract_norms(loop.steps_done + 1)
            recorder.drop_passes()
            return
        late = recorder.joins_previous_step
        step = loop.steps_done + (not late)
        if loop.loss_is_given and not recorder.passes:
            recorder.add_loss(loop.loss_module_results.newest())
        if loop.training_step.is_loss_recorded(recorder):
            recorder.drop_loss()
        if recorder.has_loss and recorder.device_loss is None:
            loop.recent_losses.append(recorder.loss)
        loop.recorders.assign_name(recorder)
        recorder.submit_row(
            run,
            loop.readings.transfer,
            step,
            loop.recorders.optimizers_of(recorder, optimizer),
            lambda step, loss: loop.incidents.add_late_loss(run, step, loss),
        )
        if loop.state is not State.FAST:
            loop.readings.after_update(run, recorder.reader, step)
        if optimizer is not None:
            recorder.last_stepped = weakref.ref(optimizer)
        loop.training_step.record_step(recorder)

    def end_in_backward(self, run: Run) -> None:
        """End the steps that optimizers took inside the backward pass that just ended."""
        loop = self._loop
        loop.training_step.any_stepped_in_backward = False
        for recorder in loop.recorders.active:
            if recorder.stepped_in_backward:
                recorder.stepped_in_backward = False
                if not recorder.passes or recorder.last_pass != loop.pass_number:
                    recorder.passes, recorder.first_pass = 1, loop.pass_number
                    recorder.add_loss(loop.pass_loss)
                recorder.last_pass = loop.pass_number
                if loop.training_step.shares_passes(recorder):
                    recorder.drop_loss()
                    recorder.first_pass = -1
                self.end(run, recorder, recorder.last_stepped())


def _reading_after_closure(
    read: Callable[[], None], args: Any, kwargs: Any
) -> tuple[Any, Any] | None:
    """Return arguments for a step with a closure that calls `read` after its first evaluation.

    The optimizer uses the gradients that the closure has computed. None if there is no closure.
    """
    by_name = "closure" in kwargs
    closure = kwargs["closure"] if by_name else (args[1:2] or (None,))[0]
    if not callable(closure):
        return None
    evaluated: list[bool] = []

    def closure_and_reading(*given: Any, **named: Any) -> Any:
        result = closure(*given, **named)
        if not evaluated:
            evaluated.append(True)
            read()
        return result

    if by_name:
        return args, {**kwargs, "closure": closure_and_reading}
    return (args[0], closure_and_reading, *args[2:]), kwargs
