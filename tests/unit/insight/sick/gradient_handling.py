"""Runs that clear, cut, lose or never use their gradients."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, watched

from .sick_run import SickRun

STEPS = 200


def second_of_two_optimizers_never_cleared():
    x, y = points()
    model = mlp()
    first = torch.optim.SGD(model[0].parameters(), lr=0.05)
    second = torch.optim.SGD([*model[2].parameters(), *model[4].parameters()], lr=1e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(STEPS):
            loss = F.cross_entropy(model(x), y)
            first.zero_grad()
            loss.backward()
            first.step()
            second.step()
    return run


def cleared_once_per_epoch():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=2e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(8):
            optimizer.zero_grad()
            for rows in torch.randperm(256).split(10):
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
    return run


def optimizer_of_a_copy():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.SGD(copy.deepcopy(model).parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(STEPS):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def accumulation_that_never_steps():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for step in range(STEPS):
            (F.cross_entropy(model(x), y) / 4).backward()
            if step % 4 == 4:
                optimizer.step()
                optimizer.zero_grad()
    return run


def cleared_between_backward_and_step():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(STEPS):
            F.cross_entropy(model(x), y).backward()
            optimizer.zero_grad()
            optimizer.step()
    return run


def zeroed_between_backward_and_step():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        for _ in range(STEPS):
            F.cross_entropy(model(x), y).backward()
            optimizer.zero_grad(set_to_none=False)
            optimizer.step()
    return run


class CutInTheMiddle(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = mlp(outputs=16)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.encoder(x).detach().relu())


def detached_in_the_middle():
    model = CutInTheMiddle()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return watched(model, classify(model, *points()), optimizer=optimizer)


class ThroughNumpy(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Linear(10, 10)
        self.head = nn.Linear(10, 3)

    def forward(self, x):
        return self.head(torch.tensor(self.scale(x).tolist()))


def values_through_a_list():
    model = ThroughNumpy()
    return watched(model, classify(model, *points(16)))


class MadeAnew(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(10, 32)
        self.head = nn.Linear(32, 3)

    def forward(self, x):
        hidden = nn.Linear(32, 32)(self.inner(x).relu())
        return self.head(hidden.relu())


def layer_made_in_forward():
    model = MadeAnew()
    return watched(model, classify(model, *points()))


class InAList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(10, 32), nn.Linear(32, 32)]
        self.head = nn.Linear(32, 3)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return self.head(x)


def layers_in_a_plain_list():
    model = InAList()
    return watched(model, classify(model, *points()))


def head_replaced_after_the_optimizer():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    model[4] = nn.Linear(32, 3)
    return watched(model, classify(model, *points()), optimizer=optimizer)


def group_without_a_rate():
    model = mlp()
    optimizer = torch.optim.Adam(
        [
            {"params": model[0].parameters(), "lr": 0.0},
            {"params": [*model[2].parameters(), *model[4].parameters()], "lr": 0.01},
        ]
    )
    return watched(model, classify(model, *points()), optimizer=optimizer)


def steps_lost_in_half_precision():
    x, y = points()
    model = mlp().to(torch.bfloat16)
    nn.init.uniform_(model[0].weight, 1.0, 1.5)
    optimizer = torch.optim.SGD(
        [{"params": model[0].parameters(), "lr": 1e-4}, {"params": model[2:].parameters()}], lr=0.1
    )
    return watched(
        model, lambda step: F.cross_entropy(model(x.bfloat16()).float(), y), optimizer=optimizer
    )


SICK = (
    SickRun(second_of_two_optimizers_never_cleared, "gradients-not-cleared"),
    SickRun(cleared_once_per_epoch, "gradients-not-cleared"),
    SickRun(optimizer_of_a_copy, "no-step"),
    SickRun(accumulation_that_never_steps, "no-step"),
    SickRun(cleared_between_backward_and_step, "no-gradient", ("no-change",)),
    SickRun(zeroed_between_backward_and_step, "no-change", ("no-gradient",)),
    SickRun(detached_in_the_middle, "no-gradient"),
    SickRun(values_through_a_list, "no-gradient"),
    SickRun(layer_made_in_forward, "not-registered"),
    SickRun(layers_in_a_plain_list, "not-registered"),
    SickRun(head_replaced_after_the_optimizer, "not-in-optimizer"),
    SickRun(group_without_a_rate, "weights-not-moving"),
    SickRun(steps_lost_in_half_precision, "weights-not-moving"),
)
