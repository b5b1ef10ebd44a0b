"""The series of a run as rows by step, for files and for other tools' clients."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from labkit.run import ModelFacts, Run
from labkit.run.config import plain_config
from labkit.run.configuration import configuration_of
from labkit.run.printable import encodable
from labkit.run.series.series_table import Floats, Steps
from labkit.run.step_knots import Knot

_GIVEN = "config."
"""Begin of the rows of what the user has given."""
Series = dict[str, tuple[Steps, Floats]]
"""Steps and values of series, by name."""


def recorded_series(run: Run) -> Series:
    """Return the recorded points of all series; characters that UTF-8 lacks are escaped in names.

    Raises
    ------
    TypeError
        If it is not a run.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> [(name, steps.tolist()) for name, (steps, _) in recorded_series(run).items()]
    [('accuracy', [0])]
    """
    if not isinstance(run, Run):
        raise TypeError(
            f"The first argument is a run, not {type(run).__name__}. "
            'Example: lk.exports.to_csv(run, "run.csv")'
        )
    return {encodable(name): run.series(name) for name in run.names()}


def rows_by_step(series: Series) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield each step with the values of the series that have a point there, in ascending order.

    Examples
    --------
    >>> steps = np.array([1, 3]), np.array([3])
    >>> values = np.array([0.5, 0.25], np.float32), np.array([9], np.float32)
    >>> points = zip(steps, values, strict=True)
    >>> list(rows_by_step(dict(zip(["loss", "f1"], points, strict=True))))
    [(1, {'loss': 0.5}), (3, {'loss': 0.25, 'f1': 9.0})]
    """
    places = {name: place for place, name in enumerate(series)}
    points = heapq.merge(*(_points(places[name], *each) for name, each in series.items()))
    names = list(series)
    row: dict[str, float] = {}
    current: int | None = None
    for step, place, value in points:
        if current is not None and step != current:
            yield current, row
            row = {}
        current = step
        row[names[place]] = value
    if current is not None:
        yield current, row


def _points(place: int, steps: Steps, values: Floats) -> Iterator[tuple[int, int, float]]:
    for step, value in zip(steps.tolist(), values.tolist(), strict=True):
        yield step, place, value


class WallTimes:
    """The time of day of the steps of a run, in s since 1970.

    Parameters
    ----------
    run : Run
        If no time of its steps is known, all steps have the present time.
    """

    def __init__(self, run: Run) -> None:
        knots = run.step_times.knots() or (Knot(0, run.elapsed),)
        self._steps = np.array([knot.step for knot in knots], np.float64)
        self._seconds = np.array([knot.value for knot in knots], np.float64)
        self._begin = time.time() - float(self._seconds[-1])

    def at(self, step: int) -> float:
        """Return the time at which a step ended."""
        return self._begin + float(np.interp(step, self._steps, self._seconds))


def configuration(run: Run) -> dict[str, Any]:
    """Return the model, the hyperparameters and what the user has given, which has priority.

    The machine and the versions are left out: the other tools record what they want of these.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.config = {"width": 64}
    >>> configuration(run)
    {'width': 64}
    """
    known = {
        name: _number_or_text(text)
        for name, text in configuration_of(run).items()
        if name not in run.environment and not name.startswith(_GIVEN)
        if text != ModelFacts().device
    }
    return {**known, **plain_config(run.config)}


def _number_or_text(text: str) -> float | str:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
