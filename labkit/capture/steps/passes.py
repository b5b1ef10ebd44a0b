"""Records backward passes that take more than a quiet round has time for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.losses import Loss, loss_of, reached_by, roots_of
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder, rates_of
from labkit.capture.steps.quiet_rounds import QuietRounds
from labkit.capture.steps.unannounced import UnannouncedSteps
from labkit.run import Run

_SEARCHES = 8
"""Passes in a row that are searched for watched parameters though no mark moved."""
_PASSES_UNTIL_SAID = 200
_NO_LOSS = (
    "backward was called on a tensor of several elements with a gradient of its own, so it is not "
    "known what the loss is, and none is recorded for these passes. Log it under a name of your "
    "own: run.log(my_loss=loss.item())."
)
_PASSED_BY = (
    "backward was called {count} times, and none of these passes reached a parameter of this "
    "model, so nothing is recorded. Watch the module whose parameters the optimizer holds: "
    "lk.watch(model)."
)


class Passes:
    """Looks at backward passes: their losses, their graphs, and where they lead.

    Parameters
    ----------
    loop : Loop
    quiet_rounds : QuietRounds
    unannounced : UnannouncedSteps
    """

    def __init__(
        self, loop: Loop, quiet_rounds: QuietRounds, unannounced: UnannouncedSteps
    ) -> None:
        self._loop = loop
        self._quiet_rounds = quiet_rounds
        self._unannounced = unannounced

    def look(self, run: Run, tensors: object) -> None:
        """Read the loss, take the graph, and record what is out of the ordinary."""
        loop = self._loop
        for recorder in loop.rounds.unannounced:
            self._unannounced.settle(run, recorder, with_forward=False)
        loop.plan.begin()
        roots = roots_of(tensors)
        loop.scale = loop.scales.factor(roots)
        loop.value = (
            loop.given_losses.of(roots) if loop.loss_is_given else loss_of(roots, loop.scale)
        )
        if loop.state is not State.QUIET:
            if loop.rounds.check_names():
                for recorder in loop.rounds.recorders:
                    recorder.mark.begin_pass()
            step = loop.steps_done + 1
            loop.readings.before_pass(run, step, roots)
            if loop.rounds.inside is not None:
                loop.readings.before_steps_inside(run, loop.rounds.inside.reader, step)
        for recorder in loop.rounds.unannounced:
            recorder.mark.mark_weights()
        if isinstance(loop.value, float):
            if loop.scale is None and not loop.value <= loop.limit:
                self._keep_incident(run, roots, loop.value)
            loop.limit = loop.incidents.limit

    def _keep_incident(self, run: Run, roots: Sequence[torch.Tensor], loss: float) -> None:
        """Keep a step whose loss is not finite or far above others, if the model is watched."""
        loop = self._loop
        if reached_by(roots, loop.table, most=1):
            loop.incidents.keep(run, roots, loss)
        elif loop.is_beside and math.isfinite(loss):
            loop.beside_limit = 2 * abs(loss)

    def add_later(self, recorder: OptimizerRecorder, value: Loss) -> None:
        """Add a pass that is not the only one of its step."""
        loop = self._loop
        cleared = recorder.mark.cleared
        if recorder.depth:
            recorder.evaluations += 1
            if cleared and recorder.evaluations > 1:
                recorder.evaluated_again = True
            if recorder.evaluated_again:
                return  # the step's loss is that of the closure's first evaluation
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
        """Drop passes whose gradients were cleared; a gradient scaler skips steps like that."""
        loop = self._loop
        run = loop.run_reference()
        if loop.scales.found and run is not None and not recorder.depth:
            run.observations.skipped.append(loop.steps_done + 1)
        recorder.drop_passes()
        recorder.reader.drop_passes()

    def miss(self, run: Run, tensors: object) -> None:
        """Record a pass that moved no mark's gradient, and search it for watched parameters.

        Where the last searches were in vain, as beside another model's loop, the fast path calls
        this only if some watched gradient moved, or if there are too many to look at.
        """
        loop = self._loop
        loop.misses += 1
        roots = roots_of(tensors)
        reached = reached_by(roots, loop.table)
        if not reached and loop.table.refresh():
            loop.rounds.parameters_changed()
            reached = reached_by(roots, loop.table)
        if not reached:
            if loop.misses >= _SEARCHES and not loop.is_beside:
                loop.is_beside, loop.beside_limit = True, loop.limit
                if loop.state is not State.QUIET:
                    self._quiet_rounds.enter_beside()
            if loop.saw_nothing and loop.misses >= _PASSES_UNTIL_SAID:
                loop.add_notice(_PASSED_BY.format(count="hundreds of"))
            return
        loop.misses, loop.is_beside = 0, False
        loop.leave_quiet_rounds()
        for recorder in loop.rounds.recorders_reached(reached):
            if recorder.passes or recorder.depth:
                self.add_later(recorder, loop.value)
            else:
                recorder.passes, recorder.first_pass = 1, loop.pass_number
                recorder.add_loss(loop.value)
            recorder.mark.choose(recorder.entries, reached)
            recorder.mark.leave()
            recorder.last_pass = loop.pass_number
            loop.rounds.include(recorder)
        if loop.state is not State.QUIET:
            self.read(run)

    def count_uncleared(self, run: Run) -> None:
        """Count whether the first pass of a step added to the gradients of the step before."""
        loop = self._loop
        for recorder in loop.rounds.members or loop.rounds.unannounced:
            if recorder.last_pass == loop.pass_number and recorder.passes == 1:
                run.observations.stale_gradients.add(seen=recorder.is_uncleared)
                loop.sees_clearing = False

    def read(self, run: Run) -> None:
        """Read the gradients as a pass left them."""
        loop = self._loop
        run.begin()
        if loop.saw_nothing:
            loop.saw_nothing = False
            if loop.value is None and not loop.loss_is_given:
                loop.add_notice(_NO_LOSS)
        if loop.rounds.by_hand is not None:
            loop.rounds.find_optimizers()
        for recorder in loop.rounds.recorders:
            if recorder.last_pass != loop.pass_number:
                continue
            recorder.was_sampled = recorder.was_sampled or loop.readings.records_calls
            step = loop.steps_done + 1
            loop.readings.after_pass(run, recorder.reader, step, loop.scale)
            if recorder in loop.rounds.unannounced:
                if recorder.mark.weights_moved():  # by a hook, inside the pass
                    self._unannounced.count(run, recorder)
                    continue
                recorder.mark.mark_weights()
                known = None if recorder.is_by_hand else recorder.optimizer
                recorder.rates_before = None if known is None else rates_of(known)
                recorder.reader.retract_norms(step)
                loop.readings.before_update(
                    run, recorder.reader, step, recorder.optimizer, rescaled=False
                )
            elif recorder.begins_unseen:
                recorder.reader.retract_norms(step)
                loop.readings.before_update(
                    run, recorder.reader, step, recorder.optimizer, rescaled=False
                )

    def add_given_loss(self, run: Run, output: Any) -> None:
        """Record the result of the loss module, for the pass that it is part of."""
        self._loop.given_losses.add(roots_of(output))
