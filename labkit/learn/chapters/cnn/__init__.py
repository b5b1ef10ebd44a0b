"""The plan of chapter 08: convolution, stride, padding, pooling, normalisation, receptive field."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.cnn.accuracy import ACCURACY
from labkit.learn.chapters.cnn.convolve import CONVOLVE
from labkit.learn.chapters.cnn.evaluate import EVALUATE
from labkit.learn.chapters.cnn.output_size import OUTPUT_SIZE
from labkit.learn.chapters.cnn.predictions import PREDICTIONS
from labkit.learn.chapters.cnn.small_net import SMALL_NET

PLAN = Plan(
    title="Convolutional networks",
    predictions=PREDICTIONS,
    exercises=(OUTPUT_SIZE, CONVOLVE, SMALL_NET, ACCURACY, EVALUATE),
)
