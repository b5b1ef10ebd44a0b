"""Layers that are parametrized or pruned, from the start or in the middle of a run."""

import pytest
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from .models import Net
from .sgd_loop import HALF, sgd, train
from .truth import assert_agrees, assert_goes_on, points, record


class Symmetric(nn.Module):
    def forward(self, x):
        return x - x.mean()


PARAMETRIZED = {
    "weight_norm": parametrizations.weight_norm,
    "spectral_norm": parametrizations.spectral_norm,
    "own": lambda layer: parametrize.register_parametrization(layer, "weight", Symmetric()),
    "pruned": lambda layer: prune.l1_unstructured(layer, "weight", amount=0.5),
    "randomly-pruned": lambda layer: prune.random_unstructured(layer, "weight", amount=0.5),
    "old-spectral_norm": nn.utils.spectral_norm,
}


@pytest.mark.parametrize("kind", PARAMETRIZED)
def test_a_parametrized_layer_from_the_start(kind):
    def make():
        model = Net()
        PARAMETRIZED[kind](model.fc1)
        return model

    assert_agrees(*record(lambda m, t: train(m, t, sgd(m), 2 * HALF), make=make))


@pytest.mark.parametrize("kind", PARAMETRIZED)
def test_a_layer_that_is_parametrized_in_the_middle(kind):
    """The parameter has a new name from then on: under either, its numbers go on."""

    def loop(model, truth):
        train(model, truth, sgd(model))
        PARAMETRIZED[kind](model.fc1)
        train(model, truth, sgd(model))

    run, truth = record(loop)
    old = "fc1.weight"
    for norm in ("grad_norm", "update_ratio"):
        first = truth.norms[norm].pop(f"{norm}/{old}")
        new = [
            name
            for name in truth.norms[norm]
            if name.split("/")[1].startswith(("fc1.p", "fc1.weight_"))
        ]
        for name in new:
            seen = {**first, **truth.norms[norm].pop(name)}
            found = {**points(run, f"{norm}/{old}"), **points(run, name)}
            wrong = [s for s in found if found[s] != pytest.approx(seen[s], rel=2e-3, abs=1e-7)]
            if len(new) == 1:
                assert not wrong, f"{name} at {wrong}"
            if norm == "grad_norm":
                assert max(points(run, name) or found) > 1.5 * HALF, f"{name} does not go on"
    assert_goes_on(run, truth)


def test_what_was_read_stays_when_a_parametrization_is_removed():
    """Nobody asks for the series in between, so that norms wait to be written."""

    def make():
        model = Net()
        parametrizations.weight_norm(model.fc1)
        return model

    def loop(model, truth):
        train(model, truth, sgd(model), steps=12)
        parametrize.remove_parametrizations(model.fc1, "weight")
        train(model, truth, sgd(model), steps=12)

    run, truth = record(loop, make=make)
    assert run.notices == ()
    for number in range(2):
        found = points(run, f"grad_norm/fc1.parametrizations.weight.original{number}")
        assert found.keys() >= set(range(1, 9))
    assert_goes_on(run, truth)
