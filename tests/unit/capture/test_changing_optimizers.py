"""Loops that change the way in which they update weights during a run."""

import gc

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch
from .truth import assert_agrees, points, record


def take_pass(model, truth):
    x, y = batch()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    truth.add_loss(loss)


def take_steps(model, truth, optimizer, count):
    for _ in range(count):
        optimizer.zero_grad()
        take_pass(model, truth)
        truth.before_step(model, optimizer)
        optimizer.step()
        truth.after_step(model)


@pytest.mark.parametrize("idle", [1, 3])
def test_optimizers_that_never_step_are_ignored(idle):
    def loop(model, truth):
        later = [torch.optim.SGD([p], lr=0.7) for p in list(model.parameters())[:idle]]
        take_steps(model, truth, torch.optim.SGD(model.parameters(), lr=0.05), 150)
        del later

    assert_agrees(*record(loop))


def test_an_optimizer_that_steps_later_has_its_losses():
    def loop(model, truth):
        later = torch.optim.SGD(model.fc2.parameters(), lr=0.02)
        take_steps(model, truth, torch.optim.SGD(model.parameters(), lr=0.05), 60)
        for _ in range(60):
            model.zero_grad()
            take_pass(model, truth)
            later.step()
            truth.after_step(model)

    run, truth = record(loop)
    assert run.steps == truth.steps
    found = {**points(run, "loss"), **points(run, "loss/optimizer1")}
    assert found == pytest.approx(truth.losses, rel=1e-5)


@pytest.mark.parametrize("lives", [True, False])
def test_manual_updates_after_an_optimizer_are_steps(lives):
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        take_steps(model, truth, optimizer, 60)
        if not lives:
            del optimizer
            gc.collect()
        for _ in range(60):
            model.zero_grad()
            take_pass(model, truth)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.sub_(0.02 * parameter.grad)
            truth.after_step(model)

    run, truth = record(loop)
    assert_agrees(run, truth, norms=False, ratios=False)
    assert any("took no step" in notice.text for notice in run.notices)


def test_manual_sharpness_aware_minimization_adds_no_steps():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        take_steps(model, truth, optimizer, 60)
        for _ in range(60):
            optimizer.zero_grad()
            x, y = batch()
            F.cross_entropy(model(x), y).backward()
            moved = [0.01 * p.grad for p in model.parameters()]
            with torch.no_grad():
                for parameter, move in zip(model.parameters(), moved, strict=True):
                    parameter.add_(move)
            optimizer.zero_grad()
            take_pass(model, truth)
            with torch.no_grad():
                for parameter, move in zip(model.parameters(), moved, strict=True):
                    parameter.sub_(move)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    assert_agrees(*record(loop), norms=False, ratios=False)


def test_per_parameter_optimizers_can_replace_a_single_one():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        take_steps(model, truth, optimizer, 60)
        each = {p: torch.optim.SGD([p], lr=0.02) for p in model.parameters()}

        def take_step(parameter):
            each[parameter].step()
            each[parameter].zero_grad()

        model.zero_grad()
        for parameter in each:
            parameter.register_post_accumulate_grad_hook(take_step)
        for _ in range(60):
            take_pass(model, truth)
            truth.after_step(model)

    run, truth = record(loop)
    assert run.steps == truth.steps == 120
    found = {**points(run, "loss"), **points(run, "loss/optimizer1")}
    assert found == pytest.approx(truth.losses, rel=1e-5)


@pytest.mark.parametrize("joins", [True, False])
def test_splitting_or_merging_optimizers_loses_no_loss(joins):
    def one(model):
        return [torch.optim.SGD(model.parameters(), lr=0.05)]

    def two(model):
        return [
            torch.optim.SGD(model.fc1.parameters(), lr=0.05),
            torch.optim.Adam(model.fc2.parameters(), lr=0.01),
        ]

    def loop(model, truth):
        first, then = (two, one) if joins else (one, two)
        optimizers = earlier = first(model)
        for number in range(100):
            if number == 50:
                optimizers = then(model)
            model.zero_grad()
            take_pass(model, truth)
            for optimizer in optimizers:
                optimizer.step()
            truth.after_step(model)
        del earlier

    run, truth = record(loop)
    found = {}
    for name in (name for name in run.names() if name.startswith("loss")):
        found |= points(run, name)
    assert found == pytest.approx(truth.losses, rel=1e-5)


@pytest.mark.parametrize("skips", [True, False])
def test_loss_fn_values_are_matched_with_their_backward_pass(skips):
    torch.manual_seed(0)
    model, loss_fn = Net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x, y = batch()
    losses = []
    with lk.watch(model, show=False, loss_fn=loss_fn) as run:
        for number in range(100):
            if not skips and number % 5 == 3:
                loss_fn(model(x + 1), y)  # a validation with gradients enabled
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            (loss / 2).backward()
            if skips and number % 5 == 3:
                continue
            losses.append(loss.item())
            optimizer.step()
    assert list(points(run, "loss").values()) == pytest.approx(losses, rel=1e-5)
