"""The plan of chapter 02: the graph, the chain rule, leaves, accumulation, cuts, `Function`s."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.autograd.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Autograd",
    minutes=75,
    predictions=PREDICTIONS,
    exercise_names=("slope", "gradient", "consistency", "step", "walk_back"),
)
