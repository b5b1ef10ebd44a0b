"""Weights that are updated without an optimizer, in all common ways."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch
from .truth import (
    assert_all,
    assert_losses,
    assert_no_internal_error,
    assert_norms,
    assert_steps,
    points,
    record,
)

STEPS = 40
RATE = 0.05


def in_place(parameters):
    with torch.no_grad():
        for parameter in parameters:
            parameter -= RATE * parameter.grad  # noqa: PLW2901 - in place, as in common loops


def sub_(parameters):
    with torch.no_grad():
        for parameter in parameters:
            parameter.sub_(parameter.grad, alpha=RATE)


def through_data(parameters):
    for parameter in parameters:
        parameter.data -= RATE * parameter.grad.data


def data_add_(parameters):
    for parameter in parameters:
        parameter.data.add_(parameter.grad, alpha=-RATE)


def new_data(parameters):
    for parameter in parameters:
        parameter.data = parameter.data - RATE * parameter.grad


def foreach(parameters):
    with torch.no_grad():
        torch._foreach_add_(parameters, [each.grad for each in parameters], alpha=-RATE)


def copy_(parameters):
    with torch.no_grad():
        for parameter in parameters:
            parameter.copy_(parameter - RATE * parameter.grad)


def as_vector(parameters):
    vector = nn.utils.parameters_to_vector(parameters).detach()
    gradient = torch.cat([each.grad.reshape(-1) for each in parameters])
    nn.utils.vector_to_parameters(vector - RATE * gradient, parameters)


def zero_(parameters):
    for parameter in parameters:
        parameter.grad.zero_()


def none(parameters):
    for parameter in parameters:
        parameter.grad = None


def data_zero_(parameters):
    for parameter in parameters:
        parameter.grad.data.zero_()


def fresh_zeros(parameters):
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)


UPDATES = [in_place, sub_, through_data, data_add_, new_data, foreach, copy_, as_vector]
CLEARINGS = [zero_, none, data_zero_, fresh_zeros]


def one_pass(model, truth, rows=slice(None)):
    x, y = batch()
    loss = F.cross_entropy(model(x[rows]), y[rows])
    loss.backward()
    truth.add_loss(loss)


def assert_by_hand(run, truth):
    """Check losses, steps and gradients; update ratios are correct or absent."""
    for name in [name for name in truth.norms["update_ratio"] if not points(run, name)]:
        del truth.norms["update_ratio"][name]
    assert_all(
        [
            lambda: assert_steps(run, truth.steps),
            lambda: assert_no_internal_error(run),
            lambda: assert_losses(run, truth),
            lambda: assert_norms(run, truth, "grad_norm"),
            lambda: assert_norms(run, truth, "update_ratio", rtol=2e-3),
        ]
    )


@pytest.mark.parametrize("clear", CLEARINGS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("update", UPDATES, ids=lambda each: each.__name__)
def test_a_manual_update_is_a_step(update, clear):
    def loop(model, truth):
        parameters = list(model.parameters())
        for _ in range(STEPS):
            one_pass(model, truth)
            truth.before_step(model)
            update(parameters)
            truth.after_step(model)
            clear(parameters)

    assert_by_hand(*record(loop))


@pytest.mark.parametrize("clear", CLEARINGS, ids=lambda each: each.__name__)
def test_manual_updates_cause_no_findings(clear):
    def loop(model, truth):
        parameters = list(model.parameters())
        for _ in range(100):
            one_pass(model, truth)
            in_place(parameters)
            clear(parameters)

    run, _ = record(loop, budget=0.03)
    assert not {finding.rule for finding in run.findings} & {"no-change", "gradients-not-cleared"}


@pytest.mark.parametrize("clear", CLEARINGS, ids=lambda each: each.__name__)
def test_gradients_can_be_cleared_before_the_pass(clear):
    def loop(model, truth):
        parameters = list(model.parameters())
        for number in range(STEPS):
            if number:
                clear(parameters)
            one_pass(model, truth)
            truth.before_step(model)
            in_place(parameters)
            truth.after_step(model)

    assert_by_hand(*record(loop))


@pytest.mark.parametrize("update", [in_place, through_data, foreach], ids=lambda u: u.__name__)
def test_accumulated_passes_before_a_manual_update_are_one_step(update):
    def loop(model, truth):
        parameters = list(model.parameters())
        for _ in range(STEPS):
            for part in range(3):
                one_pass(model, truth, slice(part, None, 3))
            truth.before_step(model)
            update(parameters)
            truth.after_step(model)
            none(parameters)

    run, truth = record(loop)
    recorded = points(run, "loss")
    if run.steps == 3 * STEPS:
        pytest.fail("each pass was counted as a step, though the weights moved every third time")
    assert recorded
    assert_by_hand(run, truth)


def test_an_optimizer_can_follow_manual_updates():
    def loop(model, truth):
        parameters = list(model.parameters())
        for _ in range(STEPS // 2):
            one_pass(model, truth)
            truth.before_step(model)
            in_place(parameters)
            truth.after_step(model)
            none(parameters)
        optimizer = torch.optim.SGD(parameters, lr=RATE)
        for _ in range(STEPS // 2):
            optimizer.zero_grad()
            one_pass(model, truth)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    run, truth = record(loop)
    assert_by_hand(run, truth)
    assert points(run, "lr/0") == pytest.approx(truth.rates["lr/0"])


def test_a_manual_update_beside_an_optimizer_is_one_step():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.fc1.parameters(), lr=RATE)
        for _ in range(STEPS):
            model.zero_grad()
            one_pass(model, truth)
            truth.before_step(model)
            in_place(list(model.fc2.parameters()))
            optimizer.step()
            truth.after_step(model)

    run, truth = record(loop)
    for norms in truth.norms.values():
        for name in [name for name in norms if "fc2" in name]:
            del norms[name]
    assert_by_hand(run, truth)


def test_a_single_manual_update_is_recorded():
    model, (x, y) = Net(), batch()
    with lk.watch(model, show=False) as run:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        in_place(list(model.parameters()))
    assert run.steps == 1
    assert points(run, "loss") == {1: pytest.approx(loss.item(), rel=1e-5)}
