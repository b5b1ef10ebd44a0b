"""The recorded loss of a step, for all ways to call backward."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from .models import Net, batch
from .truth import assert_agrees, assert_all, assert_norms, assert_steps, points, record

STEPS = 30


def step_of(passes, *, make=None, zero=True, clip=None):
    """Return a loop that calls `passes(model, truth)` once a step."""

    def loop(model, truth):
        optimizer = (make or torch.optim.SGD)(model.parameters(), lr=0.05)
        for _ in range(STEPS):
            if zero:
                optimizer.zero_grad()
            passes(model, truth)
            if clip is not None:
                truth.before_clipping(model)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    return loop


def plain(model, truth, factor=1.0):
    x, y = batch()
    loss = F.cross_entropy(model(x), y) * factor
    loss.backward()
    truth.add_loss(loss)
    return loss


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("passes", [1, 3])
def test_plain_and_accumulated_passes_are_recorded(passes, clip):
    assert_agrees(*record(step_of(lambda m, t: [plain(m, t) for _ in range(passes)], clip=clip)))


@pytest.mark.parametrize("clip", [None, 0.05])
def test_losses_are_recorded_when_gradients_are_never_cleared(clip):
    assert_agrees(*record(step_of(plain, zero=False, clip=clip)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_losses_of_any_dtype_are_recorded(dtype):
    def passes(model, truth):
        x, y = batch()
        loss = F.cross_entropy(model(x), y).to(dtype)
        loss.backward()
        truth.add_loss(loss)

    assert_agrees(*record(step_of(passes)))


@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 1, 1)])
def test_losses_with_one_element_of_any_shape_are_recorded(shape):
    def passes(model, truth):
        x, y = batch()
        loss = F.cross_entropy(model(x), y).reshape(shape)
        loss.backward()
        truth.add_loss(loss.sum())

    assert_agrees(*record(step_of(passes)))


@pytest.mark.parametrize("how", ["mul_", "zero_", "data"])
def test_a_loss_changed_in_place_after_backward_has_its_former_value(how):
    def passes(model, truth):
        loss = plain(model, truth)
        with torch.no_grad():
            if how == "data":
                loss.data = torch.full_like(loss, 7.0)
            else:
                loss.mul_(3.0) if how == "mul_" else loss.zero_()

    assert_agrees(*record(step_of(passes)))


def test_the_loss_of_backward_on_several_tensors_is_their_sum():
    def passes(model, truth):
        x, y = batch()
        losses = [F.cross_entropy(model(x[part::2]), y[part::2]) for part in (0, 1)]
        torch.autograd.backward(losses)
        truth.add_loss(sum(losses))

    assert_agrees(*record(step_of(passes)))


@pytest.mark.parametrize("which", ["all", "first-layer"])
def test_backward_with_inputs_that_are_parameters_is_a_loss(which):
    def passes(model, truth):
        x, y = batch()
        loss = F.cross_entropy(model(x), y)
        inputs = list((model if which == "all" else model.fc1).parameters())
        loss.backward(inputs=inputs)
        truth.add_loss(loss)

    assert_agrees(*record(step_of(passes)))


def test_backward_with_inputs_that_are_no_parameters_is_no_loss():
    def passes(model, truth):
        x, y = batch()
        x = x.clone().requires_grad_()
        (F.cross_entropy(model(x), y) * 100).backward(inputs=[x])  # as in an adversarial attack
        plain(model, truth)

    assert_agrees(*record(step_of(passes)))


def test_a_retained_graph_run_twice_adds_its_loss_twice():
    def passes(model, truth):
        x, y = batch()
        loss = F.cross_entropy(model(x), y)
        loss.backward(retain_graph=True)
        loss.backward()
        truth.add_loss(loss)
        truth.add_loss(loss)

    assert_agrees(*record(step_of(passes)))


def test_two_losses_of_one_graph_are_added():
    def passes(model, truth):
        x, y = batch()
        logits = model(x)
        first, second = F.cross_entropy(logits, y), logits.pow(2).mean()
        first.backward(retain_graph=True)
        second.backward()
        truth.add_loss(first + second)

    assert_agrees(*record(step_of(passes)))


@pytest.mark.parametrize("grad", ["ones", "weights"])
def test_backward_of_a_vector_records_no_loss(grad):
    def passes(model, truth):
        x, _ = batch()
        out = model(x)
        out.backward(torch.ones_like(out) if grad == "ones" else out.detach() / out.numel())

    run, truth = record(step_of(passes))
    assert_agrees(run, truth)
    assert any("loss" in notice.text for notice in run.notices)


def test_backward_of_a_scalar_with_a_gradient_records_the_scalar():
    def passes(model, truth):
        x, y = batch()
        loss = F.cross_entropy(model(x), y)
        loss.backward(torch.tensor(0.5))
        truth.add_loss(loss)

    run, truth = record(step_of(passes))
    halves = {step: value / 2 for step, value in truth.losses.items()}
    assert points(run, "loss") in (pytest.approx(truth.losses), pytest.approx(halves))
    truth.losses = points(run, "loss")
    assert_agrees(run, truth)


def grad_cache(model, truth, temperature=None):
    """Compute representations without a graph, then the loss, then gradients per chunk."""
    x, y = batch()
    chunks = x.split(4)
    with torch.no_grad():
        reps = torch.cat([model(chunk) for chunk in chunks])
    reps.requires_grad_()
    loss = F.cross_entropy(reps if temperature is None else reps * temperature, y)
    loss.backward()
    for chunk, gradient in zip(chunks, reps.grad.split(4), strict=True):
        model(chunk).backward(gradient)
    return loss


def test_grad_cache_has_norms_but_no_loss():
    run, truth = record(step_of(grad_cache))
    assert_agrees(run, truth)
    assert any("loss" in notice.text for notice in run.notices)


def test_grad_cache_has_a_loss_that_depends_on_a_parameter():
    class WithTemperature(Net):
        def __init__(self):
            super().__init__()
            self.temperature = nn.Parameter(torch.tensor(2.0))

    def passes(model, truth):
        truth.add_loss(grad_cache(model, truth, model.temperature))

    assert_agrees(*record(step_of(passes), make=WithTemperature))


@pytest.mark.parametrize("segments", [1, 2])
@pytest.mark.parametrize("reentrant", [True, False])
def test_the_loss_of_a_checkpointed_model_is_recorded_once(reentrant, segments):
    def passes(model, truth):
        x, y = batch()
        x = x.clone().requires_grad_()
        hidden = checkpoint(model.fc1, x, use_reentrant=reentrant)
        last = model.fc2
        if segments == 2:
            logits = checkpoint(last, hidden.relu(), use_reentrant=reentrant)
        else:
            logits = last(hidden.relu())
        loss = F.cross_entropy(logits, y)
        loss.backward()
        truth.add_loss(loss)

    assert_agrees(*record(step_of(passes)))


def test_a_loss_inside_a_reentrant_checkpoint_is_recorded_once():
    def passes(model, truth):
        x, y = batch()
        x = x.clone().requires_grad_()
        loss = checkpoint(lambda x: F.cross_entropy(model(x), y), x, use_reentrant=True)
        loss.backward()
        truth.add_loss(loss)

    assert_agrees(*record(step_of(passes)))


def test_accumulated_passes_with_reentrant_checkpoints_are_added():
    def passes(model, truth):
        x, y = batch()
        for part in range(3):
            inputs = x[part::3].clone().requires_grad_()
            loss = F.cross_entropy(checkpoint(model, inputs, use_reentrant=True), y[part::3])
            loss.backward()
            truth.add_loss(loss)

    assert_agrees(*record(step_of(passes)))


def test_gradients_assigned_from_autograd_grad_are_recorded():
    def passes(model, truth):
        x, y = batch()
        loss = F.cross_entropy(model(x), y)
        found = torch.autograd.grad(loss, list(model.parameters()))
        for parameter, gradient in zip(model.parameters(), found, strict=True):
            parameter.grad = gradient
        truth.add_loss(loss)

    run, truth = record(step_of(passes))
    recorded = points(run, "loss")
    assert recorded in ({}, pytest.approx(truth.losses))
    truth.losses = recorded
    assert_agrees(run, truth)


def test_a_gradient_penalty_is_part_of_the_loss():
    def passes(model, truth):
        x, y = batch()
        x = x.clone().requires_grad_()
        loss = F.cross_entropy(model(x), y)
        (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
        loss = loss + gradient.pow(2).sum()
        loss.backward()
        truth.add_loss(loss)

    assert_agrees(*record(step_of(passes)))


def test_a_non_finite_loss_does_not_affect_other_values():
    def loop(model, truth):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for step in range(STEPS):
            optimizer.zero_grad()
            x, y = batch()
            loss = F.cross_entropy(model(x), y) * (float("inf") if step == 9 else 1.0)
            loss.backward()
            truth.add_loss(loss)
            for parameter in model.parameters():
                parameter.grad.nan_to_num_(0.0, 0.0, 0.0)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    run, truth = record(loop)
    steps, values = run.series("loss")
    assert steps.tolist() == list(range(1, STEPS + 1))
    assert values.tolist() == pytest.approx(list(truth.losses.values()), rel=1e-5)
    assert_all(
        [
            lambda: assert_steps(run, STEPS),
            lambda: assert_norms(run, truth, "grad_norm"),
            lambda: assert_norms(run, truth, "update_ratio", rtol=2e-3),
        ]
    )
