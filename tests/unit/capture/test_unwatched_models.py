"""An unwatched model trains in the same loop: only the watched model is recorded."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch
from .truth import assert_agrees, record


class Towers(nn.Module):
    """Two networks, one of which is used at a time."""

    def __init__(self):
        super().__init__()
        self.a, self.b = Net(), Net()
        self.used = "a"

    def forward(self, x):
        return getattr(self, self.used)(x)


class Other:
    """An unwatched model whose losses differ clearly from those of the watched one."""

    def __init__(self):
        self.model = nn.Linear(4, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)

    def train(self, steps):
        for _ in range(steps):
            self.optimizer.zero_grad()
            (self.model(torch.ones(2, 4)).square().mean() + 50).backward()
            self.optimizer.step()


def take_pass(model, truth):
    x, y = batch()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    truth.add_loss(loss)
    return loss


def take_step(model, optimizer, truth, closure=None):
    truth.before_step(model, optimizer)
    optimizer.step(closure)
    truth.after_step(model)


def test_towers_used_in_turn_record_every_loss():
    def loop(model, truth):
        optimizer, other = torch.optim.SGD(model.parameters(), lr=0.05), Other()
        for number in range(120):
            model.used = "a" if number % 4 else "b"
            optimizer.zero_grad()
            other.train(3)
            take_pass(model, truth)
            other.train(1)
            take_step(model, optimizer, truth)

    assert_agrees(*record(loop, Towers), norms=False, ratios=False)


@pytest.mark.parametrize("passes", [1, 2])
def test_a_switch_to_another_tower_loses_no_loss(passes):
    def loop(model, truth):
        optimizer, other = torch.optim.SGD(model.parameters(), lr=0.05), Other()
        for number in range(120):
            model.used = "a" if number < 60 else "b"
            other.train(12)
            optimizer.zero_grad()
            for _ in range(passes):
                take_pass(model, truth)
            take_step(model, optimizer, truth)

    assert_agrees(*record(loop, Towers), norms=False, ratios=False)


def test_closures_that_accumulate_gradients_record_every_loss():
    def loop(model, truth):
        optimizer, other = torch.optim.SGD(model.parameters(), lr=0.01), Other()
        for number in range(100):
            other.train(12)
            if number % 2 == 0:
                optimizer.zero_grad()
            optimizer.step(lambda: take_pass(model, truth))
            truth.after_step(model)

    run, truth = record(loop)
    assert_agrees(run, truth, norms=False, ratios=False, rates=False)


@pytest.mark.parametrize("clears", [True, False])
def test_the_loss_of_a_skipped_step_is_dropped(clears):
    def loop(model, truth):
        optimizer, other = torch.optim.SGD(model.parameters(), lr=0.05), Other()
        for number in range(120):
            other.train(9)
            optimizer.zero_grad(set_to_none=clears)
            take_pass(model, truth)
            if number % 3 == 0:
                truth.drop_loss()
                continue
            take_step(model, optimizer, truth)

    assert_agrees(*record(loop), norms=False, ratios=False)


def test_gradients_set_by_hand_have_no_loss():
    torch.manual_seed(0)
    model, other = Net(), Other()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            other.train(1)
            parameters = list(model.parameters())
            gradients = torch.autograd.grad(F.cross_entropy(model(x), y), parameters)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
    assert run.steps == 150
    assert "loss" not in run.names()
    assert not [each for each in run.notices if "nothing is recorded" in each.text]


@pytest.mark.parametrize("others", [0, 1, 12])
def test_the_first_non_finite_loss_is_an_incident(others):
    torch.manual_seed(0)
    model, other = Net(), Other()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for step in range(1, 121):
            other.train(others)
            given = torch.where(torch.tensor(step == 100), torch.nan, x)
            optimizer.zero_grad()
            F.cross_entropy(model(given), y).backward()
            optimizer.step()
    assert (run.incident.kind, run.incident.step) == ("not finite", 100)


def test_larger_losses_of_an_unwatched_model_are_no_incident():
    torch.manual_seed(0)
    model, other = Net(), Other()
    with lk.watch(model, show=False) as run:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        x, y = batch()
        for _ in range(120):
            other.train(2)
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert run.incident is None
