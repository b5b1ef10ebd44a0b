"""The plan of chapter 01: storage, views, broadcasting, reductions, products, NumPy's bridge."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.tensors.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Tensors",
    minutes=75,
    predictions=PREDICTIONS,
    exercise_names=(
        "standardise",
        "brighten_corner",
        "all_differences",
        "storage_place",
        "nearest",
    ),
)
