"""The epochs and the time of a run at some of its steps, as pages receive them."""

from __future__ import annotations

from labkit.run import Run
from labkit.run.step_knots import StepKnots
from labkit.views.messages.run import Knots, Progress


def progress(run: Run) -> Progress:
    """Return the completed epochs at some steps, and the seconds since the start.

    Parameters
    ----------
    run : Run
    """
    return {"epochs": _knots(run.epochs.begun), "seconds": _knots(run.step_times)}


def _knots(values: StepKnots) -> Knots:
    knots = values.knots()
    return {
        "steps": [knot.step for knot in knots],
        "values": [round(knot.value, 3) for knot in knots],
    }
