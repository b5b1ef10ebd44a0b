"""The plan of chapter 02: the graph, the chain rule, leaves, accumulation, cuts, `Function`s."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.autograd.consistency import CONSISTENCY
from labkit.learn.chapters.autograd.gradient import GRADIENT
from labkit.learn.chapters.autograd.predictions import PREDICTIONS
from labkit.learn.chapters.autograd.slope import SLOPE
from labkit.learn.chapters.autograd.step import STEP
from labkit.learn.chapters.autograd.walk_back import WALK_BACK

PLAN = Plan(
    title="Autograd",
    predictions=PREDICTIONS,
    exercises=(SLOPE, GRADIENT, CONSISTENCY, STEP, WALK_BACK),
)
