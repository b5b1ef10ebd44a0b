"""A bad argument of a playground says what was given, what is taken, and what to do."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from labkit.playing.choices import OPTIMIZERS

X, Y = torch.randn(20, 2), torch.arange(20) % 2


class Returning(nn.Module):
    """A linear layer whose output is passed through a function."""

    def __init__(self, function):
        super().__init__()
        self.line, self.function = nn.Linear(2, 1), function

    def forward(self, x):
        return self.function(self.line(x))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data": "moon"}, "'moons', 'circles'.* not 'moon'"),
        ({"data": "own"}, "needs points of yours"),
        ({"data": 3}, "a pair .* not int"),
        ({"data": (X, Y[:5])}, r"not \(20, 2\) and \(5,\)"),
        ({"data": (torch.randn(20, 3), Y)}, r"not \(20, 3\)"),
        ({"data": (X, torch.arange(20))}, "up to 8 classes, but y has 20"),
        ({"data": (torch.randn(20, 50), Y)}, r"two of the 50 columns, as in x\[:, \[0, 1\]\]"),
        ({"data": (X[:, :1], Y)}, "To one feature add a second one"),
        ({"data": (X[:, 0], Y)}, "To one feature add a second one"),
        ({"data": (X.T, Y)}, r"Give x\.T"),
        ({"data": (X, F.one_hot(Y))}, r"give y\.argmax\(1\)"),
        ({"data": (X, torch.full((20,), 5))}, "one whole number only, 5"),
        ({"data": (X, np.array(list("abcdefghij") * 2))}, "10 different texts.* y == 'a'"),
        ({"data": pd.DataFrame({"a": [1.0]})}, r"table\[\[\"a\", \"b\"\]\]"),
        ({"data": nn.Linear(2, 1)}, "model=model"),
        ({"data": (X.to("meta"), Y)}, "cannot be converted"),
        ({"data": (X * torch.nan, Y)}, r"NaN or infinity .* 20 of 20 points \(the first is 0\)"),
        ({"data": (torch.randn(100_000, 2), torch.arange(100_000) % 2)}, r"x\[::20\], y\[::20\]"),
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
        ({"lr": 1e300}, "up to 1e30 .* not 1e[+]300"),
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
        ({"model": nn.Linear}, r"not its class: Linear\(\)"),
        ({"model": Returning(lambda y: (y, 1))}, "The model returns tuple"),
        ({"model": Returning(lambda y: None)}, "The model returns NoneType"),
        ({"model": Returning(torch.Tensor.detach)}, "outputs of the model have no gradient"),
        ({"model": nn.Linear(2, 1).requires_grad_(False)}, "no parameter that can be trained"),
        ({"model": nn.Linear(2, 1, device="meta")}, "float32 on the CPU"),
        ({"model": nn.ReLU()}, "no parameter that can be trained"),
        ({"model": nn.Linear(3, 1)}, "could not be called with points"),
        ({"model": nn.Linear(2, 3)}, r"returns shape \(n, 3\).*, as \"three_spirals\""),
        ({"model": nn.Linear(2, 9)}, r"returns shape \(2, 9\)"),
        ({"data": "plane", "model": nn.Linear(2, 2)}, r"the values of 'plane' need \(n, 1\)"),
        (
            {"data": "three_spirals", "model": nn.Linear(2, 1)},
            r"the 3 classes of 'three_spirals' need",
        ),
        (
            {"data": (X, torch.arange(20) % 4), "model": nn.Linear(2, 2)},
            "4 classes of your points need",
        ),
        ({"data": "three_spirals", "loss": "bce"}, "'ce', 'hinge' with these data"),
        ({"model": nn.Linear(2, 1).double()}, "float32 on the CPU"),
        ({"model": nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())}, "Leave out the last"),
        ({"model": Returning(torch.sigmoid)}, "ends with sigmoid"),
        ({"model": nn.Sequential(nn.Linear(2, 2), nn.Softmax(1))}, "ends with softmax"),
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
        (2.0 * Y - 1, False),
        (np.array(["no", "yes"])[Y], False),
        (pd.Series(["no", "yes"] * 10), False),
        (pd.Series(["no", "yes"] * 10, dtype="category"), False),
        (pd.Series([0, 1] * 10, dtype="Int64"), False),
        ([0, 1] * 10, False),
        (torch.randn(20), True),
        (0.5 * Y, True),
    ],
)
def test_own_points_are_classes_or_values(y, is_regression):
    playground = lk.playground((X.numpy(), y))
    assert playground.settings.loss == ("mse" if is_regression else "bce")
    playground.close()


@pytest.mark.parametrize(
    ("y", "names"),
    [
        (torch.arange(20) % 3, ("class 0", "class 1", "class 2")),
        (np.array([7, -1, 4, 9])[np.arange(20) % 4], ("class -1", "class 4", "class 7", "class 9")),
        (pd.Series(list("abcde") * 4), ("a", "b", "c", "d", "e")),
        ((torch.arange(20) % 8).to(torch.uint8), tuple(f"class {each}" for each in range(8))),
    ],
)
def test_own_points_have_up_to_eight_classes(y, names):
    playground = lk.playground((X, y))
    training = playground._session.training
    assert (training.class_names, training.outputs) == (names, len(names))
    assert training.points.y[:2].tolist() == [names.index(_name(each)) for each in list(y)[:2]]
    playground.close()


def _name(label):
    return label if isinstance(label, str) else f"class {int(label)}"


@pytest.mark.parametrize(
    "data",
    [
        (pd.DataFrame(X.numpy(), columns=["a", "b"]), pd.Series(Y.numpy())),
        (X.numpy()[::-1], Y.numpy()[::-1]),
        (X.numpy().astype(object), Y.numpy()),
        (X.double().requires_grad_(), Y),
        (X.to_sparse(), Y),
        torch.utils.data.TensorDataset(X, Y),
    ],
    ids=["data frame", "reversed", "objects", "float64", "sparse", "dataset"],
)
def test_own_points_come_in_many_forms(data):
    playground = lk.playground(data)
    x = playground._session.training.points.x
    assert torch.equal(x, X) or torch.equal(x, X.flip(0))
    playground.close()


def test_the_classes_of_own_points_have_their_names():
    for y, names in [
        (np.array(["no", "yes"])[Y], ("no", "yes")),
        (2 * Y + 1, ("class 1", "class 3")),
        (Y.bool(), ("False", "True")),
        (Y, ("class 0", "class 1")),
    ]:
        playground = lk.playground((X, y))
        assert playground._session.training.class_names == names
        playground.close()


def test_names_in_menus_are_taken_in_capitals_and_layers_as_an_array():
    playground = lk.playground(optimizer="Adam", activation="ReLU", hidden=np.array([3, 2]))
    assert isinstance(playground.model[1], nn.ReLU)
    assert playground.settings.hidden == (3, 2)
    playground.close()


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_a_rate_that_is_far_too_large_gives_a_loss_and_no_error(optimizer):
    playground = lk.playground("plane", optimizer=optimizer, lr=1e30)
    playground.step(30)
    assert not playground.train_loss < 1.0
    playground.close()
