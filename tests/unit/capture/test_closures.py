"""Loops whose backward pass and clipping happen inside `optimizer.step(closure)`."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from .models import Net, batch
from .truth import assert_agrees, assert_no_internal_error, assert_norms, points, record

STEPS = 30


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def adam(model):
    return torch.optim.Adam(model.parameters())


def one_pass(model, truth, factor=1.0, rows=slice(None)):
    x, y = batch()
    loss = F.cross_entropy(model(x[rows]), y[rows]) * factor
    loss.backward()
    truth.add_loss(loss)
    return loss


def closure_of(model, optimizer, truth, *, clip=None, zero=True, factor=1.0, rows=slice(None)):
    def closure():
        if zero:
            optimizer.zero_grad()
        loss = one_pass(model, truth, factor, rows)
        if clip is not None:
            truth.before_clipping(model)
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        truth.before_step(model, optimizer)
        return loss

    return closure


@pytest.mark.parametrize("by_name", [False, True], ids=["by-position", "by-name"])
@pytest.mark.parametrize("make", [sgd, adam], ids=["sgd", "adam"])
def test_a_closure_is_one_step_with_its_loss_rates_and_norms(make, by_name):
    def loop(model, truth):
        optimizer = make(model)
        for _ in range(STEPS):
            closure = closure_of(model, optimizer, truth)
            optimizer.step(closure=closure) if by_name else optimizer.step(closure)
            truth.after_step(model)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_a_closure_that_clips_has_norms_before_and_after_clipping(factor):
    def loop(model, truth):
        optimizer = sgd(model, lr=0.01)
        for _ in range(STEPS):
            optimizer.step(closure_of(model, optimizer, truth, clip=0.05, factor=factor))
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_a_closure_that_clips_by_value_has_norms_before_and_after_clipping():
    def loop(model, truth):
        optimizer = sgd(model)

        def closure():
            optimizer.zero_grad()
            loss = one_pass(model, truth)
            truth.before_clipping(model)
            nn.utils.clip_grad_value_(model.parameters(), 0.005)
            truth.before_step(model, optimizer)
            return loss

        for _ in range(STEPS):
            optimizer.step(closure)
            truth.after_step(model)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("passes_before", [1, 2, 3])
def test_backward_passes_before_the_closure_are_added_to_its_step(passes_before, clip):
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(STEPS):
            optimizer.zero_grad()
            for part in range(passes_before):
                one_pass(model, truth, 0.25, slice(part, None, 4))
            closure = closure_of(
                model, optimizer, truth, zero=False, clip=clip, factor=0.25, rows=slice(3, None, 4)
            )
            optimizer.step(closure)
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_backward_passes_before_a_closure_that_clears_gradients_are_dropped():
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(STEPS):
            one_pass(model, truth, 3.0)
            truth.drop_loss()
            optimizer.step(closure_of(model, optimizer, truth))
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_accumulation_can_begin_in_the_middle_of_a_run():
    def loop(model, truth):
        optimizer = sgd(model)
        for step in range(STEPS):
            optimizer.zero_grad()
            if step >= STEPS // 2:
                one_pass(model, truth, 0.5)
            optimizer.step(closure_of(model, optimizer, truth, zero=False))
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_closures_and_plain_steps_can_alternate():
    def loop(model, truth):
        optimizer = sgd(model)
        for step in range(STEPS):
            closure = closure_of(model, optimizer, truth)
            if step % 3:
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_a_closure_can_return_a_plain_number():
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(STEPS):
            closure = closure_of(model, optimizer, truth)
            optimizer.step(lambda closure=closure: closure().item())
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_a_closure_without_a_backward_pass_has_the_loss_of_the_pass_before_it():
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(STEPS):
            closure_of(model, optimizer, truth)()
            optimizer.step(lambda: None)
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_a_closure_wrapped_by_skorch_is_one_step():
    """As in skorch, which collects the values of the closure in an accumulator."""

    def loop(model, truth):
        optimizer, values = sgd(model), []

        def train_step_single():
            optimizer.zero_grad(set_to_none=True)
            model.train()
            loss = one_pass(model, truth)
            truth.before_step(model, optimizer)
            return {"loss": loss, "y_pred": None}

        def step_fn():
            step = train_step_single()
            values.append(step)
            return step["loss"]

        for _ in range(STEPS):
            values.clear()
            optimizer.step(step_fn)
            truth.after_step(model)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("max_iter", [1, 4, 20])
def test_lbfgs_records_the_loss_it_returns_and_the_norm_of_an_evaluation(max_iter, search):
    evaluated, returned = {}, {}

    def loop(model, truth):
        optimizer = torch.optim.LBFGS(
            model.parameters(), lr=0.1, max_iter=max_iter, line_search_fn=search
        )
        x, y = batch()
        evaluated.clear()

        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            norms = evaluated.setdefault(truth.steps + 1, [])
            norms.append(model.fc1.weight.grad.norm().item())
            truth.before_step(model, optimizer)
            return loss

        for _ in range(8):
            returned[truth.steps + 1] = optimizer.step(closure).item()
            truth.after_step(model)

    run, truth = record(loop)
    assert run.steps == 8
    assert_no_internal_error(run)
    assert points(run, "loss") == pytest.approx(returned, rel=1e-5)
    assert points(run, "lr/0") == pytest.approx(dict.fromkeys(range(1, 9), 0.1))
    norms = points(run, "grad_norm/fc1.weight")
    assert norms
    for step, norm in norms.items():
        assert any(norm == pytest.approx(each, rel=1e-4) for each in evaluated[step])
    assert_norms(run, truth, "update_ratio", rtol=2e-3)


def test_the_loss_of_a_closure_that_raises_is_dropped():
    def loop(model, truth):
        optimizer = sgd(model)
        for step in range(STEPS):
            closure = closure_of(model, optimizer, truth)

            def broken(closure=closure):
                closure()
                raise ArithmeticError

            if step % 5 == 4:
                with pytest.raises(ArithmeticError):
                    optimizer.step(broken)
                truth.drop_loss()
            optimizer.step(closure)
            truth.after_step(model)

    assert_agrees(*record(loop))


def test_a_backward_pass_of_an_unwatched_model_in_a_closure_is_not_added():
    other = Net()

    def loop(model, truth):
        optimizer = sgd(model)
        x, y = batch()

        def closure():
            optimizer.zero_grad()
            F.cross_entropy(other(x), y).backward()
            loss = one_pass(model, truth)
            truth.before_step(model, optimizer)
            return loss

        for _ in range(STEPS):
            optimizer.step(closure)
            truth.after_step(model)

    assert_agrees(*record(loop))
