"""Runs whose labels do not belong to the inputs, or are learned by heart."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, regress, watched

from .sick_run import SickRun


def labels_shuffled_apart():
    x, y = points(2048)
    y = y[torch.randperm(2048)]
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def loss(step):
        rows = torch.arange(64 * step, 64 * step + 64) % 2048
        return F.cross_entropy(model(x[rows]), y[rows])

    return watched(model, loss, optimizer=optimizer)


def targets_shifted_by_one():
    x = torch.randn(2048, 4)
    y = (x[:, :1] - 2 * x[:, 1:2]).roll(1, 0)
    model = mlp(outputs=1, inputs=4)

    def loss(step):
        rows = torch.randint(2048, (64,))
        return F.mse_loss(model(x[rows]), y[rows])

    return watched(model, loss, lr=0.02)


def tokens_that_predict_themselves():
    """The targets of a language model are not shifted: each token predicts itself."""
    tokens = torch.randint(16, (64, 12))
    model = nn.Sequential(nn.Embedding(16, 16), nn.Linear(16, 16))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return watched(
        model,
        lambda step: F.cross_entropy(model(tokens).transpose(1, 2), tokens),
        optimizer=optimizer,
    )


def rare_class_never_predicted():
    x = torch.randn(512, 10)
    y = (torch.rand(512) < 0.08).long()
    model = mlp(outputs=2, activation=nn.Tanh)
    return watched(model, classify(model, 0.1 * x, y), lr=0.05)


def rare_positive_never_predicted():
    x = torch.randn(512, 10)
    y = (torch.rand(512, 1) < 0.1).float()
    model = mlp(outputs=1, activation=nn.Tanh)
    return watched(
        model, lambda step: F.binary_cross_entropy_with_logits(model(0.1 * x), y), lr=0.05
    )


def one_class_of_five():
    x = torch.randn(256, 10)
    y = torch.cat([torch.zeros(128), torch.randint(5, (128,))]).long()[torch.randperm(256)]
    model = mlp(outputs=5)
    return watched(model, classify(model, 0.1 * x, y), lr=0.05)


def validation_before_the_first_step():
    x, y = torch.randn(24, 8), torch.randint(0, 4, (24,))
    held_x, held_y = torch.randn(200, 8), torch.randint(0, 4, (200,))
    model = mlp(outputs=4, width=256, depth=1, inputs=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    with lk.watch(model, show=False) as run:
        for step in range(200):
            if step % 20 == 0:
                run.log(val_loss=F.cross_entropy(model(held_x), held_y).item())
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def accuracy_that_falls():
    x, y = points(24, 30)
    held_x, held_y = points(400, 30)
    y[::3] = torch.randint(3, (8,))
    model = mlp(width=128, inputs=30, depth=3)

    def validate(run, step):
        if step % 10 == 9:
            with torch.no_grad():
                run.log(valid_nll=F.cross_entropy(model(held_x), held_y))

    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    return watched(model, classify(model, x, y), optimizer=optimizer, after=validate)


def labels_from_one():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())
    run = lk.watch(model, show=False)
    with pytest.raises((IndexError, RuntimeError)), run:
        for _ in range(20):
            loss = nn.NLLLoss()(model(x).log_softmax(1), y + 1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def labels_of_minus_one_and_one():
    x, _ = points(256)
    y = x[:, :1].sign()
    model = mlp(outputs=1)
    return watched(model, lambda step: F.binary_cross_entropy_with_logits(model(x), y))


def noise_as_targets():
    x, _ = points(1024)
    model = mlp(outputs=2)

    def loss(step):
        return F.mse_loss(model(x[:128]), torch.randn(128, 2))

    return watched(model, loss, lr=0.01)


def wrong_columns_as_targets():
    x = torch.randn(2048, 6)
    y = torch.randn(2048, 1)  # of other samples than x
    model = mlp(outputs=1, inputs=6)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    return watched(model, regress(model, x, y), optimizer=optimizer, steps=180)


SICK = (
    SickRun(labels_shuffled_apart, "plateau", ("one-class",)),
    SickRun(
        targets_shifted_by_one,
        "plateau",
        reason="Found at some seeds only: the noise of the batches looks like a fall.",
    ),
    SickRun(
        tokens_that_predict_themselves,
        None,
        reason="The loss falls as it should; the fault is what the loss means.",
    ),
    SickRun(rare_class_never_predicted, "one-class", ("plateau",)),
    SickRun(rare_positive_never_predicted, "one-class", ("plateau",)),
    SickRun(one_class_of_five, "one-class", ("plateau",)),
    SickRun(validation_before_the_first_step, "overfitting"),
    SickRun(accuracy_that_falls, "overfitting"),
    SickRun(labels_from_one, "labels-out-of-range"),
    SickRun(labels_of_minus_one_and_one, "labels-out-of-range", ("loss-not-finite",)),
    SickRun(noise_as_targets, "plateau"),
    SickRun(
        wrong_columns_as_targets,
        "plateau",
        reason="It learns the targets by heart, slowly: the loss falls.",
    ),
)
