"""The plan of chapter 07: what optimizers do with a gradient, seen on surfaces and on digits."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.optimizers.adam_step import ADAM_STEP
from labkit.learn.chapters.optimizers.decay_groups import DECAY_GROUPS
from labkit.learn.chapters.optimizers.lion_step import LION_STEP
from labkit.learn.chapters.optimizers.momentum_step import MOMENTUM_STEP
from labkit.learn.chapters.optimizers.predictions import PREDICTIONS
from labkit.learn.chapters.optimizers.warmup_cosine import WARMUP_COSINE

PLAN = Plan(
    title="Optimizers",
    predictions=PREDICTIONS,
    exercises=(MOMENTUM_STEP, ADAM_STEP, WARMUP_COSINE, DECAY_GROUPS, LION_STEP),
)
