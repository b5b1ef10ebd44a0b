"""The training step under way: which optimizers have stepped, and which losses are recorded."""

from __future__ import annotations

import torch

from labkit.capture import torch_compat
from labkit.capture.readings.reading import Reading
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.recorder_set import RecorderSet
from labkit.run import Run

_MAX_SAMPLE_REQUESTS = 16
_STEPS_UNTIL_EXCLUDED = 3
"""A training step no longer waits for an optimizer that missed this many in a row."""

_Passes = tuple[int, int, int]
"""Numbers of the first and the last pass, and the number of passes."""


class TrainingStep:
    """Tracks one training step: it is complete when every required optimizer has stepped.

    Parameters
    ----------
    recorders : RecorderSet

    Attributes
    ----------
    any_stepped_in_backward : bool
        Whether optimizers stepped inside the backward pass under way.
    """

    def __init__(self, recorders: RecorderSet) -> None:
        self._recorders = recorders
        self._recorded: set[_Passes] = set()
        self._recorded_before: set[_Passes] = set()
        """Passes whose loss was recorded in this training step, and in the one before."""
        self.any_stepped_in_backward = False

    @property
    def is_complete(self) -> bool:
        """Whether every required optimizer has stepped."""
        return self._recorders.outstanding == 0 and bool(self._recorders.required)

    @property
    def has_step_under_way(self) -> bool:
        """Whether the ``step`` of some optimizer is under way."""
        return any(recorder.depth for recorder in self._recorders.active)

    def begin(self) -> None:
        """Begin a training step: no optimizer has stepped."""
        recorders = self._recorders
        for recorder in recorders.active:
            recorder.stepped = False
        recorders.outstanding = len(recorders.required)
        self._recorded_before, self._recorded = self._recorded, self._recorded_before
        self._recorded.clear()

    def record_step(self, recorder: OptimizerRecorder) -> None:
        """Record that an optimizer has stepped, and drop the passes that it used."""
        self._recorded.add((recorder.first_pass, recorder.last_pass, recorder.passes))
        recorder.drop_passes()
        recorder.evaluations, recorder.evaluated_again = 0, False
        recorder.reads_after_closure = False
        late, recorder.joins_previous_step = recorder.joins_previous_step, False
        if late:
            return
        recorder.missed_steps = 0
        if not recorder.stepped:
            recorder.stepped = True
            self._recorders.outstanding -= recorder in self._recorders.required

    def exclude_absent(self, run: Run) -> None:
        """Count the training step as missed by optimizers that did not step in it.

        An optimizer that missed several, or no longer exists, is not required any more.
        """
        for recorder in self._recorders.required:
            if not recorder.stepped:
                recorder.missed_steps += 1
                if recorder.missed_steps >= _STEPS_UNTIL_EXCLUDED or recorder.optimizer is None:
                    recorder.excluded = True
        self._recorders.update()

    def is_loss_recorded(self, recorder: OptimizerRecorder) -> bool:
        """Return whether another optimizer's step has recorded the loss of the same passes."""
        passes = recorder.first_pass, recorder.last_pass, recorder.passes
        return passes in self._recorded or passes in self._recorded_before

    def shares_passes(self, recorder: OptimizerRecorder) -> bool:
        """Return whether an earlier required recorder has the same pending passes."""
        passes = recorder.first_pass, recorder.last_pass, recorder.passes
        required = self._recorders.required
        earlier = required[: required.index(recorder)]
        return any((each.first_pass, each.last_pass, each.passes) == passes for each in earlier)

    def drop_raised_steps(
        self, thread: int, beginning: torch.optim.Optimizer | None = None
    ) -> None:
        """Drop steps that began on a thread and are no longer under way there: they raised.

        `beginning` is the optimizer whose step begins now, if there is one.
        """
        under_way = torch_compat.steps_under_way(thread) if self.has_step_under_way else None
        if under_way is None:
            return
        under_way[id(beginning)] -= 1
        raised = [
            recorder
            for recorder in self._recorders.active
            if recorder.depth and under_way[recorder.outermost] <= 0
        ]
        for recorder in raised:
            recorder.drop_step()
        if raised and beginning is None:  # else they are put back before the step
            self._recorders.restore_own_values()

    def requests_sample(self) -> bool:
        """Return whether a model that is trained in turn with others was never sampled.

        Each optimizer requests a sampled step a limited number of times.
        """
        waiting = [
            each
            for each in self._recorders.required
            if not each.was_sampled
            and each.sample_requests < _MAX_SAMPLE_REQUESTS
            and each.last_stepped()
        ]
        for recorder in waiting:
            recorder.sample_requests += 1
        return bool(waiting)

    def defer_readings(self, planned: frozenset[Reading]) -> None:
        """Defer planned readings of the optimizers that did not step to their next step."""
        deferred = frozenset(reading for reading in planned if reading.can_be_deferred)
        for recorder in self._recorders.with_optimizers:
            if not recorder.stepped:
                recorder.deferred |= deferred
