"""The threshold view checks its samples, and has a still picture."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from labkit.learn.boundary import ThresholdView
from labkit.views.saved_output import VIEW_MIME_TYPE

P = torch.tensor([1.0, 0.3, 0.7, 0.0])
Y = torch.tensor([1, 1, 0, 0])


def test_the_saved_output_has_the_samples_and_the_counts():
    view = ThresholdView(P, Y, classes=("no", "yes"), price=3)
    data, _ = view._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    assert sum(each.tag.endswith("circle") for each in picture.iter()) == len(P)
    assert "1 hit, 1 miss, 1 false alarm" in data["text/plain"]
    assert VIEW_MIME_TYPE in data
    view.close()


@pytest.mark.parametrize(
    ("p", "y", "words"),
    [
        (P, Y[:2], "one label for each probability"),
        (torch.tensor([1.5]), torch.tensor([1]), r"torch\.sigmoid"),
        (np.array([0.5]), np.array([2]), "labels of 0 and 1"),
    ],
)
def test_other_samples_are_refused(p, y, words):
    with pytest.raises(ValueError, match=words):
        ThresholdView(p, y)
