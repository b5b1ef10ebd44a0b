"""Runs whose steps are too large, too small, or pulled by decay."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, regress, watched

from .sick_run import SickRun


def rate_zero_for_most_of_the_run():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: float(step >= 300))
    return watched(
        model,
        classify(model, *points()),
        optimizer=optimizer,
        steps=400,
        after=lambda run, step: schedule.step(),
    )


def schedule_stepped_per_batch():
    x, y = points(512)
    model = mlp(activation=nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    with lk.watch(model, show=False) as run:
        for _ in range(12):
            for rows in torch.randperm(512).split(32):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    return run


def steps_of_a_schedule_per_batch():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.1)
    return watched(
        model,
        classify(model, x, y),
        optimizer=optimizer,
        after=lambda run, step: schedule.step(),
    )


def clipped_to_nothing():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1e-5)
            optimizer.step()
    return run


def values_clipped_to_nothing():
    x, y = points(256)
    model = mlp(activation=nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_value_(model.parameters(), 1e-7)
            optimizer.step()
    return run


def rate_of_a_hundred():
    model = mlp()
    return watched(model, classify(model, *points()), lr=100.0)


def rate_of_a_hundred_with_adam():
    model = mlp(activation=nn.GELU)
    optimizer = torch.optim.Adam(model.parameters(), lr=100.0)
    return watched(model, classify(model, *points(256)), optimizer=optimizer)


def rate_of_a_billionth():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-9)
    return watched(model, classify(model, *points(256)), optimizer=optimizer)


def momentum_too_high():
    model = mlp(outputs=1, activation=nn.Tanh)
    x, _ = points(256)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.999)
    return watched(model, regress(model, x, x[:, :1] * x[:, 1:2]), optimizer=optimizer)


def decay_of_one():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1.0)
    return watched(model, classify(model, x, y), optimizer=optimizer)


def decay_of_one_in_one_group():
    x, y = points(256)
    model = mlp(depth=3)
    optimizer = torch.optim.Adam(
        [
            {"params": model[2].parameters(), "weight_decay": 1.0},
            {"params": [*model[0].parameters(), *model[4:].parameters()]},
        ],
        lr=5e-3,
    )
    return watched(model, classify(model, x, y), optimizer=optimizer)


def convolution_with_too_high_a_rate():
    x = torch.randn(64, 1, 8, 8)
    y = x[:, 0, 2:5, 2:5].mean((1, 2))[:, None]
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(128, 1)
    )
    return watched(model, regress(model, x, 3 * y), lr=1.0)


SICK = (
    SickRun(rate_zero_for_most_of_the_run, "no-change"),
    SickRun(schedule_stepped_per_batch, "rate-decayed", ("learning-rate-too-low", "plateau")),
    SickRun(steps_of_a_schedule_per_batch, "rate-decayed", ("learning-rate-too-low", "plateau")),
    SickRun(clipped_to_nothing, "clipped-to-nothing", ("learning-rate-too-low",)),
    SickRun(values_clipped_to_nothing, "clipped-to-nothing", ("learning-rate-too-low",)),
    SickRun(
        rate_of_a_hundred,
        "learning-rate-too-high",
        ("loss-not-finite", "dead-units", "exploding-gradients"),
    ),
    SickRun(
        rate_of_a_hundred_with_adam,
        "learning-rate-too-high",
        ("loss-not-finite", "exploding-gradients", "dead-units"),
    ),
    SickRun(rate_of_a_billionth, "learning-rate-too-low", ("no-change", "weights-not-moving")),
    SickRun(
        momentum_too_high,
        "learning-rate-too-high",
        ("saturated-units", "loss-not-finite", "exploding-gradients"),
    ),
    SickRun(decay_of_one, "weight-decay-too-strong"),
    SickRun(
        decay_of_one_in_one_group,
        "weight-decay-too-strong",
        reason="The loss falls to nearly 0 all the same, with the other layers.",
    ),
    SickRun(
        convolution_with_too_high_a_rate,
        "learning-rate-too-high",
        ("loss-not-finite", "exploding-gradients", "dead-units"),
    ),
)
