"""What a run was configured with, and what it has come to, as rows of text."""

import math

import pytest
import torch
from torch import nn

import labkit as lk
from labkit.run import Run
from labkit.run.configuration import configuration_of, differing, results_of
from labkit.run.run_setup import GroupSetup


def trained(optimizer, *, steps=3, **keywords):
    """Return the ended run of a model that `optimizer` makes an optimizer for."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    stepping = optimizer(model)
    with lk.watch(model, show=False, **keywords) as run:
        for _ in range(steps):
            loss = nn.functional.mse_loss(model(torch.ones(5, 3)), torch.zeros(5, 1))
            stepping.zero_grad()
            loss.backward()
            stepping.step()
    return run


def test_an_ended_run_has_the_classes_and_the_hyperparameters_of_its_start():
    def sgd(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        optimizer.register_step_post_hook(lambda *_: optimizer.param_groups[0].update(lr=0.01))
        return optimizer

    rows = configuration_of(trained(sgd))
    assert rows["model"] == "Sequential"
    assert rows["parameters"] == "21"
    assert rows["loss function"] == "mseloss"
    assert (rows["optimizer"], rows["lr"], rows["momentum"]) == ("SGD", "0.1", "0.9")
    assert rows["torch"].startswith("2.")
    assert (rows["device"], rows["dtype"]) == ("cpu", "float32")


def test_the_optimizer_of_a_short_function_is_known_after_it_has_returned():
    model = nn.Linear(3, 1)

    def train():
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(5, 3)).square().mean().backward()
            optimizer.step()

    with lk.watch(model, show=False) as run:
        train()
    rows = configuration_of(run)
    assert (rows["optimizer"], rows["lr"]) == ("SGD", "0.1")


def test_hyperparameters_that_differ_between_groups_have_a_row_each():
    def adam(model):
        groups = [{"params": model[0].parameters()}, {"params": model[1].parameters(), "lr": 1e-4}]
        return torch.optim.AdamW(groups, lr=1e-3)

    rows = configuration_of(trained(adam))
    assert (rows["lr, group 0"], rows["lr, group 1"]) == ("0.001", "0.0001")
    assert rows["betas"] == "(0.9, 0.999)"
    assert "lr" not in rows


def test_hyperparameters_of_unknown_types_are_left_out():
    odd = {"callback": len, "rates": torch.ones(3), "huge": 10**400, "long": "x" * 10_000}

    def sgd(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=torch.tensor(0.5))
        optimizer.param_groups[0].update(odd)
        return optimizer

    run = trained(sgd)
    rows = configuration_of(run)
    assert rows["lr"] == "0.5"
    assert not {"callback", "rates", "huge"} & set(rows)
    assert len(rows["long"]) <= 200
    assert not run.notices


def test_a_given_loss_function_has_its_class():
    run = Run("demo")
    run.describe_setup({"G": "Net", "D": "Net"}, ["float32"], "MSELoss")
    assert configuration_of(run)["loss function"] == "MSELoss"
    assert configuration_of(run)["model"] == "G: Net, D: Net"


def test_the_configuration_of_the_user_has_a_row_for_each_value():
    run = Run("demo")
    run.config = {"lr": 0.30000001, "data": {"name": "", "sizes": [1, 2]}, "many": {}}
    run.config["many"] |= {str(number): number for number in range(1000)}
    rows = configuration_of(run)
    assert rows["config.lr"] == "0.3"
    assert (rows["config.data.name"], rows["config.data.sizes"]) == ("''", "[1, 2]")
    assert len(rows) <= 220


def test_a_saved_run_has_the_rows_of_the_run(tmp_path):
    saved = trained(lambda model: torch.optim.SGD(model.parameters(), lr=0.1), config={"seed": 1})
    saved.save(tmp_path / "run.lab")
    loaded = lk.load(tmp_path / "run.lab")
    assert configuration_of(loaded) == configuration_of(saved)
    assert configuration_of(loaded)["config.seed"] == "1"


def test_a_group_keeps_the_values_it_had_first():
    run = Run("demo")
    run.add_group_setups([GroupSetup("0", "SGD", {"lr": "0.1"})])
    run.add_group_setups([GroupSetup("0", "SGD", {"lr": "0.2"}), GroupSetup("1", "SGD", {})])
    assert [group.values.get("lr") for group in run.setup.groups] == ["0.1", None]


@pytest.mark.parametrize("values", [[3.0, 1.0, math.nan], [1.0, 3.0, math.nan]])
def test_results_have_the_last_and_the_lowest_values(values):
    run = Run("demo")
    table = run.add_table("loss", "loss", ["loss"])
    for step, value in enumerate(values):
        table.append(step, value)
    rows = results_of(run)
    assert (rows["loss, last"], rows["loss, lowest"]) == ("nan", "1")
    assert rows["status"] == "waiting"
    assert "loss, highest" not in rows


def test_rows_that_one_run_lacks_differ():
    assert differing([{"a": "1", "b": "2"}, {"a": "1", "c": "3"}]) == ["b", "c"]
