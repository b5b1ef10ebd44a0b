"""The pictures are what the units give at the points of the plane."""

import numpy as np
import pytest
import torch
from torch import nn

from labkit.playing.maps import OUTPUT_SIDE, UNIT_SIDE, Maps, weights_of
from labkit.playing.own_points import OwnPoints
from labkit.playing.settings import Settings
from labkit.playing.training import Training

PLANE = (-2.0, 2.0, -1.0, 1.0)


def value(picture, unit, row, column):
    cell = int(picture.values[unit, row * UNIT_SIDE + column])
    return (cell - 127) / 127 * float(picture.scales[unit])


def test_a_feature_grows_to_the_right_and_upwards():
    picture = Maps(Training(Settings()), PLANE).features()
    assert value(picture, 0, 0, 19) == pytest.approx(1.9, abs=0.02)
    assert value(picture, 0, 0, 0) == pytest.approx(-1.9, abs=0.02)
    assert value(picture, 1, 0, 0) == pytest.approx(0.95, abs=0.01)
    assert value(picture, 1, 19, 0) == pytest.approx(-0.95, abs=0.01)


def test_a_unit_is_drawn_as_the_model_computes_it():
    training = Training(Settings(hidden=(3, 2), activation="relu"))
    picture = Maps(training, PLANE).units()
    assert len(picture.values) == 5
    point = torch.tensor([[-2 + 4 * 5.5 / 20, 1 - 2 * 12.5 / 20]])  # row 12, column 5
    with torch.no_grad():
        expected = training.model[:4](point)[0]
    for unit, wanted in enumerate(expected.tolist()):
        scale = float(picture.scales[3 + unit])
        assert value(picture, 3 + unit, 12, 5) == pytest.approx(wanted, abs=scale / 120)


def test_the_output_is_the_probability_of_a_class_or_the_value_in_its_range():
    model = nn.Linear(2, 1)
    nn.init.zeros_(model.weight)
    nn.init.constant_(model.bias, np.log(3))  # a probability of 3/4
    cells = Maps(Training(Settings(), own_model=model), PLANE).output()
    assert set(cells.tolist()) == {round(127 + 127 / 2)}
    assert len(cells) == OUTPUT_SIDE**2
    x = torch.randn(10, 2)
    values = OwnPoints(x, torch.linspace(5, 9, 10), 0, ())
    nn.init.constant_(model.bias, 9)
    cells = Maps(Training(Settings(loss="mse"), values, model), PLANE).output()
    assert set(cells.tolist()) == {254}


def test_numbers_that_are_not_finite_have_a_value_of_their_own():
    training = Training(Settings(hidden=()))
    with torch.no_grad():
        training.model[0].bias.fill_(torch.nan)
    assert set(Maps(training, PLANE).output().tolist()) == {255}


def test_the_weights_are_those_of_each_layer_with_nan_for_a_bias_that_is_missing():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1))
    weights = weights_of(Training(Settings(), own_model=model))
    flat = [model[0].weight.reshape(-1), model[2].weight.reshape(-1), model[2].bias]
    assert np.isnan(weights[4:6]).all()
    assert weights[[0, 1, 2, 3, 6, 7, 8]].tolist() == torch.cat(flat).tolist()


def test_the_output_for_several_classes_is_the_most_probable_one_and_how_sure_it_is():
    model = nn.Linear(2, 3)
    nn.init.zeros_(model.weight)
    for outputs, cell in (([0, 50, 0], 31 + 30), ([0, 0, 50], 62 + 30), ([0, 0, 0], 0)):
        with torch.no_grad():
            model.bias.copy_(torch.tensor(outputs))
        training = Training(Settings(data="three_spirals", loss="ce"), own_model=model)
        maps = Maps(training, PLANE)
        assert set(maps.output().tolist()) == {cell}
        assert len(maps.units().values) == 3


def test_of_a_wide_layer_the_first_units_are_drawn():
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 1))
    training = Training(Settings(), own_model=model)
    assert len(Maps(training, PLANE).units().values) == 12
    weights = weights_of(training)
    assert len(weights) == 12 * 2 + 12 + 12 + 1
    assert weights[36:48].tolist() == model[2].weight[0, :12].tolist()
