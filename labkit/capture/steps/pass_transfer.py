"""Copies pending backward passes to a recorder whose parameters they reached.

Passes are recorded for the recorders whose probe parameter they change. An optimizer that is
created or extended after a pass needs that pass, too, for its next step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labkit.capture.steps.gradient_probe import has_gradient
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.recorder_matching import overlap


def copy_newest_pass(
    recorder: OptimizerRecorder, others: Iterable[OptimizerRecorder], pass_number: int
) -> None:
    """Copy the newest pass if it is pending for another recorder and has set gradients here.

    It is also copied if all parameters are frozen, so that the series of the loss, which is named
    after the optimizer that steps first, does not end there.

    Parameters
    ----------
    recorder : OptimizerRecorder
        The recorder that has no pending pass.
    others : iterable of OptimizerRecorder
    pass_number : int
        Number of the newest pass.
    """
    source = next(_pending_for(others, pass_number), None)
    held = [each.parameter() for each in recorder.entries]
    is_frozen = not any(parameter is not None and parameter.requires_grad for parameter in held)
    if source is not None and (is_frozen or any(map(has_gradient, held))):
        recorder.copy_passes(source)
        recorder.probe.choose(recorder.entries)
        recorder.probe.record_after_pass()


def take_over_passes(
    recorder: OptimizerRecorder,
    unassigned: OptimizerRecorder | None,
    others: Iterable[OptimizerRecorder],
    pass_number: int,
) -> None:
    """Copy the passes that reached a recorder's parameters while no optimizer held them.

    Parameters
    ----------
    recorder : OptimizerRecorder
    unassigned : OptimizerRecorder or None
        The recorder of the parameters that no optimizer holds.
    others : iterable of OptimizerRecorder
    pass_number : int
        Number of the newest pass.
    """
    parameters = (entry.parameter() for entry in recorder.entries)
    has_any = any(each is not None and each.grad is not None for each in parameters)
    if recorder.passes or not has_any:
        return
    if unassigned is None:
        pending = _pending_for(others, pass_number)
        source = next((each for each in pending if overlap(each, recorder)), None)
    else:
        source = unassigned if unassigned.passes else None
    if unassigned is not None and (unassigned.probe.parameter is None or unassigned.passes > 1):
        # Passes were not recorded for unassigned parameters, or those of many steps were, as their
        # gradients were not cleared. Another recorder has the passes of the present step.
        newer = (
            each
            for each in _pending_for(others, pass_number)
            if source is None or each.first_pass > unassigned.first_pass
        )
        source = next(newer, source)
    if source is not None:
        recorder.copy_passes(source)


def _pending_for(
    recorders: Iterable[OptimizerRecorder], pass_number: int
) -> Iterator[OptimizerRecorder]:
    """Yield the recorders for which the pass of this number is pending."""
    return (each for each in recorders if each.passes and each.last_pass == pass_number)
