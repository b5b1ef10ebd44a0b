"""Plain training loops and small models for the tests of rules."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

STEPS = 200


def watched(model, loss_of, *, optimizer=None, lr=0.1, steps=STEPS, clear=True, after=None):
    """Train with a plain loop and return the run; `loss_of` takes the step."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=lr)
    with lk.watch(model, show=False) as run:
        for step in range(steps):
            loss = loss_of(step)
            if clear:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if after is not None:
                after(run, step)
    return run


def points(rows=64, features=10):
    """Return normally distributed samples and their labels, one of three classes."""
    x = torch.randn(rows, features)
    return x, x[:, :3].argmax(1)


def classify(model, x, y):
    """Return a function that computes the cross entropy of all samples."""
    return lambda step: F.cross_entropy(model(x), y)


def regress(model, x, y):
    """Return a function that computes the mean squared error of all samples."""
    return lambda step: F.mse_loss(model(x), y)


def mlp(outputs=3, activation=nn.ReLU, depth=2, width=32, inputs=10):
    """Return linear layers with an activation after each except the last."""
    layers = [nn.Linear(inputs, width), activation()]
    for _ in range(depth - 1):
        layers += [nn.Linear(width, width), activation()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


class Recurrent(nn.Module):
    """A recurrent layer and a linear layer on its last state."""

    def __init__(self, layer, inputs=1, hidden=16, outputs=2):
        super().__init__()
        self.recurrent = layer(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.head(self.recurrent(x)[0][:, -1])
