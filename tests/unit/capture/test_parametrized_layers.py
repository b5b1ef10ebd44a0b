"""Layers that are parametrized or pruned, before or during a run."""

import pytest
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from .models import Net
from .sgd_loop import HALF, sgd, train
from .truth import assert_agrees, assert_agrees_with_late_parameters, points, record


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
def test_a_layer_parametrized_before_training_is_recorded(kind):
    def make():
        model = Net()
        PARAMETRIZED[kind](model.fc1)
        return model

    assert_agrees(*record(lambda m, t: train(m, t, sgd(m), 2 * HALF), make=make))


@pytest.mark.parametrize("kind", PARAMETRIZED)
def test_norms_continue_when_a_layer_is_parametrized_during_the_run(kind):
    """The parameter gets a new name; its norms continue under the old or the new one."""

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
    assert_agrees_with_late_parameters(run, truth)


def test_recorded_norms_are_kept_when_a_parametrization_is_removed():
    """No series is read during the run, so norms are still buffered at the removal."""

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
    assert_agrees_with_late_parameters(run, truth)
