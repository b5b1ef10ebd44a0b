"""The chapters' plans: which predictions and exercises each notebook holds.

A plan is data, one package a chapter, loaded when its chapter is opened. The teaching text is in
the notebooks; here are only the questions' names and how answers are judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from labkit.learn.checks import Exercise
from labkit.learn.predictions import Prediction

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
    title : str
        The chapter's title.
    predictions : tuple of Prediction
        In the notebook's order.
    exercises : tuple of Exercise
        In the notebook's order.
    """

    title: str
    predictions: tuple[Prediction, ...]
    exercises: tuple[Exercise, ...]


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
    if name not in _MODULES:
        raise ValueError(f"there is no chapter {name!r}; there is {', '.join(_MODULES)}")
    plan = import_module(f"{__name__}.{_MODULES[name]}").PLAN
    assert isinstance(plan, Plan)
    return plan
