"""A playground trains as a plain loop does, and touches nothing but its own model."""

import random

import pytest
import torch
from torch import nn

from labkit.playing.settings import Own, Settings, changed
from labkit.playing.training import Training


def run(training, steps):
    for _ in range(steps):
        training.run_step()
    training.evaluate()
    return training


def test_the_initial_weights_are_those_of_pytorch_for_the_seed():
    training = Training(Settings(hidden=(5, 3), seed=7))
    torch.manual_seed(7)
    plain = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 1))
    for ours, theirs in zip(training.model.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_random_numbers_of_the_process_are_not_used():
    states = torch.get_rng_state(), random.getstate()
    run(Training(Settings()), 3)
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1] == random.getstate()


@pytest.mark.parametrize("data", ["moons", "circles", "xor", "gauss", "plane", "hills"])
def test_each_data_set_is_learned_with_a_few_units(data):
    settings = changed(Settings(), {"data": data, "hidden": (8,)}, Own())
    training = run(Training(settings), 600)
    assert training.train_loss < 0.12
    assert training.test_loss < 0.3


def test_the_spirals_are_learned_with_more():
    training = run(Training(Settings(data="spirals", noise=0.05, hidden=(8, 8))), 3000)
    assert training.train_loss < 0.1


def test_an_epoch_uses_each_training_point_once():
    training = Training(Settings(split=0.5, batch_size=64))
    assert training.steps_per_epoch == 3  # of 150 points
    seen = []
    loss = training.loss
    training.loss = lambda output, y: seen.append(len(y)) or loss(output, y)
    for _ in range(3):
        training.run_step()
    assert seen == [64, 64, 22]


def test_a_rate_changes_at_once_and_other_settings_begin_again():
    training = run(Training(Settings()), 5)
    assert not training.change(changed(training.settings, {"lr": 0.5}, Own()))
    assert (training.step, training.optimizer.param_groups[0]["lr"]) == (5, 0.5)
    assert training.change(changed(training.settings, {"noise": 0.4}, Own()))
    assert training.step == 0


def test_other_data_have_their_default_loss():
    settings = changed(Settings(), {"data": "plane"}, Own())
    assert settings.loss == "mse"
    assert changed(settings, {"data": "xor"}, Own()).loss == "mse"


def test_an_own_model_is_trained_in_place_and_reset_to_what_it_was():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    before = [each.clone() for each in model.parameters()]
    training = run(Training(Settings(), own_model=model), 5)
    assert not torch.equal(model[0].weight, before[0])
    training.restart(training.settings)
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), before, strict=True))


def test_an_evaluation_leaves_the_mode_of_each_module():
    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    model[1].eval()
    training = Training(Settings(), own_model=model)
    assert [each.training for each in model] == [True, False, True, True]
    assert [layer.path for layer in training.layers] == ["model[0]", "model[3]"]


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_a_regularisation_makes_weights_smaller(kind):
    def size(settings):
        return sum(w.abs().sum() for w in run(Training(settings), 200).weights)

    assert size(Settings(regularisation=kind, penalty=0.03)) < size(Settings()) / 2


def test_a_weight_is_set_and_one_that_does_not_exist_is_refused():
    training = Training(Settings())
    before = training.train_loss
    training.set_weight(1, 0, 2, 1.5)
    training.set_weight(2, 0, None, -0.5)
    assert (training.model[2].weight[0, 2], training.model[4].bias[0]) == (1.5, -0.5)
    assert training.train_loss != before
    for place in [(3, 0, 0), (0, 4, 0), (0, 0, 2), (0, -1, 0)]:
        with pytest.raises(ValueError, match=r"no weight|no layer"):
            training.set_weight(*place, 1.0)
