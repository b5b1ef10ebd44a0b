"""Accuracies that the chapters promise, for three seeds."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from labkit import learn


@pytest.mark.parametrize("seed", range(3))
def test_ten_epochs_of_784_128_64_10_read_95_percent(seed):
    data = learn.digits(side=28)
    mean, std = data.x_train.mean(), data.x_train.std()
    x, x_test = ((images - mean) / std for images in (data.x_train, data.x_test))
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
        nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for _ in range(10):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), data.y_train[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        right = (model(x_test).argmax(dim=1) == data.y_test).float().mean()
    assert right >= 0.95


@pytest.mark.parametrize("seed", range(3))
def test_08_twenty_epochs_of_a_small_cnn_read_97_percent(seed):
    data = learn.digits()
    x, y = data.x_train[:1078], data.y_train[:1078]  # the others are for validation
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(20):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        right = (model.eval()(data.x_test).argmax(dim=1) == data.y_test).float().mean()
    assert right >= 0.97
