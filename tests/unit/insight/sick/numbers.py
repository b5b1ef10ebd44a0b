"""Runs in which a loss, a gradient or an update stops being finite."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import mlp, points, watched

from .sick_run import SickRun


def nan_in_one_sample():
    x, y = points(256)
    x[200, 3] = float("nan")
    model = mlp()

    def loss(step):
        rows = torch.arange(256).roll(-32 * step)[:32]
        return F.cross_entropy(model(x[rows]), y[rows])

    return watched(model, loss, lr=0.05)


def logarithm_of_zero():
    x, y = points()
    model = mlp()

    def loss(step):
        allowed = torch.ones(64, 3)
        allowed[7, y[7]] = float(step < 30)  # a mask that forbids the right class
        likelihood = (model(x).softmax(1) * allowed)[torch.arange(64), y]
        return -torch.log(likelihood).mean()

    return watched(model, loss, lr=1e-3)


def gradient_of_the_root_of_zero():
    x, _ = points()
    model = nn.Linear(10, 8, bias=False)

    def loss(step):
        inputs = x.clone()
        inputs[0] *= step != 40  # an empty sample
        length = model(inputs).square().sum(1).sqrt()
        return (length - 1).square().mean()

    return watched(model, loss, lr=0.01)


def division_by_a_zero_deviation():
    x, y = points()
    x = x.clone()
    model = mlp()

    def loss(step):
        batch = x.clone()
        if step >= 50:
            batch[:, 4] = 1.0
        return F.cross_entropy(model((batch - batch.mean(0)) / batch.std(0)), y)

    return watched(model, loss, lr=0.05)


def exponential_that_overflows():
    x, _ = points()
    model = mlp(outputs=1)
    return watched(
        model, lambda step: (model(x).exp() - (20 * x[:, :1]).exp()).square().mean(), lr=0.01
    )


def updates_skipped_from_the_start():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu")
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            output = model(x)
            flat = output - output.mean(0, keepdim=True).detach()
            loss = F.cross_entropy(output, y) + torch.linalg.vector_norm(flat - flat.detach())
            loss = loss + (flat - flat.detach()).abs().pow(0.5).sum()
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    return run


SICK = (
    SickRun(nan_in_one_sample, "loss-not-finite"),
    SickRun(logarithm_of_zero, "loss-not-finite"),
    SickRun(gradient_of_the_root_of_zero, "loss-not-finite", ("exploding-gradients",)),
    SickRun(division_by_a_zero_deviation, "loss-not-finite"),
    SickRun(
        exponential_that_overflows,
        "loss-not-finite",
        ("exploding-gradients", "learning-rate-too-high"),
    ),
    SickRun(updates_skipped_from_the_start, "updates-skipped"),
)
