"""The first step of a finding is the one since which it holds, whenever it is read."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .loops import mlp, points, watched

BROADCASTS = pytest.mark.filterwarnings("ignore:Using a target size")


@BROADCASTS
def test_outputs_and_targets_that_broadcast_do_so_since_the_first_step():
    x = torch.randn(32, 5)
    y = x.sum(1)
    model = mlp(outputs=1, inputs=5)
    run = watched(model, lambda step: F.mse_loss(model(x), y))
    (found,) = [each for each in run.findings if each.rule == "loss-broadcasts"]
    assert found.steps == (1, run.steps)


@BROADCASTS
def test_a_loss_that_broadcasts_from_some_step_on_does_so_since_then():
    x = torch.randn(32, 5)
    y = x.sum(1)
    model = mlp(outputs=1, inputs=5)

    def loss_of(step):
        outputs = model(x)
        return F.mse_loss(outputs if step >= 100 else outputs[:, 0], y)

    run = watched(model, loss_of)
    (found,) = [each for each in run.findings if each.rule == "loss-broadcasts"]
    assert 101 <= found.steps[0] <= 130


def test_a_layer_that_is_dead_from_the_begin_is_so_since_its_first_reading():
    x, y = points()
    model = mlp()
    with torch.no_grad():
        model[0].bias.fill_(-100)
    run = watched(model, lambda step: F.cross_entropy(model(x), y))
    (found,) = [each for each in run.findings if each.rule == "dead-units"]
    assert found.steps[0] == 1


def test_the_first_step_of_a_finding_does_not_move_on_with_the_run():
    x, y = points()
    model = nn.Linear(10, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)
    first = []
    with lk.watch(model, show=False) as run:
        for _ in range(600):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            first += [each.steps[0] for each in run.findings]
    (entry,) = run.findings_history
    assert first
    assert first == sorted(first, reverse=True)
    assert entry.finding.steps[0] == first[-1]
