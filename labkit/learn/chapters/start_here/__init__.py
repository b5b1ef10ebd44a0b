"""The plan of chapter 00: device, first live run, how the course works."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.start_here.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Start here",
    minutes=50,
    predictions=PREDICTIONS,
    exercise_names=("best_device", "ten_classes", "tail_mean", "best_run"),
)
