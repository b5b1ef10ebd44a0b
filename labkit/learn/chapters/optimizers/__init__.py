"""The plan of chapter 07: what optimizers do with a gradient, seen on surfaces and on digits."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.optimizers.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Optimizers",
    minutes=80,
    predictions=PREDICTIONS,
    exercise_names=("momentum_step", "adam_step", "warmup_cosine", "decay_groups", "lion_step"),
)
