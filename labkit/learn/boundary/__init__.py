"""The decision boundary of a classifier on a plane, and how hard each sample pulls on it.

`state` reads a model, `drawing` makes a still picture of what was read, `view` is the widget that
follows a training, `threshold` the one that decides by probabilities. All numbers come from the
model and the loss that they are given.
"""

from __future__ import annotations

from labkit.learn.boundary.drawing import boundary_picture, points_picture
from labkit.learn.boundary.threshold import ThresholdView
from labkit.learn.boundary.view import BoundaryView

__all__ = ["BoundaryView", "ThresholdView", "boundary_picture", "points_picture"]
