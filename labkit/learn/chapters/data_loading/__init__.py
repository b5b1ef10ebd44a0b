"""The plan of chapter 05: datasets, loaders, order, splits, workers, and batches of any length."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.data_loading.deal_out import DEAL_OUT
from labkit.learn.chapters.data_loading.epoch_loss import EPOCH_LOSS
from labkit.learn.chapters.data_loading.pad_batch import PAD_BATCH
from labkit.learn.chapters.data_loading.predictions import PREDICTIONS
from labkit.learn.chapters.data_loading.split_by_person import SPLIT_BY_PERSON

PLAN = Plan(
    title="Data loading",
    predictions=PREDICTIONS,
    exercises=(DEAL_OUT, EPOCH_LOSS, PAD_BATCH, SPLIT_BY_PERSON),
)
