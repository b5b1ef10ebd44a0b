"""Detects steps for which no hook is called: manual updates, and compiled optimizer steps."""

from __future__ import annotations

from labkit.capture.steps.loop import Loop
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.optimizer_steps import OptimizerSteps
from labkit.capture.steps.step_series import rates_of
from labkit.capture.steps.training_step_end import TrainingStepEnd
from labkit.run import Run

_STEPS_UNTIL_NOTICE = 10
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


class StepsWithoutHook:
    """Detects a step for which no hook is called by the change of the weights between two passes.

    Parameters
    ----------
    loop : Loop
    steps : OptimizerSteps
    step_end : TrainingStepEnd
    """

    def __init__(self, loop: Loop, steps: OptimizerSteps, step_end: TrainingStepEnd) -> None:
        self._loop = loop
        self._steps = steps
        self._step_end = step_end
        self._manual_steps = 0

    def suspect(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Record that weights changed since the last pass although no hook was called.

        The cause may be a compiled step, whose hooks are not traced, or a manual update. SAM also
        changes weights before its second pass, but a hook is called for its step afterwards.
        Therefore two such changes in a row are counted as steps, unless another optimizer that
        steps holds the same parameter.
        """
        if recorder.is_without_hook or not recorder.optimizers:
            return
        if self._loop.recorders.is_updated_by_another(recorder):
            return
        optimizer = None if recorder.has_stepped else recorder.optimizer
        rates = None if optimizer is None else rates_of(optimizer)
        recorder.suspected_steps.append((recorder.loss if recorder.has_loss else None, rates))
        recorder.drop_passes()
        if len(recorder.suspected_steps) > 1:
            self.confirm(run, recorder)

    def confirm(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Count the suspected steps, and detect later steps by the weights alone."""
        self._loop.leave_fast_path()
        suspected_steps, recorder.suspected_steps = recorder.suspected_steps, []
        if suspected_steps and recorder.has_stepped:
            recorder.is_manual = True
            self._loop.add_notice(_BY_HAND)
            if recorder.optimizer is None:
                recorder = self._loop.recorders.unassign(recorder)
        for number, (loss, rates) in enumerate(suspected_steps):
            recorder.is_without_hook, recorder.hook_never_called = True, False
            recorder.passes, recorder.rates_before = 1, rates
            recorder.first_pass = recorder.last_pass = -1 - number
            recorder.add_loss(loss)
            self.count(run, recorder, with_forward=False)

    def end_pending(
        self,
        run: Run,
        recorder: OptimizerRecorder,
        *,
        closing: bool = False,
        with_forward: bool = True,
    ) -> None:
        """End the step that was taken without a hook call since the last pass, if there was one.

        Parameters
        ----------
        run : Run
        recorder : OptimizerRecorder
        closing : bool
            Whether the watch ends, so that only changed weights count as a step.
        with_forward : bool
            Whether the forward pass of the next step is yet to come.
        """
        loop = self._loop
        if not recorder.passes or recorder.probe.parameter is None:
            return
        manual = recorder is loop.recorders.manual
        moved = recorder.probe.weights_changed()
        if not moved and (closing or not recorder.probe.cleared or not manual):
            return
        if manual and loop.recorders.find_optimizers():
            return
        self.count(run, recorder, with_forward=with_forward)

    def count(self, run: Run, recorder: OptimizerRecorder, *, with_forward: bool = True) -> None:
        """Count one step for which no hook was called."""
        loop = self._loop
        if recorder is loop.recorders.manual:
            self._manual_steps += 1
            if self._manual_steps == _STEPS_UNTIL_NOTICE:
                loop.add_notice(_NO_OPTIMIZER)
        if recorder.stepped:
            loop.training_step.exclude_absent(run)
            self._close(run, with_forward=with_forward)
        self._steps.end(run, recorder, None)
        if recorder is loop.recorders.manual or loop.training_step.is_complete:
            self._close(run, with_forward=with_forward)

    def _close(self, run: Run, *, with_forward: bool) -> None:
        self._loop.ends_late = True
        try:
            self._step_end.close(run, with_forward=with_forward)
        finally:
            self._loop.ends_late = False
