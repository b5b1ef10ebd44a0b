"""Runs whose weights or depth keep values or gradients from going through the layers."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import Recurrent, classify, mlp, points, regress, watched

from .sick_run import SickRun


def all_weights_zero():
    model = mlp()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return watched(model, classify(model, *points(256)))


def all_weights_equal():
    model = mlp(activation=nn.Tanh)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.weight, 0.1)
            nn.init.zeros_(layer.bias)
    return watched(model, classify(model, *points(256)))


def weights_that_saturate_tanh():
    model = mlp(activation=nn.Tanh, depth=3)
    for layer in (model[2], model[4]):
        nn.init.normal_(layer.weight, std=5.0)
    return watched(model, classify(model, *points(256)), lr=1e-4)


def large_step_that_kills_relu():
    x = torch.rand(256, 10)
    model = mlp(outputs=1, depth=1)
    nn.init.uniform_(model[2].weight, 0.1, 0.3)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def after(run, step):
        optimizer.param_groups[0]["lr"] = 5.0 if step == 20 else 1e-3

    return watched(model, regress(model, x, x[:, :1] - 3), optimizer=optimizer, after=after)


def convolution_without_a_living_channel():
    x = torch.randn(64, 1, 8, 8)
    y = (x[:, 0, 3, 3] > 0).long()
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(128, 2),
    )  # fmt: skip
    nn.init.constant_(model[0].bias, -20.0)
    return watched(model, classify(model, x, y))


class Reader(nn.Module):
    """Encoder layers without a residual path."""

    def __init__(self, depth=8, width=16):
        super().__init__()
        self.embedding = nn.Embedding(12, width)
        self.layers = nn.ModuleList()
        for _ in range(depth):
            attention = nn.MultiheadAttention(width, 2, batch_first=True)
            nn.init.normal_(attention.in_proj_weight, std=0.02)
            nn.init.normal_(attention.out_proj.weight, std=0.02)
            self.layers.append(attention)
        self.head = nn.Linear(width, 12)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, x, x, need_weights=False)[0]
        return self.head(x).transpose(1, 2)


def transformer_whose_first_layers_get_nothing():
    tokens = torch.randint(12, (32, 8))
    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    return watched(
        model, lambda step: F.cross_entropy(model(tokens), tokens.flip(1)), optimizer=optimizer
    )


def deep_tanh_with_small_weights():
    model = mlp(outputs=1, activation=nn.Tanh, depth=10)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
    x, _ = points(256)
    return watched(model, regress(model, x, x[:, :1]), lr=0.01)


def long_sequences_in_a_plain_rnn():
    x = torch.randn(32, 80, 2)
    y = (x[:, 0].sum(1) > 0).long()
    model = Recurrent(nn.RNN, inputs=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=150)


def forget_gate_shut():
    x = torch.randn(32, 60, 1)
    model = Recurrent(nn.LSTM)
    nn.init.constant_(model.recurrent.bias_hh_l0[16:32], -3.0)
    return watched(model, classify(model, x, (x[:, 0, 0] > 0).long()), lr=0.01, steps=150)


def gradients_that_grow_through_depth():
    model = mlp(outputs=1, depth=12, activation=nn.LeakyReLU)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.8)
    x, _ = points(256)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    return watched(model, regress(model, x, x[:, :1] + x[:, 1:2]), optimizer=optimizer)


def recurrent_weights_that_explode():
    x = torch.randn(32, 40, 1)
    model = Recurrent(lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k), outputs=1)
    nn.init.normal_(model.recurrent.weight_hh_l0, std=0.8)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    with lk.watch(model, show=False) as run:
        for _ in range(100):
            loss = F.mse_loss(model(x), x[:, -1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


SICK = (
    SickRun(all_weights_zero, "equal-units", ("plateau", "dead-units", "one-class")),
    SickRun(all_weights_equal, "equal-units", ("plateau", "one-class")),
    SickRun(weights_that_saturate_tanh, "saturated-units", ("learning-rate-too-low",)),
    SickRun(
        large_step_that_kills_relu,
        "dead-units",
        ("learning-rate-too-high", "loss-not-finite", "exploding-gradients"),
    ),
    SickRun(convolution_without_a_living_channel, "dead-units"),
    SickRun(transformer_whose_first_layers_get_nothing, "vanishing-gradients"),
    SickRun(deep_tanh_with_small_weights, "vanishing-gradients"),
    SickRun(long_sequences_in_a_plain_rnn, "vanishing-in-time"),
    SickRun(forget_gate_shut, "vanishing-in-time"),
    SickRun(gradients_that_grow_through_depth, "exploding-gradients"),
    SickRun(
        recurrent_weights_that_explode,
        "exploding-gradients",
        ("loss-not-finite", "learning-rate-too-high"),
    ),
)
