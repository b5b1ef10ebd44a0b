"""The plan of chapter 03: a line's loss, gradient descent by hand and by PyTorch, scaling."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.linear_regression.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Linear regression",
    minutes=65,
    predictions=PREDICTIONS,
    exercise_names=("mse", "gradient_step", "train", "scale_like_training"),
)
