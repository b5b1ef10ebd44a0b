"""Runs whose weights, layers or numbers are at fault, in forms that users write."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import Recurrent, classify, mlp, points, regress, watched

from .sick_run import SickRun


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


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


SICK = (
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
)
