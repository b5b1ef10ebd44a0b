"""Runs whose loss does not fit the output of the model or the targets."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import mlp, points, watched

from .sick_run import SickRun


def binary(rows=64):
    x, _ = points(rows)
    return x, (x[:, :1] > 0).float()


def sigmoid_clamped_before_logits_loss():
    x, y = binary()
    model = mlp(outputs=1)

    def loss(step):
        probability = torch.sigmoid(model(x)).clamp(1e-4, 1 - 1e-4)
        return F.binary_cross_entropy_with_logits(probability, y)

    return watched(model, loss)


def softmax_reshaped_before_cross_entropy():
    x, y = points()
    model = mlp()
    return watched(
        model, lambda step: F.cross_entropy(model(x).softmax(1).reshape(8, 8, 3).flatten(0, 1), y)
    )


def softmax_and_dropout_before_cross_entropy():
    x, y = points()
    model = nn.Sequential(mlp(), nn.Softmax(dim=1), nn.Dropout(0.1))
    return watched(model, lambda step: F.cross_entropy(model(x), y))


def softmax_before_nll():
    x, y = points()
    model = mlp()
    return watched(model, lambda step: F.nll_loss(model(x).softmax(1), y))


def sigmoid_before_cross_entropy():
    x, y = points()
    model = nn.Sequential(mlp(), nn.Sigmoid())
    return watched(model, lambda step: F.cross_entropy(model(x), y))


def softmax_of_one_output():
    x, y = binary()
    model = nn.Sequential(mlp(outputs=1), nn.Softmax(dim=1))
    return watched(model, lambda step: F.binary_cross_entropy(model(x), y))


def softmax_over_the_batch():
    x, y = points()
    model = mlp()
    return watched(model, lambda step: F.nll_loss(F.log_softmax(model(x), dim=0), y))


def softmax_module_over_the_batch():
    x, y = points()
    model = nn.Sequential(mlp(), nn.Softmax(dim=0))
    return watched(model, lambda step: F.nll_loss(torch.log(model(x) + 1e-8), y))


def squared_error_of_a_column_and_a_row():
    x, _ = points()
    y = x[:, 0] - x[:, 1]
    model = mlp(outputs=1)
    return watched(model, lambda step: (model(x) - y).pow(2).mean(), lr=0.01)


def absolute_error_of_a_row_and_a_column():
    x, _ = points()
    y = (x[:, :1] - x[:, 1:2]).abs()
    model = mlp(outputs=1)
    return watched(model, lambda step: (y - model(x).squeeze(1)).abs().mean(), lr=0.01)


def relu_before_negative_targets():
    x, _ = points()
    y = x[:, :1] - x[:, 1:2]
    model = nn.Sequential(mlp(outputs=1), nn.ReLU())
    return watched(model, lambda step: F.mse_loss(model(x), y), lr=0.05)


def tanh_before_large_targets():
    x, _ = points()
    y = 20 + 5 * x[:, :1]
    model = nn.Sequential(mlp(outputs=1), nn.Tanh())
    return watched(model, lambda step: F.smooth_l1_loss(model(x), y), lr=0.05)


def sigmoid_before_large_targets():
    x, _ = points()
    y = 3 * x[:, :1]
    model = mlp(outputs=1)
    return watched(model, lambda step: (torch.sigmoid(model(x)) - y).square().mean(), lr=0.05)


def sum_of_squares_instead_of_mean():
    x, _ = points(256)
    model = mlp(outputs=1)
    return watched(model, lambda step: (model(x) - 3 * x[:, :1]).pow(2).sum(), lr=0.02)


SICK = (
    SickRun(sigmoid_clamped_before_logits_loss, "softmax-before-loss"),
    SickRun(softmax_reshaped_before_cross_entropy, "softmax-before-loss"),
    SickRun(softmax_and_dropout_before_cross_entropy, "softmax-before-loss"),
    SickRun(softmax_before_nll, "softmax-before-loss"),
    SickRun(sigmoid_before_cross_entropy, "softmax-before-loss"),
    SickRun(softmax_of_one_output, "softmax-dimension", ("no-change",)),
    SickRun(softmax_over_the_batch, "softmax-dimension", ("plateau",)),
    SickRun(softmax_module_over_the_batch, "softmax-dimension", ("plateau",)),
    SickRun(squared_error_of_a_column_and_a_row, "loss-broadcasts", ("plateau",)),
    SickRun(absolute_error_of_a_row_and_a_column, "loss-broadcasts", ("plateau",)),
    SickRun(relu_before_negative_targets, "targets-out-of-reach", ("plateau", "dead-units")),
    SickRun(tanh_before_large_targets, "targets-out-of-reach", ("plateau", "saturated-units")),
    SickRun(sigmoid_before_large_targets, "targets-out-of-reach", ("plateau", "saturated-units")),
    SickRun(
        sum_of_squares_instead_of_mean,
        "learning-rate-too-high",
        ("exploding-gradients", "loss-not-finite", "dead-units"),
    ),
)
