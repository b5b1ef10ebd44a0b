"""What is read of the loss is what plain torch gives."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk


def train(model, loss_of, steps=3):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        for _ in range(steps):
            loss = loss_of()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.notices == ()
    return run.observations


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(16, 4)


def mean_of_squares(output, targets):
    return (output - targets).square().mean()


def negated_absolute(output, targets):
    return (targets - output).abs().sum()


@pytest.mark.parametrize(
    "loss", [F.mse_loss, F.smooth_l1_loss, F.huber_loss, mean_of_squares, negated_absolute]
)
def test_the_targets_behind_a_bounded_activation_are_read(x, loss):
    model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
    targets = 3 * x[:, :1]
    read = train(model, lambda: loss(model(x), targets)).loss_inputs[0]
    assert (read.step, read.shape, read.activation, read.bounds) == (1, (16, 1), "sigmoid", (0, 1))
    assert read.targets == pytest.approx((float(targets.min()), float(targets.max())), abs=1e-5)
    margin = 0.05 * targets.std(correction=0)
    outside = ((targets < -margin) | (targets > 1 + margin)).float().mean()
    assert read.outside == pytest.approx(float(outside))


def test_targets_of_an_unbounded_output_are_not_read(x):
    model = nn.Linear(4, 1)
    read = train(model, lambda: F.mse_loss(model(x), x[:, :1])).loss_inputs[0]
    assert (read.activation, read.bounds) == (None, (-math.inf, math.inf))
    assert math.isnan(read.outside)


def test_the_shapes_of_a_broadcast_error_are_read(x):
    model = nn.Linear(4, 1)
    read = train(model, lambda: (model(x) - x[:, 0]).pow(2).mean()).loss_inputs[0]
    assert (read.shape, read.compared) == ((16, 1), (16, 16))


@pytest.mark.parametrize("dimension", [0, 1, -1])
def test_the_dimension_of_a_softmax_is_read(x, dimension):
    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dimension))
    labels = torch.arange(16) % 3
    observed = train(model, lambda: F.nll_loss(model(x), labels))
    assert observed.loss_inputs[0].loss == "cross_entropy"
    assert observed.loss_inputs[0].dimension == dimension


def test_labels_and_predictions_are_counted_without_the_ignored_ones(x):
    model = nn.Linear(4, 3)
    labels = torch.tensor([0] * 9 + [1] * 3 + [2] * 2 + [-100] * 2)
    votes = model(x).argmax(1)[:14]
    read = train(model, lambda: F.cross_entropy(model(x), labels)).labels[0]
    counts = torch.bincount(votes, minlength=3)
    assert (read.classes, read.rows, read.predicted) == (3, 14, int(counts.argmax()))
    assert read.predicted_share == pytest.approx(float(counts.max()) / 14)
    assert read.label_share == pytest.approx([9, 3, 2][read.predicted] / 14)
    shares = torch.tensor([9.0, 3.0, 2.0]) / 14
    assert read.entropy == pytest.approx(float(-(shares * shares.log()).sum()))


def test_binary_labels_with_one_output_are_counted(x):
    model = nn.Linear(4, 1)
    nn.init.constant_(model.bias, 50.0)
    labels = (torch.arange(16) < 4).float()[:, None]
    loss = F.binary_cross_entropy_with_logits
    read = train(model, lambda: loss(model(x), labels)).labels[0]
    assert (read.classes, read.predicted, read.predicted_share, read.label_share) == (2, 1, 1, 0.25)


def test_two_terms_with_labels_are_not_taken_for_one(x):
    model = nn.Linear(4, 1)
    ones, zeros = torch.ones(16, 1), torch.zeros(16, 1)
    loss = F.binary_cross_entropy_with_logits
    observed = train(model, lambda: loss(model(x), ones) + loss(model(-x), zeros))
    assert len(observed.labels) == 0
    assert len(observed.loss_inputs) >= 2


def test_the_loss_of_another_model_is_not_read(x):
    model, other = nn.Linear(4, 1), nn.Sequential(nn.Linear(4, 1), nn.Tanh())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        for _ in range(3):
            F.mse_loss(other(x), 5 + x[:, :1]).backward()
            loss = model(x).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert len(run.observations.loss_inputs) == 0


def test_a_frozen_batch_normalisation_is_compared_with_the_batch(x):
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 1))
    model[0].eval()
    observed = train(model, lambda: model(2 * x + 3).mean())
    read = observed.frozen_norms["0"][0]
    assert read.shift == pytest.approx(float((2 * x + 3).mean(0).abs().median()), rel=1e-3)
    assert read.scale == pytest.approx(float((2 * x).std(0, correction=0).median()), rel=1e-3)


def test_equal_units_are_compared_until_they_differ():
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    nn.init.constant_(model[0].weight, 0.5)
    nn.init.zeros_(model[0].bias)
    nn.init.constant_(model[2].weight, 0.1)
    inputs, labels = torch.randn(16, 4), torch.arange(16) % 3
    observed = train(model, lambda: F.cross_entropy(model(inputs), labels), steps=5)
    assert observed.equal_units == {"0.weight": 5}


def test_a_parameter_outside_of_the_model_is_reported_unless_an_optimizer_holds_it(x):
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(4, 4)]
            self.head = nn.Linear(4, 1)

        def forward(self, x):
            return self.head(self.layers[0](x))

    model = Hidden()
    assert train(model, lambda: model(x).mean()).unregistered == (
        ("", (4, 4)),
        ("", (4,)),
    )
    held = Hidden()
    optimizer = torch.optim.SGD([*held.parameters(), *held.layers[0].parameters()], lr=0.1)
    with lk.watch(held, show=False) as run:
        for _ in range(3):
            held(x).mean().backward()
            optimizer.step()
    assert run.observations.unregistered == ()
