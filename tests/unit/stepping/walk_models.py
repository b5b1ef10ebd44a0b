"""Small models of many kinds, and comparisons of their gradients."""

import torch
from torch import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 4))

    def forward(self, x):
        return (x @ self.weight).tanh() @ self.weight.T


class Recurrent(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell, self.head = cell(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        state = None
        for _ in range(3):
            state = self.cell(x, state)
        return self.head(state[0] if isinstance(state, tuple) else state)


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x):
        y = x * self.scale
        y[0] = 0.0
        return y.mul_(2)


def models():
    torch.manual_seed(0)
    image = nn.Sequential(
        nn.Unflatten(1, (1, 2, 2)),
        nn.Conv2d(1, 2, 2, padding=1),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )
    return {
        "mlp": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)),
        "cnn": image,
        "dropout": nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Softmax(-1)),
        "rnn": Recurrent(nn.RNNCell),
        "lstm": Recurrent(nn.LSTMCell),
        "gru": Recurrent(nn.GRUCell),
        "tied": Tied(),
        "in place": InPlace(),
        "layer norm": nn.Sequential(nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 1)),
    }


def inputs():
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(1))


def gradients(model):
    return [None if p.grad is None else p.grad.clone() for p in model.parameters()]


def same(some, others):
    return all(
        (a is None and b is None) or torch.equal(a, b) for a, b in zip(some, others, strict=True)
    )
