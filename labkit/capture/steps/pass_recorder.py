"""Records backward passes that the fast path does not handle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from labkit.capture.steps.fast_path import FastPath
from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.losses import Loss, loss_of, reached_by, roots_of
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.skipped_updates import record_skipped_update
from labkit.capture.steps.step_series import rates_of
from labkit.capture.steps.steps_without_hook import StepsWithoutHook
from labkit.run import Run
from labkit.run.observations import Frequency

_MAX_SEARCHES = 8
"""Number of passes in a row that are searched for watched parameters if no probe changed."""
_PASSES_UNTIL_NOTICE = 200
_NO_LOSS = (
    "backward was called on a tensor of several elements with a gradient of its own, so it is not "
    "known what the loss is, and none is recorded for these passes. Log it under a name of your "
    "own: run.log(my_loss=loss.item())."
)
_UNRELATED_PASSES = (
    "backward was called {count} times, and none of these passes reached a parameter of this "
    "model, so nothing is recorded. Watch the module whose parameters the optimizer holds: "
    "lk.watch(model)."
)


class PassRecorder:
    """Reads the loss and the graph of a backward pass, and finds the parameters that it reaches.

    Parameters
    ----------
    loop : Loop
    fast_path : FastPath
    steps_without_hook : StepsWithoutHook
    """

    def __init__(
        self, loop: Loop, fast_path: FastPath, steps_without_hook: StepsWithoutHook
    ) -> None:
        self._loop = loop
        self._fast_path = fast_path
        self._steps_without_hook = steps_without_hook

    def read_before(self, run: Run, tensors: object) -> None:
        """Read the loss and the graph before a pass, and record an incident if there is one."""
        loop = self._loop
        for recorder in loop.recorders.without_hook:
            self._steps_without_hook.end_pending(run, recorder, with_forward=False)
        loop.plan.begin()
        roots = roots_of(tensors)
        loop.scale = loop.scales.factor(roots)
        loop.pass_loss = (
            loop.loss_module_results.take(roots)
            if loop.loss_is_given
            else loss_of(roots, loop.scale)
        )
        if loop.state is not State.FAST:
            if loop.recorders.check_names():
                for recorder in loop.recorders.active:
                    recorder.probe.record_before_pass()
            step = loop.steps_done + 1
            loop.readings.before_pass(run, step, roots)
            if loop.recorders.in_backward is not None:
                loop.readings.before_steps_inside(run, loop.recorders.in_backward.reader, step)
        for recorder in loop.recorders.without_hook:
            recorder.probe.record_weights()
        if isinstance(loop.pass_loss, float):
            if loop.scale is None and not loop.pass_loss <= loop.loss_limit:
                self._record_incident(run, roots, loop.pass_loss)
            loop.loss_limit = loop.incidents.limit

    def _record_incident(self, run: Run, roots: Sequence[torch.Tensor], loss: float) -> None:
        """Record a step whose loss is not finite or a spike, if the pass reaches the model."""
        loop = self._loop
        if reached_by(roots, loop.table, max_count=1):
            loop.incidents.record(run, roots, loss)
        elif loop.assumes_unrelated and math.isfinite(loss):
            loop.unrelated_loss_limit = 2 * abs(loss)

    def add_later(self, recorder: OptimizerRecorder, value: Loss) -> None:
        """Add a pass to a step that has other passes, or that is under way."""
        loop = self._loop
        cleared = recorder.probe.cleared
        if recorder.depth:
            recorder.evaluations += 1
            if cleared and recorder.evaluations > 1:
                recorder.evaluated_again = True
            if recorder.evaluated_again:
                return  # the loss of the step is that of the first evaluation of the closure
        if recorder.passes and cleared:
            self._drop(recorder)
        elif recorder.passes:
            recorder.accumulates = True
            loop.readings.expect_several_passes()
        if not recorder.passes:
            recorder.first_pass = loop.pass_number
        recorder.passes += 1
        recorder.add_loss(value)

    def _drop(self, recorder: OptimizerRecorder) -> None:
        """Drop passes whose gradients were cleared, as when a gradient scaler skips a step."""
        loop = self._loop
        run = loop.run_reference()
        if loop.scales.found and run is not None and not recorder.depth:
            record_skipped_update(loop, run)
        if recorder.checked_pass == recorder.first_pass and run is not None:
            # The loss of another model went through this one; its gradients were never used.
            _clearing_counts(run, recorder).remove(seen=recorder.counted_uncleared)
            recorder.clearing.undo(run.observations.stale_parameters)
            recorder.checked_pass = 0
        if run is not None:
            run.observations.discarded_passes += recorder.passes
        recorder.drop_passes()
        recorder.reader.drop_passes()

    def record_pass_without_change(self, run: Run, tensors: object) -> None:
        """Search a pass that changed no probe for watched parameters, and record it.

        If recent searches found none, as when another model trains in the same loop, the fast path
        calls this only if a watched gradient changed, or if there are too many to compare.
        """
        loop = self._loop
        loop.unrelated_passes += 1
        roots = roots_of(tensors)
        loop.table.find_whole_parameters()  # their gradients may not be distributed yet
        reached = reached_by(roots, loop.table)
        if not reached and loop.table.refresh():
            loop.recorders.parameters_changed()
            reached = reached_by(roots, loop.table)
        if not reached:
            if loop.unrelated_passes >= _MAX_SEARCHES and not loop.assumes_unrelated:
                loop.assumes_unrelated, loop.unrelated_loss_limit = True, loop.loss_limit
                if loop.state is not State.FAST:
                    self._fast_path.enter_for_unrelated_passes()
            if loop.awaits_first_pass and loop.unrelated_passes >= _PASSES_UNTIL_NOTICE:
                loop.add_notice(_UNRELATED_PASSES.format(count="hundreds of"))
            return
        loop.unrelated_passes, loop.assumes_unrelated = 0, False
        loop.leave_fast_path()
        for recorder in loop.recorders.reached_by(reached):
            if recorder.passes or recorder.depth:
                self.add_later(recorder, loop.pass_loss)
            else:
                recorder.passes, recorder.first_pass = 1, loop.pass_number
                recorder.add_loss(loop.pass_loss)
            recorder.probe.choose(recorder.entries, reached)
            recorder.probe.record_after_pass()
            recorder.last_pass = loop.pass_number
            loop.recorders.include(recorder)
        if loop.state is not State.FAST:
            self.read_after(run)

    def reaches(self, run: Run, recorder: OptimizerRecorder, tensors: object) -> bool:
        """Return whether a pass reached a recorder's parameters, or another thread's pass did.

        If it did, the training thread is the one that trains them.
        """
        reached = reached_by(roots_of(tensors), self._loop.table)
        is_own = recorder in self._loop.recorders.reached_by(reached)
        recorder.is_trained_elsewhere = not is_own
        return is_own

    def compare_with_step(self, run: Run) -> None:
        """Compare the gradients before a pass with those at the end of the previous step."""
        for recorder in self._loop.recorders.active:
            recorder.is_uncleared = False
            if recorder.thread == self._loop.thread:
                recorder.is_uncleared = recorder.probe.is_uncleared()
                recorder.clearing.begin_pass()

    def count_uncleared(self, run: Run) -> None:
        """Count whether the first pass of a step added to the gradients of the previous step."""
        loop = self._loop
        for recorder in loop.recorders.required or loop.recorders.without_hook:
            if recorder.last_pass == loop.pass_number and recorder.passes == 1:
                _clearing_counts(run, recorder).add(seen=recorder.is_uncleared)
                recorder.checked_pass = loop.pass_number
                recorder.counted_uncleared = recorder.is_uncleared
                recorder.clearing.count(run.observations.stale_parameters)
                loop.checks_clearing = False

    def read_after(self, run: Run) -> None:
        """Read the gradients after a pass."""
        loop = self._loop
        run.begin()
        if not loop.steps_done:
            run.observations.passes_before_first_step += 1
        if loop.awaits_first_pass:
            loop.awaits_first_pass = False
            if loop.pass_loss is None and not loop.loss_is_given:
                loop.add_notice(_NO_LOSS)
        if loop.recorders.manual is not None:
            loop.recorders.find_optimizers()
        for recorder in loop.recorders.active:
            if recorder.last_pass != loop.pass_number:
                continue
            recorder.was_sampled = recorder.was_sampled or loop.readings.records_calls
            step = loop.steps_done + 1
            loop.readings.after_pass(run, recorder.reader, step, loop.scale)
            if recorder in loop.recorders.without_hook:
                if recorder.probe.weights_changed():  # a hook updated them inside the pass
                    self._steps_without_hook.count(run, recorder)
                    continue
                recorder.probe.record_weights()
                known = None if recorder.is_manual else recorder.optimizer
                recorder.rates_before = None if known is None else rates_of(known)
                recorder.reader.retract_norms(step)
                loop.readings.before_update(
                    run, recorder.reader, step, recorder.optimizer, rescaled=False
                )
            elif recorder.only_end_is_seen:
                recorder.reader.retract_norms(step)
                loop.readings.before_update(
                    run, recorder.reader, step, recorder.optimizer, rescaled=False
                )

    def add_given_loss(self, run: Run, output: Any) -> None:
        """Record a result of the loss module, until a pass goes through it."""
        self._loop.loss_module_results.add(roots_of(output))


def _clearing_counts(run: Run, recorder: OptimizerRecorder) -> Frequency:
    """Return how often an optimizer's gradients were those of the step before."""
    name = recorder.entries[0].names[0] if recorder.entries else ""
    return run.observations.stale_gradients.setdefault(name, Frequency())
