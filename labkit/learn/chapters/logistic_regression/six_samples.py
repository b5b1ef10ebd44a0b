"""The six samples of section 3, and the picture on which the hardest pull is predicted.

The notebook writes the same numbers out.
"""

from __future__ import annotations

import torch
from torch import Tensor

from labkit.learn.boundary import boundary_picture
from labkit.learn.boundary.state import read_plane
from labkit.learn.pictures import Picture

POINTS = torch.tensor(
    [[-2.8, 0.8], [-0.5, -0.6], [1.7, 1.0], [0.7, 0.3], [-1.5, -1.0], [-2.3, -0.2]]
)
LABELS = torch.tensor([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
PLANE = read_plane(POINTS, LABELS)


def logits_of(points: Tensor) -> Tensor:
    """Return the logits of the model, which is wrong about three of the samples."""
    return 2 * points[:, 0] + 0.5 * points[:, 1]


def picture() -> Picture:
    """Return the plane without axes."""
    classes = ("benign", "malignant")
    return boundary_picture(logits_of, POINTS, LABELS, classes=classes, bare=True)
