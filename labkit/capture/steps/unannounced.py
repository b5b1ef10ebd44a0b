"""Recognises steps that no hook announces: updates by hand, and compiled ones."""

from __future__ import annotations

from labkit.capture.steps.loop import Loop
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder, rates_of
from labkit.capture.steps.optimizer_steps import OptimizerSteps
from labkit.capture.steps.round_ends import RoundEnds
from labkit.run import Run

_STEPS_UNTIL_SAID = 10
_NO_OPTIMIZER = (
    "No torch.optim optimizer holds this model's parameters: a step is counted whenever they have "
    "changed after loss.backward(), and learning rates are not recorded. If an optimizer of "
    "torch.optim moves them, give it: lk.watch(model, optimizer=...); otherwise log the rate "
    "yourself, for example run.log(rate=0.1)."
)
_BY_HAND = (
    "The weights changed after loss.backward() though the optimizer that holds them took no step: "
    "each such change is counted as a step, and learning rates are not recorded for it. Log the "
    "rate yourself, for example run.log(rate=0.1)."
)


class UnannouncedSteps:
    """Recognises a step by the weights that it moved between two passes.

    Parameters
    ----------
    loop : Loop
    steps : OptimizerSteps
    ends : RoundEnds
    """

    def __init__(self, loop: Loop, steps: OptimizerSteps, ends: RoundEnds) -> None:
        self._loop = loop
        self._steps = steps
        self._ends = ends
        self._steps_by_hand = 0

    def suspect(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Record that weights moved since the last pass though no step was announced.

        A compiled step does that, whose hooks are not traced, and so do updates by hand. SAM does
        before its second pass, but its step is announced then. Two in a row are believed, unless
        another optimizer that steps holds the same parameter.
        """
        if recorder.unannounced or not recorder.optimizers:
            return
        if self._loop.rounds.is_moved_by_another(recorder):
            return
        optimizer = None if recorder.has_stepped else recorder.optimizer
        rates = None if optimizer is None else rates_of(optimizer)
        recorder.suspects.append((recorder.loss if recorder.has_loss else None, rates))
        recorder.drop_passes()
        if len(recorder.suspects) > 1:
            self.confirm(run, recorder)

    def confirm(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Count the steps that were suspected, and those to come, by the weights alone."""
        self._loop.leave_quiet_rounds()
        suspects, recorder.suspects = recorder.suspects, []
        if suspects and recorder.has_stepped:
            recorder.is_by_hand = True
            self._loop.add_notice(_BY_HAND)
            if recorder.optimizer is None:
                recorder = self._loop.rounds.retire(recorder)
        for number, (loss, rates) in enumerate(suspects):
            recorder.unannounced, recorder.never_announced = True, False
            recorder.passes, recorder.rates_before = 1, rates
            recorder.first_pass = recorder.last_pass = -1 - number
            recorder.add_loss(loss)
            self.count(run, recorder, with_forward=False)

    def settle(
        self,
        run: Run,
        recorder: OptimizerRecorder,
        *,
        closing: bool = False,
        with_forward: bool = True,
    ) -> None:
        """End the step that was taken without a hook since the last pass, if one was.

        `with_forward` says whether the forward pass of the next step is yet to come.
        """
        loop = self._loop
        if not recorder.passes or recorder.mark.parameter is None:
            return
        by_hand = recorder is loop.rounds.by_hand
        moved = recorder.mark.weights_moved()
        if not moved and (closing or not recorder.mark.cleared or not by_hand):
            return
        if by_hand and loop.rounds.find_optimizers():
            return
        self.count(run, recorder, with_forward=with_forward)

    def count(self, run: Run, recorder: OptimizerRecorder, *, with_forward: bool = True) -> None:
        """Count one step that no hook announced."""
        loop = self._loop
        if recorder is loop.rounds.by_hand:
            self._steps_by_hand += 1
            if self._steps_by_hand == _STEPS_UNTIL_SAID:
                loop.add_notice(_NO_OPTIMIZER)
        if recorder.stepped:
            loop.rounds.count_missing(run)
            self._ends.close(run, with_forward=with_forward)
        self._steps.end(run, recorder, None)
        if recorder is loop.rounds.by_hand or loop.rounds.is_complete:
            self._ends.close(run, with_forward=with_forward)
