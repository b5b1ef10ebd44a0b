"""Optimizers of other libraries, with a torch optimizer that stands in for them."""

import pytest
import torch

import labkit as lk
from labkit.capture.stand_in import StandInOptimizer

from .models import Net, batch
from .truth import Truth, assert_agrees, record


class Foreign:
    """Gradient descent with a rate for each group, unknown to torch."""

    def __init__(self, groups, rates):
        self.groups, self.rates = [list(each) for each in groups], list(rates)
        self.used = []

    def update(self):
        self.used.append(list(self.rates))
        with torch.no_grad():
            for group, rate in zip(self.groups, self.rates, strict=True):
                for parameter in group:
                    parameter.sub_(rate * parameter.grad)
        return len(self.used)

    def stand_in(self, *, writes=True):
        write = self.rates.__setitem__ if writes else None
        return StandInOptimizer(self.groups, lambda: self.rates, write)


def foreign_for(model, rates=(0.1, 0.05)):
    return Foreign([model.fc1.parameters(), model.fc2.parameters()], rates)


def train(model, optimizer, truth=None, *, steps=8, at_step=None):
    x, y = batch(16)
    stand_in = optimizer.stand_in()
    for step in range(steps):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        model.zero_grad()
        loss.backward()
        optimizer.rates[0] *= 0.9
        if truth is not None:
            truth.add_loss(loss)
            truth.before_step(
                model, StandInOptimizer(optimizer.groups, lambda: optimizer.rates, None)
            )
        assert stand_in.around(optimizer.update) == len(optimizer.used)
        if truth is not None:
            truth.after_step(model)
        if at_step is not None:
            at_step(step)


def test_the_steps_have_all_values():
    run, truth = record(lambda model, truth: train(model, foreign_for(model), truth))
    assert isinstance(truth, Truth)
    assert_agrees(run, truth)


def test_a_changed_rate_is_in_the_other_optimizer_during_its_steps_only():
    model = Net()
    optimizer = foreign_for(model)
    seen = []

    def change(step):
        seen.append(optimizer.rates[1])
        if step == 1:
            run.adjust("1", lr=0.5, schedule="hold")

    with lk.watch(model, show=False) as run:
        train(model, optimizer, steps=4, at_step=change)
    assert seen == [0.05] * 4
    assert [used[1] for used in optimizer.used] == [0.05, 0.05, 0.5, 0.5]
    assert run.series("lr/1")[1] == pytest.approx([0.05, 0.05, 0.5, 0.5])


def test_a_rate_that_cannot_be_written_is_not_changed():
    model = Net()
    optimizer = foreign_for(model)
    stand_in = optimizer.stand_in(writes=False)
    with lk.watch(model, show=False) as run:
        x, y = batch(16)
        torch.nn.functional.cross_entropy(model(x), y).backward()
        stand_in.around(optimizer.update)
        with pytest.raises(RuntimeError, match="schedule of its own library"):
            run.adjust("0", lr=0.5)


def test_an_error_of_the_other_optimizer_is_raised_and_its_rates_are_put_back():
    model = Net()
    optimizer = foreign_for(model)
    stand_in = optimizer.stand_in()

    def fail():
        raise ArithmeticError("of the user")

    with lk.watch(model, show=False) as run:
        train(model, optimizer, steps=2)
        rates = list(optimizer.rates)
        with pytest.raises(ArithmeticError, match="of the user"):
            stand_in.around(fail)
    assert (optimizer.rates, run.steps) == (rates, 2)


def test_rates_that_cannot_be_read_do_not_prevent_a_step():
    model = Net()
    optimizer = foreign_for(model)
    stand_in = optimizer.stand_in()
    model(batch(4)[0]).sum().backward()

    def broken():
        raise RuntimeError("no rates")

    stand_in._read_rates = broken
    assert stand_in.around(optimizer.update) == 1
