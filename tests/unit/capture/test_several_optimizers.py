"""Several optimizers of one model."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch
from .truth import (
    Truth,
    assert_agrees,
    assert_no_internal_error,
    points,
    record,
)


def test_one_pass_for_two_optimizers_of_a_model_is_one_loss():
    def loop(model, truth):
        optimizers = [
            torch.optim.SGD(model.fc1.parameters(), lr=0.1),
            torch.optim.Adam(model.fc2.parameters(), lr=0.01),
        ]
        x, y = batch()
        for _ in range(40):
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.add_loss(loss)
            truth.before_step(model)
            for optimizer in optimizers:
                optimizer.step()
            truth.after_step(model)

    run, truth = record(loop)
    assert_agrees(run, truth, rates=False)
    rates = [set(points(run, name).values()) for name in run.names() if name[:3] == "lr/"]
    assert sorted(map(len, rates)) == [1, 1]
    assert sorted(rate for each in rates for rate in each) == pytest.approx([0.01, 0.1])


def test_parts_of_a_model_trained_in_turn_have_all_losses():
    """As in block coordinate descent: pass and step of one part, then of the other."""

    def loop(model, truth):
        parts = itertools.cycle([model.fc1, model.fc2])
        optimizers = {
            part: torch.optim.SGD(part.parameters(), lr=0.1) for part in (model.fc1, model.fc2)
        }
        x, y = batch()
        for part, _ in zip(parts, range(80), strict=False):
            model.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.add_loss(loss)
            optimizers[part].step()
            truth.after_step(model)

    run, truth = record(loop)
    assert_no_internal_error(run)
    assert run.state().skipped == ()
    recorded = [points(run, name) for name in run.names() if name.partition("/")[0] == "loss"]
    found = sorted(value for each in recorded for value in each.values())
    assert found == pytest.approx(sorted(truth.losses.values()), rel=1e-5)


@pytest.mark.parametrize("made", [(0, 1), (1, 0)])
@pytest.mark.parametrize("stepped", [(0, 1), (1, 0)])
@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_the_optimizer_that_steps_first_has_names_without_prefix(known, stepped, made):
    torch.manual_seed(0)
    model, truth, (x, y) = Net(), Truth(), batch()
    layers, rates, optimizers = (model.fc1, model.fc2), (0.1, 0.01), {}
    run = None if known else lk.watch(model, show=False, budget=1.0)
    for number in made:
        optimizers[number] = torch.optim.SGD(layers[number].parameters(), lr=rates[number])
    run = run or lk.watch(model, show=False, budget=1.0)
    for _ in range(20):
        model.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        truth.add_loss(loss)
        for number in stepped:
            optimizers[number].step()
        truth.after_step(model)
    run.close()
    assert points(run, "loss") == pytest.approx(truth.losses, rel=1e-5)
    assert not [name for name in run.names() if name.startswith("loss/")]
    for name, number in zip(("lr/0", "lr/optimizer1.0"), stepped, strict=True):
        assert list(points(run, name).values()) == pytest.approx([rates[number]] * 20)


def layers(*widths):
    pairs = itertools.pairwise(widths)
    return nn.Sequential(*(nn.Sequential(nn.Linear(a, b), nn.Tanh()) for a, b in pairs))


def norm(model):
    return torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()


@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_optimizers_that_share_parameters_are_recorded_separately(known):
    torch.manual_seed(0)
    encoder, decoder, critic = layers(4, 8, 2), layers(2, 8, 4), layers(2, 8, 1)
    models = {"encoder": encoder, "decoder": decoder, "critic": critic}
    run = None if known else lk.watch(models, show=False, budget=1.0)
    rates = {"encoder": 0.01, "critic": 0.003, "encoder.optimizer1": 0.001}
    optimizers = {
        "encoder": torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01),
        "critic": torch.optim.Adam(critic.parameters(), lr=0.003),
        "encoder.optimizer1": torch.optim.Adam(encoder.parameters(), lr=0.001),
    }
    run = run or lk.watch(models, show=False, budget=1.0)
    expected = {name: [] for name in rates}
    norms = []

    def step(name, loss):
        optimizers[name].zero_grad()
        loss.backward()
        if name == "encoder":
            norms.append(norm(encoder[0][0]))
        optimizers[name].step()
        expected[name].append(loss.item())

    for _ in range(20):
        x = torch.randn(8, 4)
        step("encoder", F.mse_loss(decoder(encoder(x)), x))
        step("critic", (critic(encoder(x).detach()) - critic(torch.randn(8, 2))).mean())
        step("encoder.optimizer1", -critic(encoder(x)).mean())
    run.close()
    assert run.steps == 20
    for name, wanted in expected.items():
        assert list(points(run, f"loss/{name}").values()) == pytest.approx(wanted, rel=1e-5)
        assert list(points(run, f"lr/{name}.0").values()) == pytest.approx([rates[name]] * 20)
    of_weight, of_bias = (
        points(run, f"grad_norm/encoder.0.0.{part}") for part in ("weight", "bias")
    )
    for number, value in of_weight.items():
        both = (value**2 + of_bias[number] ** 2) ** 0.5
        assert both == pytest.approx(norms[number - 1], rel=1e-4), (
            "the norm is not that of the first optimizer"
        )


class ComposedOptimizer(torch.optim.Optimizer):
    """Steps an inner optimizer for some of its parameters, and updates the others directly."""

    def __init__(self, parameters, part):
        super().__init__(parameters, {"lr": 0.1})
        self.inner = torch.optim.SGD(part, lr=0.05)
        self.own = {id(p) for p in part}

    @torch.no_grad()
    def step(self):
        self.inner.step()
        for p in self.param_groups[0]["params"]:
            if id(p) not in self.own:
                p.sub_(p.grad, alpha=0.1)


@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_an_optimizer_stepped_inside_another_is_not_recorded_separately(known):
    torch.manual_seed(0)
    model = layers(4, 8, 1)
    run = None if known else lk.watch(model, show=False)
    optimizer = ComposedOptimizer(model.parameters(), list(model[0].parameters()))
    run = run or lk.watch(model, show=False)
    expected = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 4)).square().mean()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    run.close()
    assert [name for name in run.names() if name.startswith("loss")] == ["loss"]
    assert list(points(run, "loss").values()) == pytest.approx(expected, rel=1e-5)
