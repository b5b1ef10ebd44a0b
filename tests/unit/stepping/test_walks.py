"""A walk has the gradients of `backward`, bit for bit, and changes no state."""

# ruff: noqa: PLW0108 - the stepper runs the code of its lambda; a bound method would hold a result

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .walk_models import gradients, inputs, models, same


@pytest.mark.parametrize("name", list(models()))
@pytest.mark.parametrize("form", ["tensor", "code"])
@pytest.mark.parametrize("already", [False, True])
def test_gradients_are_bitwise_equal_to_backward(name, form, already):
    model, x = models()[name], inputs()
    twin = copy.deepcopy(model)
    for each in (model, twin) if already else ():
        for parameter in each.parameters():
            parameter.grad = torch.full_like(parameter, 0.25)
    random = torch.random.get_rng_state()
    loss = model(x).pow(2).mean()
    after_loss = torch.random.get_rng_state()
    before = gradients(model)
    if form == "tensor":
        walk = lk.stepper.walk(loss)
        assert torch.equal(torch.random.get_rng_state(), after_loss)
    else:
        torch.random.set_rng_state(random)
        walk = lk.stepper.walk(lambda: model(x).pow(2).mean())
        assert torch.equal(torch.random.get_rng_state(), random)
    assert same(gradients(model), before)
    torch.random.set_rng_state(random)
    twin(x).pow(2).mean().backward()
    expected = {tuple(p.grad.shape) + tuple(p.grad.ravel().tolist()) for p in twin.parameters()}
    found = {tuple(g.shape) + tuple(g.ravel().tolist()) for g in walk.grads.values()}
    assert found == expected
    loss.backward()


@pytest.mark.parametrize("form", ["tensor", "code"])
def test_accumulate_sets_the_gradients_of_backward(form):
    model, x = models()["mlp"], inputs()
    twin = copy.deepcopy(model)
    for _ in range(2):
        loss = model(x).sum()
        lk.stepper(loss if form == "tensor" else lambda: model(x).sum(), accumulate=True)
        twin(x).sum().backward()
    assert same(gradients(model), gradients(twin))


def test_walking_code_does_not_change_buffers():
    model, x = models()["cnn"], inputs()
    before = [buffer.clone() for buffer in model.buffers()]
    lk.stepper.walk(lambda: model(x).sum())
    assert all(torch.equal(a, b) for a, b in zip(before, model.buffers(), strict=True))


def test_events_are_in_the_order_of_autograd_with_correct_values():
    w = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(1.0, requires_grad=True)
    walk = lk.stepper.walk(lambda: (w * 3.0 + b - 10.0) ** 2)
    found = [(event.phase, event.node) for event in walk.events]
    assert found == [
        ("forward", "/mul:0"),
        ("forward", "/add:0"),
        ("forward", "/sub:0"),
        ("forward", "/pow:0"),
        ("backward", "/pow:0"),
        ("backward", "/sub:0"),
        ("backward", "/add:0"),
        ("accumulate", "/b:0"),
        ("backward", "/mul:0"),
        ("accumulate", "/w:0"),
    ]
    forward = [event.outputs[0].value.numbers.item() for event in walk.events[:4]]
    assert forward == [6.0, 7.0, -3.0, 9.0]
    power = walk.events[4]
    assert power.inputs[0].value.numbers.item() == 1.0
    assert power.outputs[0].value.numbers.item() == -6.0
    assert power.formula.backward[0] == ("self", "grad * exponent * self**(exponent - 1)")
    assert walk.events[-1].after.numbers.item() == -18.0
    assert walk.events[-1].before.reason.startswith("It was None")


def test_code_has_every_value_and_a_computed_loss_names_missing_values():
    x = torch.ones(2, requires_grad=True)
    whole = lk.stepper.walk(lambda: (x + 5).sum())
    assert all(flow.value.known for event in whole.events for flow in event.outputs)
    late = lk.stepper.walk((x + 5).sum())
    assert "lk.stepper(lambda: ...)" in late.events[0].outputs[0].value.reason


def test_code_has_every_value_inside_torch_modules():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    lstm = nn.LSTM(4, 5, batch_first=True)
    x, sequence = torch.randn(1, 3, 8), torch.randn(2, 3, 4)
    a, b = torch.randn(3, 4, requires_grad=True), torch.randn(4, 2, requires_grad=True)
    for code in (
        lambda: layer(x).sum(),
        lambda: lstm(sequence)[0].sum(),
        lambda: torch.einsum("ij,jk->ik", a, b).sum(),
    ):
        walk = lk.stepper.walk(code)
        forward = [event for event in walk.events if event.phase == "forward"]
        unknown = [e.node for e in forward for flow in e.outputs if not flow.value.known]
        assert len(forward) > 1
        assert unknown == []
    product = torch.einsum("ij,jk->ik", a, b).detach()
    shown = next(e for e in forward if "bmm" in e.node).outputs[0].value
    np.testing.assert_allclose(shown.numbers, product, rtol=1e-6)


def test_a_hook_that_changes_a_gradient_is_mentioned():
    w = torch.tensor(3.0, requires_grad=True)

    def code():
        hidden = w * 2
        hidden.register_hook(lambda gradient: gradient * 5)
        return hidden**2

    walk = lk.stepper.walk(code)
    code().backward()
    hooked = [event.node for event in walk.events if "A hook" in event.words]
    assert hooked == ["/mul:0"]
    assert walk.grads["/w:0"] == w.grad


def test_a_computed_loss_has_the_values_saved_for_backward():
    model, x = models()["mlp"], inputs()
    walk = lk.stepper.walk(F.cross_entropy(model(x), torch.zeros(6, dtype=torch.long)))
    twin = lk.stepper.walk(lambda: F.cross_entropy(model(x), torch.zeros(6, dtype=torch.long)))
    forward = [event for event in walk.events if event.phase == "forward"]
    again = [event for event in twin.events if event.phase == "forward"]
    for one, other in zip(forward, again, strict=True):
        np.testing.assert_array_equal(one.outputs[0].value.numbers, other.outputs[0].value.numbers)


def test_the_first_nan_and_the_first_zero_gradient_are_found():
    w = torch.tensor([-1.0, 4.0], requires_grad=True)
    bad = lk.stepper.walk(lambda: w.sqrt().sum())
    assert bad.events[bad.first_not_finite].node == "/sqrt:0"
    assert bad.events[bad.first_not_finite].phase == "forward"
    late = lk.stepper.walk(lambda: (w - w).abs().sqrt().sum())
    assert late.events[late.first_not_finite].phase == "backward"
    dead = lk.stepper.walk(lambda: (-(w**2)).relu().sum())
    assert dead.events[dead.first_zero].node == "/relu:0"
    fine = lk.stepper.walk(lambda: (w**2).sum())
    assert fine.first_not_finite is None
    assert fine.first_zero is None


def test_large_values_are_downsampled_to_a_bounded_size():
    w = torch.arange(100_000.0).reshape(100, 1000).requires_grad_()
    value = lk.stepper.walk(lambda: (2 * w).sum()).leaves[0].value
    assert not value.whole
    assert value.numbers.shape == (32, 32)
    assert value.maximum == 99_999.0
    assert value.numbers.mean() == pytest.approx(value.mean, rel=0.01)


def test_a_walk_leaves_no_hooks():
    model, x = models()["mlp"], inputs()
    loss = model(x).sum()
    lk.stepper.walk(loss)
    lk.stepper.walk(lambda: model(x).sum())
    assert not torch.nn.modules.module._global_forward_pre_hooks
    assert not torch.overrides._get_current_function_mode_stack()
    counted = []
    loss.grad_fn.register_hook(lambda *_: counted.append(None))
    loss.backward()
    assert len(counted) == 1


def test_formulas_name_the_inputs_of_the_call():
    w = torch.tensor(3.0, requires_grad=True)
    b = torch.tensor(1.0, requires_grad=True)
    walk = lk.stepper.walk(lambda: (2 * w + b) ** 2)
    assert [event.words for event in walk.events[:3]] == [
        "mul computes w * 2.",
        "add computes mul + b.",
        "pow computes add ** 2.",
    ]
    power = walk.events[3].formula.as_called()
    assert power.backward[0] == ("add", "grad * 2 * add**(2 - 1)")
    same = lk.stepper.walk(lambda: torch.sigmoid(w) * torch.sigmoid(b))
    assert same.events[2].words == "mul computes self * other."  # both are called sigmoid


def test_formulas_depend_on_the_arguments_of_the_call():
    x, y = (torch.ones(2, requires_grad=True) for _ in range(2))
    walk = lk.stepper.walk(lambda: torch.add(x, y, alpha=3).sum())
    assert walk.events[0].formula.backward == (("self", "grad"), ("other", "3 * grad"))
    plain = lk.stepper.walk(lambda: (x - 1.0).sum())
    assert plain.events[0].formula.backward == (("self", "grad"),)
    summed = lk.stepper.walk(lambda: F.mse_loss(x, torch.zeros(2), reduction="sum"))
    assert summed.events[0].formula.forward == "sum of (self - target)**2"
    assert summed.events[0].formula.backward == (("self", "grad * 2 * (self - target)"),)
