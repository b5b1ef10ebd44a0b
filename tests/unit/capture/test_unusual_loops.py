"""Loops that clear, skip, accumulate, evaluate and scale in unusual orders."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from .models import Net, batch
from .truth import assert_agrees, record

STEPS = 30


def sgd(model, lr=0.05):
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def one_pass(model, truth, factor=1.0):
    x, y = batch()
    loss = F.cross_entropy(model(x), y) * factor
    loss.backward()
    truth.add_loss(loss)
    return loss


def step(model, truth, optimizer):
    truth.before_step(model, optimizer)
    optimizer.step()
    truth.after_step(model)


@pytest.mark.parametrize("where", ["before-backward", "after-step", "both", "every-third", "model"])
@pytest.mark.parametrize("to_none", [True, False])
def test_gradients_can_be_cleared_anywhere_in_the_loop(where, to_none):
    def loop(model, truth):
        optimizer = sgd(model)
        for number in range(STEPS):
            x, y = batch()
            loss = F.cross_entropy(model(x), y)
            if where in ("before-backward", "both"):
                optimizer.zero_grad(set_to_none=to_none)
            if where == "model" or (where == "every-third" and number % 3 == 0):
                model.zero_grad(set_to_none=to_none)
            loss.backward()
            truth.add_loss(loss)
            step(model, truth, optimizer)
            if where in ("after-step", "both"):
                optimizer.zero_grad(set_to_none=to_none)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("to_none", [True, False])
def test_the_loss_of_discarded_gradients_is_dropped(to_none):
    """As in loops that detect a bad batch after backward, clear, and continue."""

    def loop(model, truth):
        optimizer = sgd(model)
        for number in range(STEPS):
            optimizer.zero_grad(set_to_none=to_none)
            if number % 4 == 1:
                one_pass(model, truth, 50.0)
                optimizer.zero_grad(set_to_none=to_none)
                truth.drop_loss()
            one_pass(model, truth)
            step(model, truth, optimizer)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_skipped_micro_batch_is_not_part_of_the_loss(bad):
    def loop(model, truth):
        optimizer = sgd(model)
        x, y = batch()
        for number in range(STEPS):
            optimizer.zero_grad()
            for part in range(4):
                loss = F.cross_entropy(model(x[part::4]), y[part::4]) / 4
                loss = loss * (bad if (number + part) % 6 == 2 else 1.0)
                if not loss.isfinite():
                    continue
                loss.backward()
                truth.add_loss(loss)
            step(model, truth, optimizer)

    assert_agrees(*record(loop))


def test_a_step_skipped_by_the_loop_is_not_counted():
    def loop(model, truth):
        optimizer = sgd(model)
        for number in range(STEPS):
            optimizer.zero_grad()
            one_pass(model, truth, 1e4 if number % 5 == 3 else 1.0)
            truth.before_clipping(model)
            if nn.utils.clip_grad_norm_(model.parameters(), 1.0) > 100:
                truth.drop_loss()
                continue
            step(model, truth, optimizer)

    assert_agrees(*record(loop))


def test_two_steps_after_one_pass_are_counted_with_one_loss():
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(STEPS):
            optimizer.zero_grad()
            one_pass(model, truth)
            step(model, truth, optimizer)
            step(model, truth, optimizer)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("kind", ["no-grad", "with-grad", "autograd-grad", "own-backward"])
def test_evaluation_between_steps_is_not_recorded(kind):
    other = Net()

    def evaluate(model):
        x, y = batch(rows=8)
        if kind == "no-grad":
            with torch.no_grad():
                model(x)
        elif kind == "with-grad":
            F.cross_entropy(model(x), y)
        elif kind == "autograd-grad":
            x = x.clone().requires_grad_()
            torch.autograd.grad(F.cross_entropy(model(x), y), x)
        else:
            F.cross_entropy(other(x), y).backward()

    def loop(model, truth):
        optimizer = sgd(model)
        for number in range(STEPS):
            optimizer.zero_grad()
            one_pass(model, truth)
            if number % 2:
                evaluate(model)
            step(model, truth, optimizer)
            evaluate(model)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("kind", ["cosine", "one-cycle", "by-hand", "tensor"])
def test_changing_learning_rates_are_recorded(kind):
    def loop(model, truth):
        optimizer = sgd(model)
        scheduler = None
        if kind == "cosine":
            scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        elif kind == "one-cycle":
            scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=STEPS + 1)
        elif kind == "tensor":
            optimizer.param_groups[0]["lr"] = torch.tensor(0.05)
        for number in range(STEPS):
            if kind == "by-hand":
                optimizer.param_groups[0]["lr"] = 0.1 / (number + 1)
            if kind == "tensor":
                optimizer.param_groups[0]["lr"].fill_(0.1 / (number + 1))
            optimizer.zero_grad()
            one_pass(model, truth)
            step(model, truth, optimizer)
            if scheduler is not None:
                scheduler.step()

    assert_agrees(*record(loop))


@pytest.mark.parametrize("made", ["before", "after-some-steps"])
@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("passes", [1, 2])
def test_values_under_a_gradient_scaler_are_unscaled(passes, clip, made):
    """Losses and norms are unscaled; a skipped step is not counted."""
    skips = {10, 17}

    def loop(model, truth):
        optimizer = sgd(model)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0) if made == "before" else None
        for number in range(STEPS):
            if number == 7 and scaler is None:
                scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
            optimizer.zero_grad()
            for part in range(passes):
                x, y = batch()
                loss = F.cross_entropy(model(x[part::passes]), y[part::passes])
                loss = loss * (float("inf") if number in skips else 1.0)
                (loss if scaler is None else scaler.scale(loss)).backward()
                truth.add_loss(loss)
            if scaler is not None:
                scaler.unscale_(optimizer)
            if clip is not None:
                truth.before_clipping(model)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            truth.before_step(model, optimizer)
            if number in skips:
                truth.drop_loss()
            else:
                truth.after_step(model)
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
                scaler.update()

    run, truth = record(loop)
    truth.norms["update_ratio"] = {}  # `after_step` was called before the step
    assert_agrees(run, truth, skipped=(11, 17))
