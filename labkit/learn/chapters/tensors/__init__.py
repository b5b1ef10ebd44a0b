"""The plan of chapter 01: storage, views, broadcasting, reductions, products, NumPy's bridge."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.tensors.all_differences import ALL_DIFFERENCES
from labkit.learn.chapters.tensors.brighten_corner import BRIGHTEN_CORNER
from labkit.learn.chapters.tensors.nearest import NEAREST
from labkit.learn.chapters.tensors.predictions import PREDICTIONS
from labkit.learn.chapters.tensors.standardise import STANDARDISE
from labkit.learn.chapters.tensors.storage_place import STORAGE_PLACE

PLAN = Plan(
    title="Tensors",
    predictions=PREDICTIONS,
    exercises=(STANDARDISE, BRIGHTEN_CORNER, ALL_DIFFERENCES, STORAGE_PLACE, NEAREST),
)
