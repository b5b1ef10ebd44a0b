"""`run.log`: accepted values, reserved names, steps of metrics."""

import subprocess
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from labkit.run import Run
from labkit.run.series.kinds import SAMPLED_KINDS, is_reserved

OWN = (
    "loss",
    "loss/G",
    "lr/0",
    "lr/D.1",
    *sorted(SAMPLED_KINDS),
    *(f"{kind}/fc.weight" for kind in sorted(SAMPLED_KINDS)),
)

NUMBERS = {
    "int": 3,
    "bool": True,
    "Decimal": Decimal("0.5"),
    "Fraction": Fraction(1, 4),
    "float16": np.float16(0.5),
    "int64": np.int64(-7),
    "0-d array": np.array(2.5),
    "array of shape (1, 1)": np.array([[2.5]]),
    "bool array": np.array([True]),
    "0-d tensor": torch.tensor(2.5),
    "tensor of shape (1, 1, 1)": torch.tensor([[[2.5]]]),
    "bfloat16": torch.tensor([1.5], dtype=torch.bfloat16),
    "int tensor": torch.tensor([[4]]),
    "parameter": torch.nn.Parameter(torch.tensor([0.5])),
    "sparse": torch.tensor([2.0]).to_sparse(),
}

NOT_NUMBERS = {
    "bytes": b"1",
    "None": None,
    "complex": 1j,
    "numpy complex": np.complex64(1),
    "complex tensor": torch.tensor([1j]),
    "list": [1.0],
    "dict": {},
    "two elements": np.zeros(2),
    "no elements": torch.zeros(0),
    "two-element tensor": torch.zeros(2, 1),
    "text array": np.array(["1"]),
    "too large": 10**400,
    "meta tensor": torch.zeros(1, device="meta"),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_and_single_elements_are_logged(kind):
    value = NUMBERS[kind]
    run = Run()
    run.log(metric=value)
    plain = value.detach() if isinstance(value, torch.Tensor) else value
    assert run.series("metric")[1].tolist() == [
        float(plain.item() if hasattr(plain, "item") else plain)
    ]


@pytest.mark.parametrize("kind", NOT_NUMBERS)
def test_values_that_are_no_single_real_number_are_refused(kind):
    run = Run()
    with pytest.raises(TypeError, match=r"run\.log\(bad=\.\.\.\) takes a real number.* not "):
        run.log(good=1.0, epoch=3, bad=NOT_NUMBERS[kind])
    assert (run.names(), run.epoch) == ([], None)


def test_a_loss_that_requires_grad_is_logged_without_a_warning():
    loss = torch.nn.Linear(3, 1)(torch.ones(1, 3))
    run = Run()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.log(my_loss=loss, mine=loss.squeeze())
    assert run.series("my_loss")[1].tolist() == [pytest.approx(loss.item())]


@pytest.mark.parametrize("name", OWN)
def test_reserved_names_are_refused_before_and_after_the_first_step(name):
    run = Run()
    for step in (0, 1):
        run.advance_to(step)
        with pytest.raises(ValueError, match="my_") as refused:
            run.log(**{"accuracy": 1.0, name: 0.5})
        assert repr(name) in str(refused.value)
        assert run.names() == []


@pytest.mark.parametrize(
    "name", ["my_loss", "val_loss", "val/loss", "lr", "accuracy", "losses", "self"]
)
def test_names_that_are_not_reserved_are_logged(name):
    run = Run()
    run.log(**{name: 0.5})
    assert run.series(name)[1].tolist() == [0.5]


def test_all_series_of_a_watched_loop_have_reserved_names():
    code = """
import torch, labkit as lk
from labkit.run.series.kinds import SAMPLED_KINDS, is_reserved
models = {"a": torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))}
for watched in (models, models["a"]):
    optimizer = torch.optim.SGD(models["a"].parameters(), lr=0.1)
    with lk.watch(watched, show=False, budget=1.0) as run:
        for _ in range(40):
            optimizer.zero_grad()
            for _ in range(2):
                models["a"](torch.randn(8, 3)).pow(2).mean().backward()
            torch.nn.utils.clip_grad_norm_(models["a"].parameters(), 0.1)
            optimizer.step()
    assert {table.kind for table in run.tables.values()} <= SAMPLED_KINDS | {"loss", "lr"}
    assert all(is_reserved(name) for name in run.names()), run.names()
    assert len(run.names()) > 10
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_logging_to_a_closed_run_raises():
    run = Run("mnist")
    run.log(accuracy=0.5)
    run.close()
    with pytest.raises(RuntimeError, match=r"'mnist' had ended \(finished\).*before run\.close"):
        run.log(accuracy=0.6)
    assert run.series("accuracy")[1].tolist() == [0.5]


def test_a_metric_has_the_last_completed_step_and_the_last_value():
    run = Run()
    run.log(accuracy=0.1)
    for step in (3, 4):
        run.advance_to(step)
        run.log(accuracy=step / 10)
        run.log(accuracy=step)
    assert run.series("accuracy")[0].tolist() == [0, 3, 4]
    assert run.series("accuracy")[1].tolist() == pytest.approx([0.1, 3, 4])
    assert run.to_frame()["accuracy"].tolist() == pytest.approx([0.1, 3, 4])
    assert run.recorder.refused == 0


def test_the_number_of_metric_names_is_bounded_with_a_notice():
    run = Run()
    for number in range(3000):
        run.log(**{f"m{number}": 1.0})
    assert len(run.tables) <= 1024
    assert ["further names" in notice.text for notice in run.notices] == [True]


def test_is_reserved_compares_the_kind_of_a_name():
    assert [is_reserved(name) for name in ("loss", "loss/", "loss_G", "act_mean/x", "actor")] == [
        True,
        True,
        False,
        True,
        False,
    ]
