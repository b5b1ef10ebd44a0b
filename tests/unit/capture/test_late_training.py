"""Parts of a model whose training begins after the start of the run."""

import pytest
import torch
from torch import nn

from .models import Net, batch
from .sgd_loop import sgd, train
from .truth import (
    Truth,
    assert_goes_on,
    assert_no_fault,
    points,
    record,
)


@pytest.mark.parametrize("optimizer_first", [True, False])
def test_lazy_modules_that_get_their_parameters_after_the_watch_opens(optimizer_first):
    def make():
        model = Net()
        model.fc1, model.fc2 = nn.LazyLinear(8), nn.LazyLinear(3)
        return model

    def loop(model, truth):
        optimizer = sgd(model) if optimizer_first else None
        with torch.no_grad():
            model(batch()[0])
        train(model, truth, optimizer or sgd(model))

    assert_goes_on(*record(loop, make))


def test_a_model_that_is_thawed_after_the_watch_opens():
    def loop(model, truth):
        model.requires_grad_(True)
        train(model, truth, sgd(model))

    assert_goes_on(*record(loop, lambda: Net().requires_grad_(False)))


def thaw_in_a_new_optimizer(model, first, second, optimizer):
    freeze_and_thaw(first, second)
    return sgd(second)


def thaw_in_a_new_optimizer_beside_what_goes_on(model, first, second, optimizer):
    second.requires_grad_(True)
    return sgd(second)


def thaw_in_a_new_group(model, first, second, optimizer):
    freeze_and_thaw(first, second)
    optimizer.add_param_group({"params": second.parameters()})
    return optimizer


def thaw_in_the_same_group(model, first, second, optimizer):
    freeze_and_thaw(first, second)
    optimizer.param_groups[0]["params"].extend(second.parameters())
    return optimizer


def freeze_and_thaw(first, second):
    first.requires_grad_(False)
    second.requires_grad_(True)


def train_elsewhere():
    """Train other models long enough for passes not to be searched for the watched one."""
    other = Net()
    train(other, Truth(), sgd(other), steps=12)


def all_losses(run):
    recorded = [points(run, name) for name in run.names() if name.partition("/")[0] == "loss"]
    return sorted(value for each in recorded for value in each.values())


@pytest.mark.parametrize("between", [lambda: None, train_elsewhere], ids=["at-once", "later"])
@pytest.mark.parametrize("steps", [1, 40])
@pytest.mark.parametrize(
    "change",
    [
        thaw_in_a_new_optimizer,
        thaw_in_a_new_optimizer_beside_what_goes_on,
        thaw_in_a_new_group,
        thaw_in_the_same_group,
    ],
)
def test_a_part_that_is_trained_first_after_a_while_has_every_loss(change, steps, between):
    """As in greedy training layer by layer: no pass before reached what is trained now."""

    def loop(model, truth):
        model.fc2.requires_grad_(False)
        optimizer = sgd(model.fc1)
        train(model, truth, optimizer, steps)
        between()
        optimizer = change(model, model.fc1, model.fc2, optimizer)
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert_no_fault(run)
    assert all_losses(run) == pytest.approx(sorted(truth.losses.values()), rel=1e-5)


def test_the_loss_of_a_new_optimizer_of_a_part_whose_gradients_were_never_used():
    """Passes of all steps before have added up in the gradients of the part between."""

    def make():
        return nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3))

    def loop(model, truth):
        train(model, truth, sgd(model[0]))
        train(model, truth, sgd(model[2]))

    run, truth = record(loop, make)
    assert all_losses(run) == pytest.approx(sorted(truth.losses.values()), rel=1e-5)
