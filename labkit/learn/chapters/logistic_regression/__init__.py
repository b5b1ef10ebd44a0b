"""The plan of chapter 04: logits, cross-entropy, each sample's pull, thresholds, calibration."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.logistic_regression.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Logistic regression",
    minutes=85,
    predictions=PREDICTIONS,
    exercise_names=(
        "bce",
        "fit_classifier",
        "precision_recall",
        "cheapest_threshold",
        "moon_features",
    ),
)
