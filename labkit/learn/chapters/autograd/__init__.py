"""The plan of chapter 02: the graph, the chain rule, leaves, accumulation, cuts."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.autograd.consistency import CONSISTENCY
from labkit.learn.chapters.autograd.gradient import GRADIENT
from labkit.learn.chapters.autograd.predictions import PREDICTIONS
from labkit.learn.chapters.autograd.slope import SLOPE
from labkit.learn.chapters.autograd.step import STEP

PLAN = Plan(
    title="Autograd",
    predictions=PREDICTIONS,
    exercises=(SLOPE, GRADIENT, CONSISTENCY, STEP),
)
