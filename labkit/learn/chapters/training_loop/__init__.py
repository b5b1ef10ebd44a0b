"""The plan of chapter 06: modules, the loop line by line, modes, metrics, and when to stop."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.training_loop.build_net import BUILD_NET
from labkit.learn.chapters.training_loop.early_stop import EARLY_STOP
from labkit.learn.chapters.training_loop.evaluate import EVALUATE
from labkit.learn.chapters.training_loop.predictions import PREDICTIONS
from labkit.learn.chapters.training_loop.snapshot import SNAPSHOT
from labkit.learn.chapters.training_loop.train_epoch import TRAIN_EPOCH

PLAN = Plan(
    title="The training loop",
    predictions=PREDICTIONS,
    exercises=(BUILD_NET, TRAIN_EPOCH, EVALUATE, SNAPSHOT, EARLY_STOP),
)
