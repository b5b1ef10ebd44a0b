"""Parameters that are replaced, converted, swapped or frozen while a run is recorded."""

import pytest
import torch
from torch import nn

import labkit as lk

from .models import Net, batch
from .sgd_loop import HALF, replace_all, sgd, to_empty, train
from .truth import (
    Truth,
    assert_agrees,
    assert_agrees_with_late_parameters,
    assert_all,
    assert_losses,
    assert_no_internal_error,
    assert_norms,
    assert_steps,
    record,
)


def replace_module(model):
    model.fc2 = nn.Linear(8, 3)


def replace_parameter(model):
    model.fc1.weight = nn.Parameter(torch.randn(8, 6) * 0.1)


def assign_state(model):
    state = {name: value.clone() * 0.5 for name, value in model.state_dict().items()}
    model.load_state_dict(state, assign=True)


CHANGES = [replace_module, replace_parameter, replace_all, to_empty, assign_state]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_parameters_replaced_during_the_run_with_a_new_optimizer_are_recorded(change):
    def loop(model, truth):
        train(model, truth, sgd(model))
        change(model)
        train(model, truth, sgd(model))

    assert_agrees_with_late_parameters(*record(loop))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_parameters_replaced_before_the_first_step_are_recorded(change):
    def loop(model, truth):
        change(model)
        train(model, truth, sgd(model), steps=2 * HALF)

    assert_agrees(*record(loop))


def test_parameters_replaced_in_the_same_optimizer_are_recorded():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        replace_all(model)
        optimizer.param_groups[0]["params"] = list(model.parameters())
        train(model, truth, optimizer)

    assert_agrees_with_late_parameters(*record(loop))


def test_a_layer_replaced_by_a_wider_one_is_recorded():
    """A head with more outputs, as in class-incremental learning."""

    def loop(model, truth):
        train(model, truth, sgd(model))
        old = model.fc2
        model.fc2 = nn.Linear(8, 5)
        with torch.no_grad():
            model.fc2.weight[:3] = old.weight
        train(model, truth, sgd(model))

    assert_agrees_with_late_parameters(*record(loop))


def test_an_added_module_is_recorded():
    class Growing(Net):
        def __init__(self):
            super().__init__()
            self.extra = None

        def forward(self, x):
            return super().forward(x) + (0 if self.extra is None else self.extra(x))

    def loop(model, truth):
        train(model, truth, sgd(model))
        model.extra = nn.Linear(6, 3)
        train(model, truth, sgd(model))

    assert_agrees_with_late_parameters(*record(loop, make=Growing))


def test_a_model_created_on_the_meta_device_is_recorded():
    with torch.device("meta"):
        model = Net()
    truth = Truth()
    with lk.watch(model, show=False, budget=1.0) as run:
        to_empty(model)
        train(model, truth, sgd(model), steps=2 * HALF)
    assert_agrees(run, truth)


@pytest.mark.parametrize("swapped", [False, True], ids=["in-place", "swap-tensors"])
def test_a_model_converted_to_another_dtype_is_recorded(swapped):
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        torch.__future__.set_swap_module_params_on_conversion(swapped)
        try:
            model.to(torch.float64)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
        train(model, truth, optimizer)

    assert_agrees_with_late_parameters(*record(loop))


def test_a_swapped_parameter_is_recorded():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        optimizer.zero_grad()
        other = nn.Parameter(torch.randn(8, 6) * 0.1)
        torch.utils.swap_tensors(model.fc1.weight, other)
        train(model, truth, optimizer)

    assert_agrees_with_late_parameters(*record(loop))


def test_weights_assigned_through_data_are_recorded():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        for parameter in model.parameters():
            parameter.data = parameter.data.clone() * 0.5
        train(model, truth, optimizer)

    assert_agrees(*record(loop))


def test_a_frozen_and_unfrozen_layer_is_recorded():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        model.fc1.requires_grad_(False)
        train(model, truth, optimizer)
        model.fc1.requires_grad_(True)
        train(model, truth, optimizer)

    assert_agrees(*record(loop))


def test_training_an_unrelated_model_gives_a_notice():
    """Neither the backward passes nor the optimizer involve the watched model."""
    model, other, x = Net(), Net(), batch()[0]
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(20):
            optimizer.zero_grad()
            other(x).pow(2).mean().backward()
            optimizer.step()
    assert run.steps == 0
    assert run.notices


def test_replacing_all_parameters_repeatedly_loses_no_step_and_no_loss():
    """All parameters are replaced every ten steps."""

    def loop(model, truth):
        for _ in range(5):
            replace_all(model)
            train(model, truth, sgd(model), steps=10)

    run, truth = record(loop)
    assert_all(
        [
            lambda: assert_steps(run, 50),
            lambda: assert_no_internal_error(run),
            lambda: assert_losses(run, truth),
            lambda: assert_norms(run, truth, "grad_norm"),
        ]
    )


@pytest.mark.parametrize("new_optimizer", [True, False])
def test_parameters_replaced_after_other_models_trained_are_recorded(new_optimizer):
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(5):
            train(model, truth, optimizer, steps=1)
            other = Net()
            train(other, Truth(), sgd(other), steps=2)
        model.fc1, model.fc2 = nn.Linear(6, 8), nn.Linear(8, 3)
        if new_optimizer:
            optimizer = sgd(model)
        else:
            optimizer.param_groups[0]["params"] = list(model.parameters())
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert_steps(run, 25)
    assert_losses(run, truth)
