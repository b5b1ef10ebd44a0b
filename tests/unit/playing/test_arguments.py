"""A bad argument of a playground says what was given, what is taken, and what to do."""

import pytest
import torch
from torch import nn

import labkit as lk

X, Y = torch.randn(20, 2), torch.arange(20) % 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data": "moon"}, "'moons', 'circles'.* not 'moon'"),
        ({"data": "own"}, "needs points of yours"),
        ({"data": 3}, "a pair .* not int"),
        ({"data": (X, Y[:5])}, r"not \(20, 2\) and \(5,\)"),
        ({"data": (torch.randn(20, 3), Y)}, r"not \(20, 3\)"),
        ({"data": (X, torch.arange(20))}, "two classes, but y has 20"),
        ({"data": (X * torch.nan, Y)}, "NaN or infinity"),
        ({"data": (X[:2], Y[:2])}, "from 4 to 5,000 points, not 2"),
        ({"data": (["a"], Y)}, "x is list"),
        ({"hidden": (4, 9)}, r"from 1 to 8, .* not \(4, 9\).*Example"),
        ({"hidden": (1,) * 7}, "up to 6"),
        ({"hidden": 4}, "not 4"),
        ({"activation": "step"}, "'tanh', 'relu'.* not 'step'"),
        ({"loss": "huber"}, "'bce', 'mse', 'hinge' with these data, not 'huber'"),
        ({"data": "plane", "loss": "bce"}, "'mse', 'l1', 'huber' with these data"),
        ({"optimizer": "lion"}, "'sgd'.* not 'lion'"),
        ({"lr": 0}, "greater than 0, not 0"),
        ({"lr": float("nan")}, "not nan"),
        ({"batch_size": 0}, "at least 1, not 0"),
        ({"batch_size": True}, "not True"),
        ({"noise": -1}, "from 0 to 1, not -1"),
        ({"split": 1.0}, "from 0.1 to 0.9"),
        ({"regularisation": "l3"}, "'none', 'l1', 'l2', not 'l3'"),
        ({"regularisation": ("l2", -1)}, "as penalty a number of at least 0"),
        ({"features": ()}, r"one or more of 'x1'"),
        ({"features": ("x3",)}, r"not \('x3',\)"),
        ({"seed": 0.5}, "whole number from 0"),
        ({"model": "mlp"}, "an nn.Module as model, not str"),
        ({"model": nn.ReLU()}, "no parameter that can be trained"),
        ({"model": nn.Linear(3, 1)}, "could not be called with points"),
        ({"model": nn.Linear(2, 3)}, r"returns shape \(2, 3\)"),
        ({"model": nn.Linear(2, 1).double()}, "float32 on the CPU"),
        ({"model": nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())}, "Leave out the last"),
        ({"model": nn.Linear(2, 1), "hidden": (3,)}, "takes no hidden beside it"),
    ],
)
def test_a_bad_argument_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        lk.playground(**arguments)


@pytest.mark.parametrize(
    ("y", "is_regression"),
    [
        (Y, False),
        (Y.bool().numpy(), False),
        (Y.float(), False),
        (2 * Y + 1, False),
        ([0, 1] * 10, False),
        (torch.randn(20), True),
    ],
)
def test_own_points_are_classes_or_values(y, is_regression):
    playground = lk.playground((X.numpy(), y))
    assert playground.settings.loss == ("mse" if is_regression else "bce")
    playground.close()
