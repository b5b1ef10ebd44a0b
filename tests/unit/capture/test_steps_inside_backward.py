"""Optimizers that step inside the backward pass, one per parameter or one for all."""

import pytest
import torch
import torch.nn.functional as F

from .models import batch
from .truth import (
    assert_all,
    assert_losses,
    assert_no_internal_error,
    assert_norms,
    assert_steps,
    points,
    record,
)

STEPS = 30


def assert_stepped_inside(run, truth, rate=0.05):
    """Compare a run with its expected values; the names of the rates are not checked."""

    def rates():
        found = {name: points(run, name) for name in run.names() if name.startswith("lr/")}
        assert found, "no learning rate was recorded"
        values = {value for each in found.values() for value in each.values()}
        assert all(value == pytest.approx(rate) for value in values), f"rates are {values}"

    def one_loss():
        names = [name for name in run.names() if name.partition("/")[0] == "loss"]
        assert names == ["loss"], f"the losses are {names}"

    assert_all(
        [
            lambda: assert_steps(run, truth.steps),
            lambda: assert_no_internal_error(run),
            lambda: assert_losses(run, truth),
            one_loss,
            rates,
            lambda: assert_norms(run, truth, "grad_norm"),
            lambda: assert_norms(run, truth, "update_ratio", rtol=2e-3),
        ]
    )


def train(model, truth, after_pass=lambda: None):
    x, y = batch()
    for _ in range(STEPS):
        loss = F.cross_entropy(model(x), y)
        truth.add_loss(loss)
        loss.backward()
        after_pass()
        truth.after_step(model)


def store_before_step(model, truth, parameter):
    """Store the gradient norm and the weight of a parameter before its update."""
    name = next(name for name, each in model.named_parameters() if each is parameter)
    norm = parameter.grad.double().norm().item()
    series = truth.norms["grad_norm"].setdefault(f"grad_norm/{name}", {})
    series[truth.steps + 1] = norm
    truth._weights.setdefault(name, parameter.detach().clone())


@pytest.mark.parametrize("clear", ["optimizer", "none", "zero"])
def test_one_optimizer_per_parameter_is_one_step_per_pass(clear):
    def loop(model, truth):
        optimizers = {p: torch.optim.SGD([p], lr=0.05) for p in model.parameters()}

        def step(parameter):
            store_before_step(model, truth, parameter)
            optimizers[parameter].step()
            if clear == "optimizer":
                optimizers[parameter].zero_grad()
            elif clear == "none":
                parameter.grad = None
            else:
                parameter.grad.zero_()

        for parameter in model.parameters():
            parameter.register_post_accumulate_grad_hook(step)
        train(model, truth)

    assert_stepped_inside(*record(loop))


def test_optimizers_that_step_in_every_second_pass_record_both_losses():
    """Several recorders have pending passes when the steps begin; one records them all."""

    def loop(model, truth):
        optimizers = {p: torch.optim.SGD([p], lr=0.05) for p in model.parameters()}
        passes = 0

        def step(parameter):
            if passes % 2:
                store_before_step(model, truth, parameter)
                optimizers[parameter].step()
                optimizers[parameter].zero_grad()

        handles = [p.register_post_accumulate_grad_hook(step) for p in model.parameters()]
        x, y = batch()
        for passes in range(2 * STEPS):
            loss = F.cross_entropy(model(x), y)
            truth.add_loss(loss)
            loss.backward()
            if passes % 2:
                truth.after_step(model)
        for handle in handles:
            handle.remove()

    assert_stepped_inside(*record(loop))


def test_gradients_can_be_cleared_after_the_pass():
    def loop(model, truth):
        optimizers = {p: torch.optim.SGD([p], lr=0.05) for p in model.parameters()}

        def step(parameter):
            store_before_step(model, truth, parameter)
            optimizers[parameter].step()

        for parameter in model.parameters():
            parameter.register_post_accumulate_grad_hook(step)
        train(model, truth, after_pass=model.zero_grad)

    assert_stepped_inside(*record(loop))


def test_one_optimizer_that_steps_after_the_last_gradient_is_recorded():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        waiting = set()

        def arrived(parameter):
            waiting.add(parameter)
            if len(waiting) == len(list(model.parameters())):
                waiting.clear()
                for each in model.parameters():
                    store_before_step(model, truth, each)
                optimizer.step()
                optimizer.zero_grad()

        for parameter in model.parameters():
            parameter.register_post_accumulate_grad_hook(arrived)
        train(model, truth)

    assert_stepped_inside(*record(loop))


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_apply_optimizer_in_backward_is_recorded():
    from torch.distributed.optim import _apply_optimizer_in_backward

    def loop(model, truth):
        _apply_optimizer_in_backward(torch.optim.SGD, model.parameters(), {"lr": 0.05})
        x, y = batch()
        for _ in range(STEPS):
            loss = F.cross_entropy(model(x), y)
            truth.add_loss(loss)
            loss.backward()
            truth.after_step(model)

    assert_stepped_inside(*record(loop))


def test_manual_updates_inside_backward_are_steps():
    """As in LOMO, which has no optimizer."""

    def loop(model, truth):
        @torch.no_grad()
        def update(parameter):
            parameter.sub_(parameter.grad, alpha=0.05)
            parameter.grad = None

        for parameter in model.parameters():
            parameter.register_post_accumulate_grad_hook(update)
        train(model, truth)

    run, truth = record(loop)
    assert_all(
        [
            lambda: assert_steps(run, STEPS),
            lambda: assert_no_internal_error(run),
            lambda: assert_losses(run, truth),
        ]
    )


def test_steps_inside_backward_and_after_it_are_one_step():
    """One layer steps inside backward, the other afterwards: one step, one loss."""

    def loop(model, truth):
        inside = {p: torch.optim.SGD([p], lr=0.05) for p in model.fc1.parameters()}
        optimizer = torch.optim.SGD(model.fc2.parameters(), lr=0.05)

        def step(parameter):
            store_before_step(model, truth, parameter)
            inside[parameter].step()
            inside[parameter].zero_grad()

        for parameter in model.fc1.parameters():
            parameter.register_post_accumulate_grad_hook(step)

        def after_pass():
            for parameter in model.fc2.parameters():
                store_before_step(model, truth, parameter)
            optimizer.step()
            optimizer.zero_grad()

        train(model, truth, after_pass)

    assert_stepped_inside(*record(loop))
