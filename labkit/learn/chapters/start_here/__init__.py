"""The plan of chapter 00: device, first live run, how the course works."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.start_here.best_device import BEST_DEVICE
from labkit.learn.chapters.start_here.best_run import BEST_RUN
from labkit.learn.chapters.start_here.predictions import PREDICTIONS
from labkit.learn.chapters.start_here.tail_mean import TAIL_MEAN
from labkit.learn.chapters.start_here.ten_classes import TEN_CLASSES

PLAN = Plan(
    title="Start here",
    predictions=PREDICTIONS,
    exercises=(BEST_DEVICE, TEN_CLASSES, TAIL_MEAN, BEST_RUN),
)
