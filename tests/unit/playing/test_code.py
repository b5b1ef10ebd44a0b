"""The exported program runs as it stands, and gives the same losses bit for bit."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

import labkit as lk
from labkit.playing.features import EXPRESSIONS, FEATURES

X, Y = torch.randn(30, 2, generator=torch.Generator().manual_seed(0)), torch.arange(30) % 2


def losses_of(code, capsys):
    names = {}
    with torch.random.fork_rng():
        exec(compile(code, "exported", "exec"), names)
    assert "loss of the training points" in capsys.readouterr().out
    return names["train_loss"], names["test_loss"]


CASES = {
    "default": {},
    "all features": {"data": "spirals", "features": tuple(FEATURES), "hidden": (8, 3)},
    "regression": {"data": "plane", "loss": "huber", "optimizer": "momentum"},
    "hills": {"data": "hills", "hidden": (5,), "noise": 0.3},
    "no hidden layer": {"data": "gauss", "loss": "hinge", "hidden": (), "optimizer": "sgd"},
    "l1": {"data": "circles", "regularisation": "l1", "activation": "relu"},
    "l2": {"data": "xor", "regularisation": ("l2", 0.01), "loss": "mse", "optimizer": "rmsprop"},
    "one batch": {"batch_size": 1000, "optimizer": "adagrad", "activation": "gelu", "seed": 3},
    "own points": {"data": (X, Y), "optimizer": "adamw", "activation": "sigmoid"},
    "three classes": {"data": "three_spirals", "hidden": (8, 4)},
    "own classes": {"data": (X, torch.arange(30) % 5), "loss": "hinge", "regularisation": "l2"},
    "own values": {"data": (X, X.sum(dim=1)), "loss": "l1", "activation": "linear"},
}


RUN_ALL = """
import json, pathlib, sys
losses = {}
for name in sys.argv[1:]:
    names = {}
    exec(pathlib.Path(name).read_text(), names)
    losses[name] = [names["train_loss"], names["test_loss"]]
print(json.dumps(losses))
"""


@pytest.mark.parametrize("name", CASES)
def test_the_program_gives_the_same_losses(name, capsys):
    playground = lk.playground(**CASES[name])
    playground.step(47)
    assert losses_of(playground.code, capsys) == (playground.train_loss, playground.test_loss)
    playground.close()


def test_the_programs_give_the_same_losses_in_a_new_process(tmp_path):
    wanted = {}
    for name, arguments in CASES.items():
        playground = lk.playground(**arguments)
        playground.step(20)
        (tmp_path / name).write_text(playground.code)
        wanted[name] = [playground.train_loss, playground.test_loss]
        playground.close()
    command = [sys.executable, "-c", RUN_ALL, *CASES]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout.splitlines()[-1]) == wanted


def test_the_program_contains_an_own_line(capsys):
    class Row(nn.Sequential):
        """Is called as any Sequential."""

    for model in (nn.Linear(2, 1), Row(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))):
        playground = lk.playground("gauss", model)
        playground.step(10)
        playground.set_weight(0, 0, 1, 0.5)
        assert losses_of(playground.code, capsys) == (playground.train_loss, playground.test_loss)
        playground.close()


def test_the_program_contains_an_own_model_with_its_initial_values(capsys):
    inner = nn.Sequential(nn.Linear(4, 4), nn.LeakyReLU(0.3))
    model = nn.Sequential(nn.Linear(2, 4, bias=False), nn.Softplus(), inner, nn.Linear(4, 1))
    playground = lk.playground("moons", model)
    playground.step(20)
    assert losses_of(playground.code, capsys) == (playground.train_loss, playground.test_loss)
    playground.close()


def test_the_program_trains_a_model_with_an_output_for_each_of_two_classes(capsys):
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))
    playground = lk.playground("moons", model)
    assert playground.settings.loss == "ce"
    playground.step(20)
    assert losses_of(playground.code, capsys) == (playground.train_loss, playground.test_loss)
    playground.close()


def test_the_program_makes_the_changes_by_hand_at_their_steps(capsys):
    playground = lk.playground(regularisation="l2")
    playground.step(5)
    playground.change(lr=0.1)
    playground.change(lr=0.01)
    playground.set_weight(0, 1, 0, 0.7)
    playground.step(5)
    playground.change(penalty=0.1)
    playground.step(5)
    playground.set_weight(1, 1, None, -0.25)
    assert losses_of(playground.code, capsys) == (playground.train_loss, playground.test_loss)
    assert "0.1\n        opt" not in playground.code  # of two changes at one step, the last
    playground.close()


@pytest.mark.parametrize("name", CASES)
def test_the_call_opens_a_playground_with_the_same_settings(name):
    playground = lk.playground(**CASES[name])
    data = CASES[name].get("data", (X, Y))
    x, y = (X, Y) if isinstance(data, str) else data
    again = eval(playground.call, {"lk": lk, "x": x, "y": y})
    assert again.settings == playground.settings
    playground.close()
    again.close()


def test_the_call_has_the_model_and_only_what_was_chosen():
    playground = lk.playground("xor", nn.Linear(2, 1), regularisation="l1")
    assert playground.call == "lk.playground('xor', model, regularisation=('l1', 0.001))"
    playground.close()


def test_what_cannot_be_written_says_what_to_put_there():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(2, 1)

        def forward(self, x):
            return self.line(x)

    playground = lk.playground("moons", Net())
    with pytest.raises(SystemExit, match="Put your model here: model = Net"):
        exec(playground.code, {})
    playground.close()


def test_a_network_that_was_not_trained_yet_has_a_program_that_trains():
    playground = lk.playground()
    assert "for step in range(1000):" in playground.code
    playground.close()


def test_the_expressions_of_features_are_the_features():
    for name, function in FEATURES.items():
        assert torch.equal(eval(EXPRESSIONS[name], {"x": X, "torch": torch}), function(X))
