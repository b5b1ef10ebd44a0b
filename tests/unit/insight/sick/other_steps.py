"""Runs whose steps or schedules are at fault, in forms that users write."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import Recurrent, classify, mlp, points, watched

from .sick_run import SickRun

DIVERGED = ("loss-not-finite", "exploding-gradients", "dead-units", "saturated-units")


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def cosine_with_too_short_a_period():
    """T_max is the number of epochs, the schedule is stepped per batch: the rate swings."""
    model = mlp()
    x, y = points(512)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=5)
    with lk.watch(model, show=False) as run:
        for _ in range(12):
            for rows in torch.randperm(512).split(32):
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
                schedule.step()
    return run


def reduced_on_every_batch():
    """ReduceLROnPlateau gets the noisy loss of each batch, with a patience of one."""
    model = mlp()
    x, y = points(512)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=1, eps=0)
    with lk.watch(model, show=False) as run:
        for _ in range(12):
            for rows in torch.randperm(512).split(32):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                schedule.step(loss.item())
    return run


def polynomial_decay_over_epochs():
    """The decay ends after 20 batches, at 0."""
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=20, power=2)
    return watched(
        model,
        classify(model, *points(256)),
        optimizer=optimizer,
        after=lambda run, step: schedule.step(),
    )


def warm_up_to_far_too_much():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=30.0, momentum=0.9)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 0.001, total_iters=60)
    return watched(
        model,
        classify(model, *points(256)),
        optimizer=optimizer,
        after=lambda run, step: schedule.step(),
    )


def warm_up_to_far_too_little():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-7)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=20)
    return watched(
        model,
        classify(model, *points(256)),
        optimizer=optimizer,
        after=lambda run, step: schedule.step(),
    )


def rate_of_two_for_a_recurrent_layer():
    x = torch.randn(64, 10, 2)
    model = Recurrent(nn.LSTM, inputs=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=2.0)
    return watched(
        model, classify(model, x, (x[:, 0, 0] > 0).long()), optimizer=optimizer, steps=150
    )


def sum_over_many_samples_with_a_usual_rate():
    model = mlp(outputs=1)
    x, _ = points(1024)
    return watched(
        model, lambda step: F.mse_loss(model(x), x[:, :1], reduction="sum"), lr=0.05, steps=100
    )


def climbing_instead_of_descending():
    """A likelihood is minimised instead of its negative."""
    model = mlp(outputs=1)
    x, _ = points(256)

    def loss(step):
        return -F.mse_loss(model(x), x[:, :1])

    return watched(model, loss, optimizer=adam(model, 1e-2))


def rate_zero_by_integer_division():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step // 1000)
    return watched(
        model,
        classify(model, *points(256)),
        optimizer=optimizer,
        after=lambda run, step: schedule.step(),
    )


def gradients_times_zero():
    """A hook scales every gradient by a weight that is 0."""
    model = mlp()
    for p in model.parameters():
        p.register_hook(lambda gradient: 0 * gradient)
    return watched(model, classify(model, *points(256)))


def decay_of_a_tenth_with_a_rate_of_one():
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=30.0)
    return watched(model, classify(model, *points(256)), optimizer=optimizer)


def clipped_to_a_thousandth_with_momentum():
    x, y = points(256)
    model = mlp(activation=nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
            for p in model.parameters():
                p.grad.mul_(1e-5 / norm)
            optimizer.step()
    return run


def group_whose_rate_decays_at_once():
    """Two groups: LambdaLR has a factor of 0 for the second one."""
    model = mlp()
    optimizer = torch.optim.Adam(
        [{"params": model[0].parameters()}, {"params": model[2:].parameters()}], lr=1e-3
    )
    torch.optim.lr_scheduler.LambdaLR(optimizer, [lambda step: 0.0, lambda step: 1.0])
    return watched(model, classify(model, *points(256)), optimizer=optimizer)


SICK = (
    SickRun(cosine_with_too_short_a_period, "rate-decayed"),
    SickRun(
        reduced_on_every_batch,
        "rate-decayed",
        ("learning-rate-too-low", "plateau", "one-class", "no-change", "weights-not-moving"),
    ),
    SickRun(polynomial_decay_over_epochs, "rate-decayed", ("no-change",)),
    SickRun(warm_up_to_far_too_much, "learning-rate-too-high", DIVERGED),
    SickRun(warm_up_to_far_too_little, "learning-rate-too-low"),
    SickRun(rate_of_two_for_a_recurrent_layer, "learning-rate-too-high", DIVERGED),
    SickRun(sum_over_many_samples_with_a_usual_rate, "learning-rate-too-high", DIVERGED),
    SickRun(
        climbing_instead_of_descending,
        None,
        reason="The loss falls as asked; its sign is the fault.",
    ),
    SickRun(rate_zero_by_integer_division, "no-change"),
    SickRun(gradients_times_zero, "no-change", ("plateau",)),
    SickRun(decay_of_a_tenth_with_a_rate_of_one, "weight-decay-too-strong"),
    SickRun(
        clipped_to_a_thousandth_with_momentum, "learning-rate-too-low", ("clipped-to-nothing",)
    ),
    SickRun(group_whose_rate_decays_at_once, "weights-not-moving"),
)
