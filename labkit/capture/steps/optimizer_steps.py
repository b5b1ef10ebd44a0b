"""Records the steps of optimizers: what is read before the update, and the row of each step."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch

from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.run import Run


class OptimizerSteps:
    """Reads gradients and weights around an optimizer's update and writes what each step has.

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
        """Read gradients and weights before the update, after a closure if there is one."""
        loop = self._loop
        loop.plan.begin()
        run.begin()
        if not recorder.passes:
            loop.misses, loop.is_beside = 0, False  # the next passes are searched for watched ones
            loop.rounds.find_passes(recorder)
        if recorder.owed:
            loop.readings.plan_also(recorder.owed)
            recorder.owed = frozenset()
            loop.leave_quiet_rounds()
            loop.state = State.SAMPLED
        if loop.state is State.QUIET:
            return None
        self._declare_loss(run, recorder)
        step = loop.steps_done + (not recorder.joins_last_round)
        if loop.is_in_pass:  # inside a backward pass, one of many
            if loop.readings.plans_norms:
                entries = loop.table.held_by(optimizer)
                loop.readings.read_norms(run, recorder.reader, step, optimizer, entries)
            return None
        if recorder.depth > 1:  # what a wrapper calls
            if not recorder.reads_after_closure and recorder.mark.changed_since_reading():
                recorder.reader.retract_norms(step)
                loop.readings.read_norms(run, recorder.reader, step, optimizer)
            return None

        def read(run: Run) -> None:
            loop.rounds.check_names()
            recorder.mark.note_reading()
            rescaled = recorder.mark.changed_since_pass() and recorder.passes > 0
            loop.readings.before_update(run, recorder.reader, step, optimizer, rescaled=rescaled)

        changed = _reading_after_closure(lambda: loop.guarded(read), args, kwargs)
        if changed is None:
            read(run)
        else:
            recorder.reads_after_closure = True
        return changed

    def _declare_loss(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Make the table of a step's loss, unless another optimizer's step has recorded it."""
        rounds = self._loop.rounds
        if rounds.loss_is_taken(recorder):
            return
        if self._loop.is_in_pass and rounds.inside is not None:
            recorder = rounds.inside  # one name for all that step inside a pass
        rounds.name(recorder)
        recorder.declare(run)

    def begin_inner(
        self, run: Run, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer
    ) -> None:
        """Record what a wrapper calls; a class whose step calls its parent's wraps nothing."""
        if recorder.outermost != id(optimizer):
            recorder.inner = weakref.ref(optimizer)

    def end(
        self, run: Run, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer | None
    ) -> None:
        """Write what a step has: its loss and learning rates, and its weights if planned."""
        loop = self._loop
        if loop.is_in_pass and optimizer is not None:
            loop.leave_quiet_rounds()
            recorder = loop.rounds.step_inside(recorder)
            recorder.in_pass = True
            recorder.last_stepped = weakref.ref(optimizer)
            return
        if loop.rounds.is_companion(recorder, optimizer):
            return
        if _was_skipped(optimizer):
            run.observations.skipped.append(loop.steps_done + 1)
            recorder.reader.retract_norms(loop.steps_done + 1)
            recorder.drop_passes()
            return
        late = recorder.joins_last_round
        step = loop.steps_done + (not late)
        if loop.loss_is_given and not recorder.passes:
            recorder.add_loss(loop.given_losses.newest())
        if loop.rounds.loss_is_taken(recorder):
            recorder.drop_loss()
        if recorder.has_loss and recorder.device_loss is None:
            loop.recent.append(recorder.loss)
        loop.rounds.name(recorder)
        recorder.submit_row(
            run,
            loop.readings.transfer,
            step,
            loop.rounds.optimizers_of(recorder, optimizer),
            lambda step, loss: loop.incidents.arrived(run, step, loss),
        )
        if loop.state is not State.QUIET:
            loop.readings.after_update(run, recorder.reader, step)
        if optimizer is not None:
            recorder.last_stepped = weakref.ref(optimizer)
        loop.rounds.finish(recorder)

    def end_inside(self, run: Run) -> None:
        """End the steps that optimizers took inside the backward pass that has ended."""
        loop = self._loop
        loop.rounds.stepped_inside = False
        for recorder in loop.rounds.recorders:
            if recorder.in_pass:
                recorder.in_pass = False
                if not recorder.passes or recorder.last_pass != loop.pass_number:
                    recorder.passes, recorder.first_pass = 1, loop.pass_number
                    recorder.add_loss(loop.value)
                recorder.last_pass = loop.pass_number
                if loop.rounds.shares_passes(recorder):
                    recorder.drop_loss()
                    recorder.first_pass = -1
                self.end(run, recorder, recorder.last_stepped())


def _reading_after_closure(
    read: Callable[[], None], args: Any, kwargs: Any
) -> tuple[Any, Any] | None:
    """Return the arguments of a step whose closure is followed by a reading, at its first call.

    The gradients that the optimizer uses are those that the closure leaves. None without a closure.
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


def _was_skipped(optimizer: torch.optim.Optimizer | None) -> bool:
    """Return whether a fused optimizer left its update out, as a gradient scaler has it do.

    On an accelerator that is not known without waiting for it; the step counts as one then.
    """
    found = getattr(optimizer, "found_inf", None)
    return isinstance(found, torch.Tensor) and found.is_cpu and bool(found.item())
