"""Parts of a model whose training begins after the start of the run."""

import pytest
import torch
from torch import nn

from .models import Net, batch
from .sgd_loop import sgd, train
from .truth import (
    Truth,
    assert_agrees_with_late_parameters,
    assert_no_internal_error,
    points,
    record,
)


@pytest.mark.parametrize("optimizer_first", [True, False])
def test_lazy_modules_initialized_after_the_watch_opens_are_recorded(optimizer_first):
    def make():
        model = Net()
        model.fc1, model.fc2 = nn.LazyLinear(8), nn.LazyLinear(3)
        return model

    def loop(model, truth):
        optimizer = sgd(model) if optimizer_first else None
        with torch.no_grad():
            model(batch()[0])
        train(model, truth, optimizer or sgd(model))

    assert_agrees_with_late_parameters(*record(loop, make))


def test_a_model_unfrozen_after_the_watch_opens_is_recorded():
    def loop(model, truth):
        model.requires_grad_(True)
        train(model, truth, sgd(model))

    assert_agrees_with_late_parameters(*record(loop, lambda: Net().requires_grad_(False)))


def unfreeze_in_a_new_optimizer(model, first, second, optimizer):
    freeze_and_unfreeze(first, second)
    return sgd(second)


def unfreeze_in_an_additional_optimizer(model, first, second, optimizer):
    second.requires_grad_(True)
    return sgd(second)


def unfreeze_in_a_new_group(model, first, second, optimizer):
    freeze_and_unfreeze(first, second)
    optimizer.add_param_group({"params": second.parameters()})
    return optimizer


def unfreeze_in_the_same_group(model, first, second, optimizer):
    freeze_and_unfreeze(first, second)
    optimizer.param_groups[0]["params"].extend(second.parameters())
    return optimizer


def freeze_and_unfreeze(first, second):
    first.requires_grad_(False)
    second.requires_grad_(True)


def train_another_model():
    """Train another model until backward passes are no longer searched for the watched one."""
    other = Net()
    train(other, Truth(), sgd(other), steps=12)


def all_losses(run):
    recorded = [points(run, name) for name in run.names() if name.partition("/")[0] == "loss"]
    return sorted(value for each in recorded for value in each.values())


@pytest.mark.parametrize("between", [lambda: None, train_another_model], ids=["at-once", "later"])
@pytest.mark.parametrize("steps", [1, 40])
@pytest.mark.parametrize(
    "change",
    [
        unfreeze_in_a_new_optimizer,
        unfreeze_in_an_additional_optimizer,
        unfreeze_in_a_new_group,
        unfreeze_in_the_same_group,
    ],
)
def test_a_part_trained_later_has_every_loss(change, steps, between):
    """As in greedy layer-wise training: no earlier pass reached the part that is trained now."""

    def loop(model, truth):
        model.fc2.requires_grad_(False)
        optimizer = sgd(model.fc1)
        train(model, truth, optimizer, steps)
        between()
        optimizer = change(model, model.fc1, model.fc2, optimizer)
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert_no_internal_error(run)
    assert all_losses(run) == pytest.approx(sorted(truth.losses.values()), rel=1e-5)


def test_a_later_optimizer_has_its_losses_despite_unused_gradients():
    """The gradients of the part that no optimizer updates accumulate over all earlier steps."""

    def make():
        return nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3))

    def loop(model, truth):
        train(model, truth, sgd(model[0]))
        train(model, truth, sgd(model[2]))

    run, truth = record(loop, make)
    assert all_losses(run) == pytest.approx(sorted(truth.losses.values()), rel=1e-5)
