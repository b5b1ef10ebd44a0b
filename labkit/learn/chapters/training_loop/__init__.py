"""The plan of chapter 06: modules, the loop line by line, modes, metrics, and when to stop."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.training_loop.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="The training loop",
    minutes=85,
    predictions=PREDICTIONS,
    exercise_names=("build_net", "train_epoch", "evaluate", "snapshot", "early_stop"),
)
