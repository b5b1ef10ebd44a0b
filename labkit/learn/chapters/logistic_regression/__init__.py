"""The plan of chapter 04: logits, cross-entropy, each sample's pull, thresholds, calibration."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.logistic_regression.bce import BCE
from labkit.learn.chapters.logistic_regression.cheapest_cut import CHEAPEST_CUT
from labkit.learn.chapters.logistic_regression.fit_classifier import FIT_CLASSIFIER
from labkit.learn.chapters.logistic_regression.moon_features import MOON_FEATURES
from labkit.learn.chapters.logistic_regression.precision_recall import PRECISION_RECALL
from labkit.learn.chapters.logistic_regression.predictions import PREDICTIONS

PLAN = Plan(
    title="Logistic regression",
    predictions=PREDICTIONS,
    exercises=(BCE, FIT_CLASSIFIER, PRECISION_RECALL, CHEAPEST_CUT, MOON_FEATURES),
)
