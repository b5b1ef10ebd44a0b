"""The chapters' plans: which predictions and exercises each notebook holds.

A plan is data, one package a chapter, loaded when its chapter is opened. The teaching text is in
the notebooks; here are only the questions' names and how answers are judged. Exercises, which need
much of torch and scikit-learn, are loaded when they are checked, so that the map of the course
does not wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from labkit.learn.predictions import Prediction
from labkit.learn.unknown_names import named

if TYPE_CHECKING:
    from labkit.learn.checks import Exercise

MINUTES_PER_EXERCISE = 4
_ROUND = 5
"""Minutes are shown as multiples of this: they are an estimate."""
_MODULES = {
    "00_start_here": "start_here",
    "01_tensors": "tensors",
    "02_autograd": "autograd",
    "03_linear_regression": "linear_regression",
    "04_logistic_regression": "logistic_regression",
    "05_data_loading": "data_loading",
    "06_training_loop": "training_loop",
    "07_optimizers": "optimizers",
    "08_cnn": "cnn",
    "09_rnn": "rnn",
}


@dataclass(frozen=True)
class Plan:
    """What one chapter asks.

    Attributes
    ----------
    package : str
        The package of the chapter. Each exercise has a module in it that is named after it.
    title : str
        The chapter's title.
    minutes : int
        About how long the chapter takes. The index of the course compares it with an estimate.
    predictions : tuple of Prediction
        In the notebook's order.
    exercise_names : tuple of str
        In the notebook's order.

    Examples
    --------
    >>> plan = load_plan("01_tensors")
    >>> plan.minutes_left(predictions=0, exercises=1)
    5
    """

    package: str = field(repr=False)
    title: str
    minutes: int
    predictions: tuple[Prediction, ...]
    exercise_names: tuple[str, ...]

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises, in the notebook's order."""
        return tuple(map(self.exercise, self.exercise_names))

    def exercise(self, name: str) -> Exercise:
        """Return the exercise of this name."""
        from labkit.learn.checks import Exercise
        from labkit.learn.checks.kernel_state import generators_kept

        # Modules make models and tables when they are loaded, which must not change what the
        # learner's own code draws afterwards.
        with generators_kept():
            module = import_module(f"{self.package}.{name}")
        exercise = getattr(module, name.upper())
        assert isinstance(exercise, Exercise)
        return exercise

    def minutes_left(self, *, predictions: int, exercises: int) -> int:
        """Return about how long the rest takes.

        An exercise takes `MINUTES_PER_EXERCISE`; everything else, reading and running, is in step
        with the predictions.

        Parameters
        ----------
        predictions, exercises : int
            How many have not been made or solved yet.
        """
        reading = self.minutes - MINUTES_PER_EXERCISE * len(self.exercise_names)
        left = reading * predictions / len(self.predictions) + MINUTES_PER_EXERCISE * exercises
        # To the nearest multiple, so that the first exercise that is solved is seen.
        return max(_ROUND * round(left / _ROUND), _ROUND if left else 0)


def rounded_up(minutes: float) -> int:
    """Return a duration as it is shown.

    Examples
    --------
    >>> rounded_up(0), rounded_up(31.2)
    (0, 35)
    """
    return _ROUND * -(-round(minutes) // _ROUND)


def chapter_names() -> tuple[str, ...]:
    """Return the names of all chapters that have a plan, in reading order.

    Examples
    --------
    >>> chapter_names()[0]
    '00_start_here'
    """
    return tuple(_MODULES)


def load_plan(name: str) -> Plan:
    """Return the plan of the chapter with this name.

    Examples
    --------
    >>> load_plan("01_tensors").title
    'Tensors'
    """
    module = _MODULES[named(name, _MODULES, "the course has no chapter")]
    plan = import_module(f"{__name__}.{module}").PLAN
    assert isinstance(plan, Plan)
    return plan
