"""Reads what is left of the last step when a run ends whose length was not known before.

Nothing is retained in a step for this. Gradients and weights are read if their versions show that
nothing has changed them since the last update; pictures are made of a chosen input, which needs a
forward pass that the user has asked for. Activations of the loop's own passes no longer exist.
"""

from __future__ import annotations

from labkit.capture.steps.loop import Loop
from labkit.run import Run

_NORMAL_ENDS = ("finished", "stopped")


def read_last_step(run: Run, loop: Loop) -> None:
    """Read the last step, unless it has been read; on the training thread, before tensors go.

    Parameters
    ----------
    run : Run
    loop : Loop
        Its training thread calls this.
    """
    step = loop.steps_done
    recorders = [each for each in loop.recorders.required if each.thread == loop.thread]
    if not step or loop.is_in_pass or loop.training_step.has_step_under_way:
        return
    for recorder in recorders:
        if recorder.missed_steps or not recorder.has_stepped:
            continue
        has_gradients = not recorder.passes and recorder.probe.has_gradient_of_step()
        if has_gradients and not loop.scales.found:
            loop.readings.read_last_gradients(run, recorder.reader, step)
        if recorder.probe.has_weights_of_step() and recorder.reader.newest["weights"] < step:
            loop.readings.read_last_weights(run, recorder.reader, step)
    has_weights = all(each.probe.has_weights_of_step() for each in recorders)
    if recorders and has_weights and run.status in _NORMAL_ENDS:
        loop.readings.draw_chosen_input(run, step)
