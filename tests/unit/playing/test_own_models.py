"""The units of a module of any kind are drawn, and its layers are connected as it connects them."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from labkit.playing.maps import UNIT_SIDE, Maps, weights_of
from labkit.playing.settings import Settings
from labkit.playing.training import Training

PLANE = (-2.0, 2.0, -1.0, 1.0)


class Net(nn.Module):
    """Linear layers fc1, fc2 and fc3, called by a function."""

    def __init__(self, forward, widths=(2, 4, 4, 1)):
        super().__init__()
        for place, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            setattr(self, f"fc{place}", nn.Linear(inputs, outputs))
        self.norm = nn.LayerNorm(widths[1])
        self.function = forward

    def forward(self, x):
        return self.function(self, x)


def in_a_row(net, x):
    return net.fc3(torch.tanh(net.fc2(F.relu(net.fc1(x))))).squeeze(1)


def residual(net, x):
    h = F.relu(net.fc1(x))
    return net.fc3(F.relu(net.fc2(h)) + h)


def joined(net, x):
    h = F.relu(net.fc1(x))
    return net.fc3(net.fc2(torch.cat([h[:, :2], x], dim=1)))


CASES = {
    "in a row": (in_a_row, [0, 1, 2]),
    "in place": (lambda net, x: net.fc3(F.relu_(net.fc2(F.relu_(net.fc1(x))))), [0, 1, 2]),
    "residual": (residual, [0, 1, 2]),
    "joined": (joined, [0, None, 2]),
    "layer norm": (lambda net, x: net.fc3(net.fc2(net.norm(net.fc1(x)))), [0, None, 2]),
    "turned": (lambda net, x: net.fc3(net.fc2(net.fc1(x).flip(1))), [0, None, 2]),
    "twice": (lambda net, x: net.fc3(net.fc2(net.fc2(net.fc1(x)))), [0, 1, 2, 3]),
    "branches": (lambda net, x: net.fc3(net.fc1(x) * net.fc2(F.pad(x, (0, 2)))), [0, None, 2]),
    "no gradient": (lambda net, x: net.fc3(net.fc2(net.fc1(x).detach())), [0, None, 2]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_layer_has_as_source_what_its_inputs_are_computed_from_at_the_same_place(name):
    forward, sources = CASES[name]
    training = Training(Settings(), own_model=Net(forward))
    assert training.why_not_drawn is None
    assert [layer.source for layer in training.layers] == sources
    for layer in training.layers:
        assert layer.source is not None or "not drawn as lines" in layer.note


def test_what_is_said_of_a_connection_names_the_layers_and_the_operations():
    notes = [layer.note for layer in Training(Settings(), own_model=Net(residual)).layers]
    assert notes[:2] == ["", ""]
    assert "units of fc1 and fc2 at the same place (relu, add)" in notes[2]
    notes = [layer.note for layer in Training(Settings(), own_model=Net(joined)).layers]
    assert "before them comes torch.cat" in notes[1]


@pytest.mark.parametrize("forward", [in_a_row, residual])
def test_the_picture_of_a_unit_is_what_the_next_layer_gets(forward):
    net = Net(forward)
    net.train()
    picture = Maps(Training(Settings(), own_model=net), PLANE).units()
    point = torch.tensor([[-2 + 4 * 5.5 / 20, 1 - 2 * 12.5 / 20]])  # row 12, column 5
    with torch.no_grad():
        h = F.relu(net.fc1(point))
        second = torch.tanh(net.fc2(h)) if forward is in_a_row else F.relu(net.fc2(h)) + h
    for unit, wanted in enumerate(torch.cat([h, second], dim=1)[0].tolist()):
        scale = float(picture.scales[unit])
        cell = int(picture.values[unit, 12 * UNIT_SIDE + 5])
        assert (cell - 127) / 127 * scale == pytest.approx(wanted, abs=scale / 120)
    assert net.training


def test_of_two_branches_one_is_not_behind_the_column_before_it():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right, self.end = nn.Linear(2, 3), nn.Linear(2, 3), nn.Linear(3, 1)

        def forward(self, x):
            return self.end(F.relu(self.left(x)) * torch.sigmoid(self.right(x)))

    _, right, end = Training(Settings(), own_model=Branches()).layers
    assert (right.source, end.source) == (0, 2)
    assert "connected to the inputs, not to the column before it" in right.note
    assert "units of left and right at the same place (relu, sigmoid, mul)" in end.note


def test_batch_norm_dropout_and_a_frozen_layer_do_not_hide_a_connection():
    model = nn.Sequential(
        nn.Linear(2, 8).requires_grad_(False),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(8, 1),
    )
    training = Training(Settings(), own_model=model)
    assert [layer.source for layer in training.layers] == [0, 1]
    assert [layer.note for layer in training.layers] == ["", ""]
    assert [each.training for each in model] == [True] * 5


def test_outputs_that_are_no_layer_have_a_column_of_their_own():
    net = Net(lambda net, x: (net.fc1(x) ** 2).sum(dim=1), (2, 4))
    training = Training(Settings(), own_model=net)
    assert [(layer.path, layer.units) for layer in training.layers] == [("model.fc1", 4), ("", 1)]
    assert "not known (sum)" in training.layers[-1].note
    assert len(Maps(training, PLANE).units().values) == 4
    with pytest.raises(ValueError, match="no layer 1"):
        training.set_weight(1, 0, 0, 1.0)


def test_a_weight_of_an_own_model_is_set_and_named_in_the_program():
    net = Net(in_a_row)
    training = Training(Settings(), own_model=net)
    training.set_weight(1, 2, 3, 0.5)
    assert net.fc2.weight[2, 3] == 0.5
    assert training.changes[0].target == "model.fc2.weight[2, 3]"
    assert weights_of(training)[8 + 4 + 2 * 4 + 3] == 0.5


def test_a_weight_that_is_computed_from_others_is_not_set():
    net = Net(in_a_row)
    nn.utils.parametrizations.weight_norm(net.fc2)
    training = Training(Settings(), own_model=net)
    with pytest.raises(ValueError, match=r"model\.fc2\.weight is computed from other parameters"):
        training.set_weight(1, 0, 0, 1.0)


def test_a_model_that_calls_other_layers_than_before_has_pictures_without_numbers():
    net = Net(in_a_row)
    training = Training(Settings(), own_model=net)
    net.function = lambda net, x: net.fc3(net.fc1(x))
    values = Maps(training, PLANE).units().values
    assert set(values.reshape(-1).tolist()) == {255}


def test_no_hook_is_left():
    net = Net(in_a_row)
    training = Training(Settings(), own_model=net)
    Maps(training, PLANE).units()
    assert all(not each._forward_hooks for each in net.modules())


def test_layers_that_do_not_have_a_row_for_each_point_are_left_out():
    def forward(net, x):
        each = net.fc1(x[:, :1].unsqueeze(1)).squeeze(1)
        return net.fc2(F.relu(each))

    training = Training(Settings(), own_model=Net(forward, (1, 4, 1)))
    (layer,) = training.layers
    assert (layer.path, layer.source) == ("model.fc2", None)
    assert "a matrix product" in layer.note


def test_a_model_without_linear_layers_says_so():
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2))

        def forward(self, x):
            return (x * self.scale).sum(dim=1)

    training = Training(Settings(), own_model=Scale())
    assert "calls no nn.Linear" in training.why_not_drawn
    assert np.size(weights_of(training)) == 0


def test_misclassified_points_are_those_of_another_class_than_the_most_probable():
    model = nn.Linear(2, 3)
    nn.init.zeros_(model.weight)
    nn.init.constant_(model.bias, 0.0)
    with torch.no_grad():
        model.bias[1] = 1.0
    training = Training(Settings(data="three_spirals", loss="ce"), own_model=model)
    order = torch.cat([training.points.train, training.points.test])
    assert torch.equal(training.misclassified(), training.points.y[order] != 1)
    training = Training(Settings())
    outputs = training.model(training.inputs[order]).reshape(-1)
    assert torch.equal(training.misclassified(), (outputs > 0) != (training.points.y[order] == 1))
    assert len(Training(Settings(data="plane", loss="mse")).misclassified()) == 0
