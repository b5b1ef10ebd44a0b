"""Runs whose steps, schedules, weights or numbers are at fault, in forms that users write."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import Recurrent, classify, mlp, points, regress, watched

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


def constant_weights_in_a_hidden_layer():
    model = mlp(depth=3)
    nn.init.constant_(model[2].weight, 0.1)
    nn.init.constant_(model[0].weight, 0.1)
    nn.init.constant_(model[4].weight, 0.1)
    nn.init.zeros_(model[0].bias)
    nn.init.zeros_(model[2].bias)
    nn.init.zeros_(model[4].bias)
    nn.init.constant_(model[6].weight, 0.1)
    return watched(model, classify(model, *points(256)))


def convolution_of_ones():
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 2)
    )
    nn.init.ones_(model[0].weight)
    nn.init.zeros_(model[0].bias)
    nn.init.zeros_(model[4].weight)
    x = torch.randn(64, 1, 8, 8)
    return watched(model, classify(model, x, (x.mean((1, 2, 3)) > 0).long()), steps=120)


def biases_far_below_zero():
    model = mlp(depth=3)
    nn.init.constant_(model[2].bias, -20.0)
    return watched(model, classify(model, *points(256)))


def sigmoids_of_hundreds():
    model = nn.Sequential(nn.Linear(10, 32), nn.Sigmoid(), nn.Linear(32, 3))
    with torch.no_grad():
        model[0].weight.mul_(300)
    return watched(model, classify(model, *points(256)), lr=0.01)


def twelve_layers_of_sigmoids_for_a_regression():
    model = mlp(outputs=1, activation=nn.Sigmoid, depth=12)
    x, _ = points(256)
    return watched(model, regress(model, x, x[:, :1]), optimizer=adam(model, 1e-4))


def deep_convolutions_with_tiny_weights():
    layers = []
    for i in range(10):
        layers += [nn.Conv2d(1 if not i else 4, 4, 3, padding=1), nn.Tanh()]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(144, 2))
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=0.02)
    x = torch.randn(32, 1, 6, 6)
    return watched(model, classify(model, x, (x.mean((1, 2, 3)) > 0).long()), lr=0.01, steps=80)


def first_token_of_a_long_sequence():
    x = torch.randn(8, 80, 1)
    model = Recurrent(nn.RNN, hidden=8)
    return watched(
        model, classify(model, x, (x[:, 0, 0] > 0).long()), optimizer=adam(model, 1e-4), steps=130
    )


def residual_branches_that_double():
    """Without normalisation each block multiplies its input by about three."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(16, 16)
            nn.init.normal_(self.inner.weight, std=0.75)

        def forward(self, x):
            return x + self.inner(x)

    model = nn.Sequential(nn.Linear(10, 16), *[Block() for _ in range(16)], nn.Linear(16, 1))
    x, _ = points(64)
    return watched(model, regress(model, x, x[:, :1]), optimizer=adam(model, 1e-6), steps=80)


def mask_without_a_single_place():
    """A sequence of padding only: the softmax of its attention is that of minus infinity."""
    model = nn.ModuleDict({"query": nn.Linear(4, 8), "head": nn.Linear(4, 2)})
    x = torch.randn(32, 6, 4)
    y = (x[:, 0, 0] > 0).long()

    def loss(step):
        lengths = torch.randint(1, 7, (32,))
        if step == 50:
            lengths[4] = 0
        hidden = torch.arange(6)[None] >= lengths[:, None]
        scores = model["query"](x).sum(2).masked_fill(hidden, float("-inf"))
        return F.cross_entropy(model["head"]((scores.softmax(1)[..., None] * x).sum(1)), y)

    return watched(model, loss, optimizer=adam(model), steps=80)


def logarithm_of_a_sigmoid():
    model = mlp(outputs=1)
    x, _ = points(128)
    y = (x[:, :1] > 0).float()

    def loss(step):
        p = (model(x) * (1 + 3 * step)).sigmoid()
        return -(y * p.log() + (1 - y) * (1 - p).log()).mean()

    return watched(model, loss, optimizer=adam(model), steps=150)


def perplexity_as_the_loss():
    """The exponential of a cross entropy, with outputs that are scaled by a temperature near 0."""
    model = mlp()
    x, y = points(128)

    def loss(step):
        return F.cross_entropy(model(x) / (1e-5 if step > 40 else 1.0), y).exp()

    return watched(model, loss, optimizer=adam(model, 1e-3), steps=100)


def half_precision_without_a_scaler():
    """float16 throughout: the squares overflow at 65504."""
    model = mlp(outputs=1).half()
    x = torch.randn(64, 10)
    y = 100 * x[:, :1]

    def loss(step):
        return (10 * (model(x.half()) - y.half())).pow(2).mean()

    return watched(model, loss, optimizer=torch.optim.SGD(model.parameters(), 1e-3), steps=80)


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
    SickRun(constant_weights_in_a_hidden_layer, "equal-units"),
    SickRun(convolution_of_ones, "equal-units"),
    SickRun(biases_far_below_zero, "dead-units", ("vanishing-gradients", "one-class", "plateau")),
    SickRun(sigmoids_of_hundreds, "saturated-units"),
    SickRun(twelve_layers_of_sigmoids_for_a_regression, "vanishing-gradients"),
    SickRun(deep_convolutions_with_tiny_weights, "vanishing-gradients"),
    SickRun(first_token_of_a_long_sequence, "vanishing-in-time"),
    SickRun(residual_branches_that_double, "exploding-gradients", ("learning-rate-too-high",)),
    SickRun(mask_without_a_single_place, "loss-not-finite"),
    SickRun(
        logarithm_of_a_sigmoid, "loss-not-finite", ("exploding-gradients", "learning-rate-too-high")
    ),
    SickRun(
        perplexity_as_the_loss,
        "loss-not-finite",
        ("learning-rate-too-high", "exploding-gradients"),
    ),
    SickRun(half_precision_without_a_scaler, "loss-not-finite"),
    SickRun(group_whose_rate_decays_at_once, "weights-not-moving"),
)
