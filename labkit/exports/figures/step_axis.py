"""The horizontal axis of a figure over the steps: by step, by epoch, or by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.run import Run
from labkit.run.step_knots import Knot

AxisName = Literal["step", "epoch", "time"]
_UNITS = (("h", 3600, 7200), ("min", 60, 120), ("s", 1, 0))
"""Unit of time, its length in s, and the length of the run in s from which it is used."""


@dataclass(frozen=True)
class StepAxis:
    """Places of steps on an axis.

    Attributes
    ----------
    name : str
    title : str
    hover_format : str
        Format of a place, as of d3.
    hover_title : str
        Title of the tooltip, with ``%{x}`` for the place.
    steps, places : ndarray, shape (n_knots,), dtype float64
        Points of the line that maps steps to places; none for the identity.
    rise : float
        Rise of a place per step after the last knot.
    """

    name: AxisName
    title: str
    hover_format: str
    hover_title: str
    steps: NDArray[np.float64]
    places: NDArray[np.float64]
    rise: float = 1.0

    def at(self, steps: ArrayLike) -> NDArray[np.float64]:
        """Return the places of some steps.

        Of knots at the same step, the first one counts: a value may rise during a pause.
        """
        wanted = np.asarray(steps, np.float64)
        if not len(self.steps):
            return wanted
        known, first = np.unique(self.steps, return_index=True)
        inside = np.interp(wanted, known, self.places[first])
        beyond = self.places[-1] + (wanted - self.steps[-1]) * self.rise
        return np.where(wanted > self.steps[-1], beyond, inside)

    def layout(self) -> dict[str, Any]:
        """Return what the axis has in common in all figures."""
        return {
            "title": {"text": self.title},
            "hoverformat": self.hover_format,
            "separatethousands": True,
            "unifiedhovertitle": {"text": self.hover_title},
        }


def step_axis(run: Run, name: str) -> StepAxis:
    """Return an axis of a run.

    Raises
    ------
    ValueError
        If there is no such axis, or if the run has no epochs or times.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.epochs.begin(0, None); run.epochs.begin(50, None)
    >>> step_axis(run, "epoch").at([0, 25, 100]).tolist()
    [0.0, 0.5, 2.0]
    """
    if name == "step":
        nothing = np.empty(0)
        return StepAxis("step", "step", ",d", "step %{x:,d}", nothing, nothing)
    if name == "epoch":
        newest = run.epoch_start
        length = None if newest is None else newest.steps
        return _known(run, _epochs(run.epochs.begun.knots(), length), "epochs")
    if name == "time":
        return _known(run, _times(run.step_times.knots()), "times")
    raise ValueError(
        f'x={name!r} is none of "step", "epoch" and "time". Example: run.figure("loss", x="epoch")'
    )


def _known(run: Run, axis: StepAxis | None, what: str) -> StepAxis:
    if axis is None:
        raise ValueError(
            f"The {what} of the steps of the run {run.name!r} are not known. "
            'Example: run.figure("loss", x="step")'
        )
    return axis


def _epochs(knots: Sequence[Knot], newest_length: int | None) -> StepAxis | None:
    rise = _rise(knots)
    if rise is None and newest_length and knots:
        rise = 1 / newest_length
    if rise is None:
        return None
    steps, places = _columns(knots)
    return StepAxis("epoch", "epoch", ".2f", "epoch %{x:.2f}", steps, places, rise)


def _times(knots: Sequence[Knot]) -> StepAxis | None:
    rise = _rise(knots)
    if rise is None:
        return None
    steps, seconds = _columns(knots)
    unit, length, _ = next(each for each in _UNITS if seconds[-1] >= each[2])
    title, places = f"time ({unit})", seconds / length
    return StepAxis("time", title, ".2~f", f"%{{x:.2~f}} {unit}", steps, places, rise / length)


def _rise(knots: Sequence[Knot]) -> float | None:
    """Return the rise per step between the newest knots; None if it is unknown."""
    for before in reversed(knots[:-1]):
        made, rise = knots[-1].step - before.step, knots[-1].value - before.value
        if made > 0 and rise > 0:
            return rise / made
    return None


def _columns(knots: Sequence[Knot]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    steps, values = zip(*knots, strict=True)
    return np.array(steps, np.float64), np.array(values, np.float64)
