"""Loops with a gradient scaler: the search for a scale is no finding, no scale at all is one."""

import pytest
import torch
from torch import nn

import labkit as lk


def train(scaler, steps, *, infinite_from=None, every=1, fused=None):
    """Train a model whose outputs are in half precision, with infinite gradients in some steps."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=fused)
    rules = set()
    with lk.watch(model, show=False) as run:
        for step in range(steps):
            x = torch.randn(32, 8)
            output = model(x).half().float()
            loss = (output - x.sum(1, keepdim=True)).pow(2).mean()
            if infinite_from is not None and step >= infinite_from and step % every == 0:
                loss = loss + (0 * output).sum().sqrt()  # 0, with a gradient of infinity
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            if step % 10 == 0:
                rules |= {finding.rule for finding in run.findings}
    return run, rules


@pytest.mark.parametrize(
    ("options", "fused"),
    [
        ({"growth_interval": 1}, None),
        ({"growth_interval": 1}, True),
        ({"growth_interval": 4}, None),
        ({"init_scale": 2.0**60}, None),
        ({"enabled": False}, None),
    ],
    ids=["grows each step", "fused", "grows often", "large first scale", "disabled"],
)
def test_a_scaler_that_finds_a_scale_is_no_finding(options, fused):
    run, rules = train(torch.amp.GradScaler("cpu", **options), 130, fused=fused)
    assert run.steps > 60
    assert "updates-skipped" not in rules


@pytest.mark.parametrize(
    ("options", "infinite_from", "every", "steps", "fused"),
    [
        ({}, 0, 1, 60, None),
        ({}, 0, 1, 60, True),
        ({}, 40, 1, 100, None),
        ({}, 0, 5, 160, None),
        ({"growth_interval": 1}, 0, 1, 60, None),
        ({"init_scale": 2.0**60}, 0, 1, 100, None),
    ],
    ids=["always", "fused", "from a step on", "in some steps", "grows each step", "large scale"],
)
def test_gradients_that_are_infinite_at_any_scale_are_a_finding(
    options, infinite_from, every, steps, fused
):
    scaler = torch.amp.GradScaler("cpu", **options)
    run, _ = train(scaler, steps, infinite_from=infinite_from, every=every, fused=fused)
    assert "updates-skipped" in {finding.rule for finding in run.findings}


def test_a_scale_of_zero_is_recorded_without_a_notice():
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**-140)
    run, _ = train(scaler, 40, infinite_from=0)
    assert scaler.get_scale() == 0
    assert run.notices == ()
    assert "updates-skipped" in {finding.rule for finding in run.findings}
