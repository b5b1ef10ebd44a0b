"""Optimizer hooks and dispatch modes of the user."""

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
    truth.add_loss(loss)


def test_a_scheduler_stepped_in_a_post_hook_changes_the_next_rate():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
        optimizer.register_step_post_hook(lambda *_: scheduler.step())
        for _ in range(80):
            optimizer.zero_grad()
            take_pass(model, truth)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("registered_at", [0, 40])
def test_clipping_in_a_pre_hook_is_recorded(registered_at):
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

        def clip(*_):
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            truth.before_step(model, optimizer)

        for number in range(80):
            if number == registered_at:
                optimizer.register_step_pre_hook(clip)
            optimizer.zero_grad()
            take_pass(model, truth)
            truth.before_clipping(model)
            if number < registered_at:
                truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_a_backward_pass_in_a_post_hook_belongs_to_the_next_step():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

        def begin_next(*_):
            truth.after_step(model)
            with torch.enable_grad():
                optimizer.zero_grad()
                take_pass(model, truth)

        handle = optimizer.register_step_post_hook(begin_next)
        take_pass(model, truth)
        for _ in range(80):
            truth.before_step(model, optimizer)
            optimizer.step()
        handle.remove()
        truth.drop_loss()

    assert_agrees(*record(loop), norms=False, ratios=False)


def test_closing_leaves_only_the_users_optimizer_hooks():
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


def test_recording_continues_after_all_optimizer_hooks_are_cleared():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for number in range(60):
            if number == 20:
                optimizer.register_step_post_hook(lambda *_: None)
            if number == 40:
                optimizer._optimizer_step_pre_hooks.clear()
            optimizer.zero_grad()
            take_pass(model, truth)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    assert_agrees(*record(loop))


class UnprintableError(Exception):
    """An error whose `str` raises."""

    def __str__(self):
        raise RuntimeError


class NoSynchronisation(TorchDispatchMode):
    """Raises when a value is copied to the host."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "_local_scalar_dense" in str(func):
            raise self.error
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("error", [AssertionError("an item() in the loop"), UnprintableError()])
def test_errors_of_a_user_dispatch_mode_do_not_reach_the_loop(error):
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
