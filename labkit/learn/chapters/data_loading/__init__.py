"""The plan of chapter 05: datasets, loaders, order, splits, workers, and batches of any length."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.data_loading.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Data loading",
    minutes=75,
    predictions=PREDICTIONS,
    exercise_names=("deal_out", "epoch_loss", "pad_batch", "split_by_person"),
)
