"""The plan of chapter 03: a line's loss, gradient descent by hand and by PyTorch, scaling."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.linear_regression.gradient_step import GRADIENT_STEP
from labkit.learn.chapters.linear_regression.mse import MSE
from labkit.learn.chapters.linear_regression.predictions import PREDICTIONS
from labkit.learn.chapters.linear_regression.scale_like_training import SCALE_LIKE_TRAINING
from labkit.learn.chapters.linear_regression.train import TRAIN

PLAN = Plan(
    title="Linear regression",
    predictions=PREDICTIONS,
    exercises=(MSE, GRADIENT_STEP, TRAIN, SCALE_LIKE_TRAINING),
)
