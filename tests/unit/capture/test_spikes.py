"""Spike incidents: none for losses around zero, one for a spike among positive losses."""

import pytest
import torch
from torch import nn

import labkit as lk


def incident(losses):
    """Train a model with the given losses; return the incident."""
    model = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    nn.init.ones_(model.weight)
    with lk.watch(model, show=False) as run:
        for loss in losses:
            optimizer.zero_grad()
            model(torch.tensor([[loss]])).sum().backward()
            optimizer.step()
    return run.incident


RISING = [0.001 * (1 + number % 3) for number in range(60)]


@pytest.mark.parametrize(
    "losses",
    [
        [0.01, -0.02, 0.03, -0.01] * 20 + [5.0] + [0.01] * 5,
        [-0.01, *RISING, 5.0],
        [*RISING, -0.5, *RISING, 5.0],
        [0.0, 0.0, 0.0, 0.3] * 15 + [9.0],
        [-3.0] * 60 + [40.0],
        [0.0] * 60 + [1.0],
    ],
    ids=["around_zero", "once_negative", "negative_later", "mostly_zero", "negative", "zero"],
)
def test_losses_around_zero_cause_no_spike_incident(losses):
    assert incident(losses) is None


@pytest.mark.parametrize("before", [[1.0] * 60, [0.0, *[1.0] * 60], [0.0] * 30 + [2.0] * 110])
def test_a_spike_among_positive_losses_is_an_incident(before):
    found = incident([*before, 100.0, 1.0])
    assert (found.kind, found.step) == ("spike", len(before) + 1)
