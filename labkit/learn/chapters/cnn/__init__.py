"""The plan of chapter 08: convolution, stride, padding, pooling, normalisation, receptive field."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.cnn.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Convolutional networks",
    minutes=75,
    predictions=PREDICTIONS,
    exercise_names=("output_size", "convolve", "small_net", "accuracy", "evaluate"),
)
