"""Runs in the wrong mode, and runs whose inputs or data loading are at fault."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, regress, watched

from .sick_run import SickRun


def with_dropout(inputs=10):
    return nn.Sequential(nn.Linear(inputs, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 3))


def evaluation_mode_left_after_a_validation():
    x, y = points(512)
    model = with_dropout()
    optimizer = torch.optim.Adam(model.parameters())
    model.train()
    with lk.watch(model, show=False) as run:
        for _ in range(4):
            for rows in torch.randperm(512).split(8):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                model(x)
    return run


def batch_norm_left_in_evaluation_mode():
    x, y = points(256)
    model = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    model.train()
    with lk.watch(model, show=False) as run:
        for _ in range(6):
            for rows in torch.randperm(256).split(8):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                run.log(accuracy=(model(x).argmax(1) == y).float().mean())
    return run


def frozen_batch_norm_with_wrong_statistics():
    x, y = points(256)
    model = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3))
    model[1].running_mean.fill_(5.0)
    model[1].running_var.fill_(0.01)
    model.train()
    model[1].eval()
    return watched(model, classify(model, x, y), lr=1e-3)


def frozen_batch_norm_never_fitted():
    x = 5 + 4 * torch.randn(128, 3, 8, 8)
    y = (x[:, 0].mean((1, 2)) > 5).long()
    model = nn.Sequential(
        nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 2)
    )
    model.train()
    model[0].eval()
    return watched(model, classify(model, x, y), lr=1e-3)


def dropout_left_on_in_validation():
    x, y = points(256)
    model = with_dropout()

    def validate(run, step):
        if step % 40 == 39:
            with torch.inference_mode():
                run.log(val_loss=F.cross_entropy(model(x), y))

    return watched(model, classify(model, x, y), after=validate)


def pixels_of_a_byte():
    x = torch.randint(256, (64, 1, 8, 8)).float()
    y = (x.mean((1, 2, 3)) > 127).long()
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 2))
    return watched(model, classify(model, x, y), lr=1e-5)


def one_feature_in_other_units():
    x, _ = points(256)
    y = x[:, :1] + x[:, 1:2]
    x = x.clone()
    x[:, 2] = 5e3 * x[:, 2] + 2e4
    model = mlp(outputs=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    return watched(model, regress(model, x, y), optimizer=optimizer)


def features_of_very_different_size():
    x, y = points(256)
    x = x * torch.logspace(-4, 0, 10)
    model = mlp()
    return watched(model, classify(model, x, y), lr=0.01)


def slow_decoding_of_samples():
    class Decoded(Dataset):
        def __len__(self):
            return 480

        def __getitem__(self, index):
            noise = np.random.default_rng(index).normal(size=(96, 96))
            return torch.tensor(
                np.linalg.inv(noise)[:1, :10].ravel(), dtype=torch.float32
            ), index % 3

    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with lk.watch(model, show=False) as run:
        for x, y in DataLoader(Decoded(), batch_size=12):
            loss = F.cross_entropy(model(x.clamp(-1, 1)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


SICK = (
    SickRun(evaluation_mode_left_after_a_validation, "trained-in-evaluation-mode", by=128),
    SickRun(batch_norm_left_in_evaluation_mode, "trained-in-evaluation-mode", by=64),
    SickRun(
        frozen_batch_norm_with_wrong_statistics,
        "frozen-batch-norm",
        ("learning-rate-too-high", "exploding-gradients", "dead-units"),
    ),
    SickRun(frozen_batch_norm_never_fitted, "frozen-batch-norm"),
    SickRun(dropout_left_on_in_validation, "evaluated-in-training-mode"),
    SickRun(pixels_of_a_byte, "input-not-scaled"),
    SickRun(one_feature_in_other_units, "input-not-scaled", ("exploding-gradients",)),
    SickRun(features_of_very_different_size, "input-not-scaled"),
    SickRun(slow_decoding_of_samples, "slow-loading"),
)
