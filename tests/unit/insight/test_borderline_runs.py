"""Faulty runs that resemble healthy ones, and what their findings say."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from labkit import learn

from .faulty_loops import with_dropout
from .loops import Recurrent, classify, mlp, points, regress, watched


def findings(run):
    return {finding.rule: finding.message for finding in run.findings}


def test_a_learning_rate_that_is_too_high_names_the_highest_loss():
    torch.manual_seed(0)
    model = mlp(outputs=1)
    x, _ = points()
    run = watched(model, regress(model, x, 2 * x[:, :1]), lr=0.5, steps=60)
    steps, losses = run.series("loss")
    message = findings(run)["learning-rate-too-high"]
    assert f"highest {losses.max():.4g} at step {steps[losses.argmax()]:,}" in message


def test_held_out_data_evaluated_in_training_mode_at_every_step_are_found():
    torch.manual_seed(0)
    model, (x, y), (held_out, labels) = with_dropout(), points(), points()

    def evaluate(run, step):
        with torch.no_grad():
            run.log(val_loss=F.cross_entropy(model(held_out), labels))

    run = watched(model, classify(model, x, y), after=evaluate)
    assert "evaluated-in-training-mode" in findings(run)


def test_an_evaluation_in_training_mode_at_the_end_is_found():
    torch.manual_seed(0)
    model, (x, y) = with_dropout(), points()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(60):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            model(x)
    assert "evaluated-in-training-mode" in findings(run)


def test_steps_below_the_precision_of_the_weights_change_nothing():
    torch.manual_seed(0)
    model = mlp().bfloat16()
    x, y = points()
    run = watched(model, classify(model, x.bfloat16(), y), lr=1e-7)
    assert "precision of the weights" in findings(run)["no-change"]


def test_gradients_that_grow_through_time_are_found():
    torch.manual_seed(0)
    model = Recurrent(lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options))
    with torch.no_grad():
        nn.init.orthogonal_(model.recurrent.weight_hh_l0).abs_().mul_(0.5)
    x = 0.01 * torch.rand(32, 40, 1)
    run = watched(model, classify(model, x, (x[:, 0, 0] > 0.005).long()), lr=1e-14, steps=120)
    assert "through time" in findings(run)["exploding-gradients"]


@pytest.mark.parametrize("factor", [1.0, 1e-6, 64.0])
def test_gradients_that_grow_through_the_layers_are_found_with_any_factor_of_the_loss(factor):
    torch.manual_seed(0)
    model = mlp(outputs=1, depth=14)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    x, _ = points()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    run = watched(model, lambda step: factor * F.mse_loss(model(x), x[:, :1]), optimizer=optimizer)
    assert "layers" in findings(run)["exploding-gradients"]


def test_pixels_that_are_dark_in_most_centred_images_are_not_of_another_scale():
    torch.manual_seed(0)
    data = learn.digits(side=28)
    x = (data.x_train - data.x_train.mean()) / data.x_train.std()
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))
    run = watched(model, lambda step: F.cross_entropy(model(x[:64]), data.y_train[:64]), steps=60)
    assert "input-not-scaled" not in findings(run)


# Of a network that learns wrong labels of few digits by heart, after each epoch.
VARIES_MORE_AND_MORE = """
1.891 1.016 .693 .579 .574 .478 .545 .451 .614 .572 .429 .529 .499 .524 .564 .528 .521 .476 .545
.728 .622 .595 .543 .647 .725 .640 .502 .619 .655 .740 .657 .774 1.129 .759 .715 .922 .708 .771
"""


@pytest.mark.parametrize(
    ("order", "is_found"),
    [(lambda values: values, True), (lambda values: values[:9] + values[9:23] * 2, False)],
    ids=["rises", "only varies"],
)
def test_a_held_out_loss_that_rises_while_it_varies_more_and_more_is_overfitting(order, is_found):
    torch.manual_seed(0)
    model, (x, y) = mlp(), points()
    values = iter(order([float(each) for each in VARIES_MORE_AND_MORE.split()]))

    def log(run, step):
        if step % 4 == 3:
            run.log(val_loss=next(values))

    run = watched(model, classify(model, x, y), lr=0.02, steps=148, after=log)
    assert ("overfitting" in findings(run)) is is_found
