"""Hooks and modes of the user's own: what they do lies outside of the step that is recorded."""

import gc

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import labkit as lk

from .models import Net, batch
from .truth import assert_agrees, record


def take_pass(model, truth):
    x, y = batch()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    truth.loss(loss)


def test_a_scheduler_that_steps_in_a_hook_after_the_step():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
        optimizer.register_step_post_hook(lambda *_: scheduler.step())
        for _ in range(80):
            optimizer.zero_grad()
            take_pass(model, truth)
            truth.used(model, optimizer)
            optimizer.step()
            truth.stepped(model)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("registered_at", [0, 40])
def test_gradients_that_are_clipped_in_a_hook_before_the_step(registered_at):
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

        def clip(*_):
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            truth.used(model, optimizer)

        for number in range(80):
            if number == registered_at:
                optimizer.register_step_pre_hook(clip)
            optimizer.zero_grad()
            take_pass(model, truth)
            truth.unclipped(model)
            if number < registered_at:
                truth.used(model, optimizer)
            optimizer.step()
            truth.stepped(model)

    assert_agrees(*record(loop))


def test_the_next_pass_in_a_hook_after_the_step():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

        def begin_next(*_):
            truth.stepped(model)
            with torch.enable_grad():
                optimizer.zero_grad()
                take_pass(model, truth)

        handle = optimizer.register_step_post_hook(begin_next)
        take_pass(model, truth)
        for _ in range(80):
            truth.used(model, optimizer)
            optimizer.step()
        handle.remove()
        truth.drop_loss()

    assert_agrees(*record(loop), norms=False, ratios=False)


def test_nothing_is_left_on_an_optimizer_that_has_hooks():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))

    def registered():
        return dict(optimizer._optimizer_step_pre_hooks), dict(optimizer._optimizer_step_post_hooks)

    before = registered()
    with lk.watch(model, show=False):
        for _ in range(3):
            F.cross_entropy(model(batch()[0]), batch()[1]).backward()
            optimizer.step()
    assert registered() == before
    assert calls == ["after"] * 3
    gc.collect()


def test_a_loop_that_clears_all_hooks_of_its_optimizer_goes_on():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for number in range(60):
            if number == 20:
                optimizer.register_step_post_hook(lambda *_: None)
            if number == 40:
                optimizer._optimizer_step_pre_hooks.clear()
            optimizer.zero_grad()
            take_pass(model, truth)
            truth.used(model, optimizer)
            optimizer.step()
            truth.stepped(model)

    assert_agrees(*record(loop))


class UnspeakableError(Exception):
    """An error whose text cannot be had."""

    def __str__(self):
        raise RuntimeError


class NoSynchronisation(TorchDispatchMode):
    """Raises where a value is brought to the host."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "_local_scalar_dense" in str(func):
            raise self.error
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("error", [AssertionError("an item() in the loop"), UnspeakableError()])
def test_what_a_mode_of_the_users_raises_at_labkit_stays_there(error):
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for _ in range(100):
            with NoSynchronisation(error):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert run.steps == 100
