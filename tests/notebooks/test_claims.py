"""The claims that the chapters correct, run as they are made."""

from __future__ import annotations

import pytest
import torch
from torch import nn


def test_rounded_values_of_a_line_are_no_labels_for_the_binary_cross_entropy():
    """Chapter 04: labels `round(2x + 1 + noise)` will do for `BCELoss`."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(100, 1, generator=generator)
    labels = (2 * x + 1 + 0.1 * torch.randn(100, 1, generator=generator)).round()
    assert labels.unique().tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(RuntimeError, match="target should be between 0 and 1"):
        nn.BCELoss()(torch.sigmoid(x), labels)
    confident = nn.BCEWithLogitsLoss()(torch.full_like(x, 100.0), labels)
    more_confident = nn.BCEWithLogitsLoss()(torch.full_like(x, 200.0), labels)
    assert more_confident < confident < 0  # no check, and no lowest loss
