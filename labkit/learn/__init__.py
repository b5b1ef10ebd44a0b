"""What the course notebooks use: predictions, checks, hints, data sets and pictures.

A notebook opens its chapter with ``learn.chapter("01_tensors")`` and from there predicts, scores
and checks; the pictures and the data sets are plain functions. The input of a
learner is stored in a small file beside the notebooks. Only the course uses this package; watching
a run does not need it.
"""

from __future__ import annotations

from labkit.learn.boundary import BoundaryView, ThresholdView, boundary_picture, points_picture
from labkit.learn.broadcast_explorer import BroadcastExplorer
from labkit.learn.chapter import Chapter, chapter
from labkit.learn.copies import restore_progress
from labkit.learn.datasets import Split, breast_cancer, diabetes, digits, moons
from labkit.learn.drawing_pad import DrawingPad
from labkit.learn.given_names import given_names
from labkit.learn.line_fit import LineFit
from labkit.learn.loader_trace import LoaderTrace, trace_loader
from labkit.learn.loop_switches import LoopRun, LoopSwitches
from labkit.learn.pictures import (
    LossSurface,
    Picture,
    broadcast_picture,
    colour_picture,
    confusion_picture,
    letter_picture,
    line_picture,
    padding_picture,
    reliability_picture,
    storage_picture,
    tile_picture,
)
from labkit.learn.progress import CourseProgress, progress
from labkit.learn.race import OptimizerRace
from labkit.learn.scene import scene
from labkit.learn.sliding import SlidingKernel
from labkit.learn.storage_explorer import StorageExplorer

__all__ = [
    "BoundaryView",
    "BroadcastExplorer",
    "Chapter",
    "CourseProgress",
    "DrawingPad",
    "LineFit",
    "LoaderTrace",
    "LoopRun",
    "LoopSwitches",
    "LossSurface",
    "OptimizerRace",
    "Picture",
    "SlidingKernel",
    "Split",
    "StorageExplorer",
    "ThresholdView",
    "boundary_picture",
    "breast_cancer",
    "broadcast_picture",
    "chapter",
    "colour_picture",
    "confusion_picture",
    "diabetes",
    "digits",
    "given_names",
    "letter_picture",
    "line_picture",
    "moons",
    "padding_picture",
    "points_picture",
    "progress",
    "reliability_picture",
    "restore_progress",
    "scene",
    "storage_picture",
    "tile_picture",
    "trace_loader",
]
