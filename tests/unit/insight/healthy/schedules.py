"""Learning rates that begin at 0, come back, or fall to almost nothing."""

import torch
from torch import nn
from torch.optim import lr_scheduler

from tests.unit.insight.loops import classify, mlp, points, regress, watched


def scheduled(schedule_of, *, steps=300, lr=3e-3, batch=None, model=None):
    """Train a classifier with a schedule that is made of the optimizer."""
    x, y = points(256)
    model = mlp(activation=nn.GELU) if model is None else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = schedule_of(optimizer)

    def loss(step):
        rows = slice(None) if batch is None else torch.randint(256, (batch,))
        return nn.functional.cross_entropy(model(x[rows]), y[rows])

    return watched(
        model, loss, optimizer=optimizer, steps=steps, after=lambda run, step: schedule.step()
    )


def warm_up_and_cosine():
    def schedule(optimizer):
        warm = lr_scheduler.LinearLR(optimizer, 1e-3, total_iters=40)
        down = lr_scheduler.CosineAnnealingLR(optimizer, 260)
        return lr_scheduler.SequentialLR(optimizer, [warm, down], [40])

    return scheduled(schedule, model=mlp(depth=4, activation=nn.GELU))


def warm_up_from_zero():
    """The first step has a rate of 0, and the following ones almost none."""
    return scheduled(lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda n: min(1, n / 100)))


def long_warm_up():
    """During the whole watch the rate has not yet reached its value."""
    return scheduled(
        lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda n: min(1, n / 2000)), lr=1e-2
    )


def warm_up_after_a_pause():
    """The rate is 0 for the first 10 steps, as where a schedule begins late."""
    return scheduled(
        lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda n: min(1, max(0, n - 10) / 50))
    )


def cosine_restarts():
    """The rate reaches 0 at the end of each cycle, and the loss rises after a restart."""
    return scheduled(
        lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 50),
        lr=1e-2,
        batch=32,
    )


def one_cycle():
    return scheduled(
        lambda optimizer: lr_scheduler.OneCycleLR(optimizer, max_lr=2e-2, total_steps=301),
        batch=32,
    )


def decay_to_almost_nothing():
    """At the end the rate is a millionth of the first one, and the loss has long been low."""
    return scheduled(lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.955), lr=2e-2)


def linear_decay_to_zero():
    """The last step of the schedule has a rate of 0."""
    return scheduled(
        lambda optimizer: lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=200),
        steps=200,
        lr=1e-2,
    )


def reduced_on_plateaus():
    """The rate is reduced again and again while the loss stays at the noise of the labels."""
    x, _ = points(256)
    y = x[:, :1] + 0.5 * torch.randn(256, 1)
    model = nn.Linear(10, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=10, factor=0.1, min_lr=0)
    of_batch = regress(model, x, y)

    def loss(step):
        value = of_batch(step)
        schedule.step(value.item())
        return value

    return watched(model, loss, optimizer=optimizer, steps=400)


def several_groups():
    """One group has a rate of 0 for the first 100 steps, another is trained from the start."""
    x, y = points(256)
    model = mlp(activation=nn.GELU)
    groups = [
        {"params": model[:4].parameters(), "lr": 0.0},
        {"params": model[4].parameters(), "lr": 0.01},
    ]
    optimizer = torch.optim.Adam(groups)

    def unfreeze(run, step):
        if step == 99:
            optimizer.param_groups[0]["lr"] = 0.003

    return watched(model, classify(model, x, y), optimizer=optimizer, steps=300, after=unfreeze)


RUNS = (
    warm_up_and_cosine,
    warm_up_from_zero,
    long_warm_up,
    warm_up_after_a_pause,
    cosine_restarts,
    one_cycle,
    decay_to_almost_nothing,
    linear_decay_to_zero,
    reduced_on_plateaus,
    several_groups,
)
