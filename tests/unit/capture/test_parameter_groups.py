"""Parameter groups that are added, replaced or removed while a run is recorded."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from .models import batch
from .sgd_loop import HALF, sgd, train
from .truth import (
    assert_agrees,
    assert_agrees_with_late_parameters,
    points,
    record,
)


def test_an_added_group_has_its_rate_and_norms():
    """As when frozen layers are added to the optimizer during training."""

    def loop(model, truth):
        model.fc1.requires_grad_(False)
        optimizer = sgd(model.fc2)
        train(model, truth, optimizer)
        model.fc1.requires_grad_(True)
        optimizer.add_param_group({"params": model.fc1.parameters(), "lr": 0.001})
        # On a busy machine readings are far apart, even with the whole budget.
        train(model, truth, optimizer, steps=10 * HALF)

    assert_agrees_with_late_parameters(*record(loop))


def test_a_group_added_to_a_clipped_run_has_norms_before_and_after_clipping():
    def loop(model, truth):
        optimizer = sgd(model.fc2)
        x, y = batch()
        for number in range(2 * HALF):
            if number == HALF:
                optimizer.add_param_group({"params": model.fc1.parameters(), "lr": 0.001})
            model.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.add_loss(loss)
            truth.before_clipping(model)
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    run, truth = record(loop)
    for kind in ("grad_norm", "grad_norm_unclipped", "update_ratio"):
        # Before its group is added, the norms of fc1 are optional.
        for name in [name for name in truth.norms[kind] if "fc1" in name]:
            later = {s: v for s, v in truth.norms[kind][name].items() if s > HALF}
            found = points(run, name)
            assert all(found[s] == pytest.approx(later[s], rel=2e-3) for s in found if s > HALF)
            if kind == "grad_norm":
                assert max(found, default=0) > 1.5 * HALF
            del truth.norms[kind][name]
    assert_agrees(run, truth)


def test_a_group_of_another_model_changes_only_the_rates():
    extra = nn.Linear(2, 2)

    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        optimizer.add_param_group({"params": extra.parameters(), "lr": 0.001})
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert_agrees_with_late_parameters(run, truth, rates=False)
    assert points(run, "lr/0") == pytest.approx(truth.rates["lr/0"])
    added = points(run, "lr/1")
    assert added in ({}, pytest.approx(truth.rates["lr/1"]))


@pytest.mark.parametrize("how", ["list", "slice", "loaded"])
def test_replaced_groups_have_their_new_rates_and_norms(how):
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        if how == "loaded":
            state = optimizer.state_dict()
            state["param_groups"][0]["lr"] = 0.001
            optimizer.load_state_dict(state)
        else:
            new = [
                {**optimizer.param_groups[0], "params": list(part.parameters()), "lr": rate}
                for part, rate in ((model.fc1, 0.001), (model.fc2, 0.002))
            ]
            if how == "list":
                optimizer.param_groups = new
            else:
                optimizer.param_groups[:] = new
        train(model, truth, optimizer)

    assert_agrees_with_late_parameters(*record(loop))


def test_removing_a_group_keeps_the_values_of_the_others():
    def loop(model, truth):
        optimizer = torch.optim.SGD(
            [{"params": model.fc1.parameters()}, {"params": model.fc2.parameters(), "lr": 0.01}],
            lr=0.05,
        )
        train(model, truth, optimizer)
        del optimizer.param_groups[1]
        train(model, truth, optimizer)

    run, truth = record(loop)
    # The second layer is not updated any more; further norms of it are optional.
    for kind in ("grad_norm", "update_ratio"):
        for name in [name for name in truth.norms[kind] if "fc2" in name]:
            found, seen = points(run, name), truth.norms[kind].pop(name)
            assert all(found[s] == pytest.approx(seen[s], rel=2e-3, abs=1e-7) for s in found)
    assert_agrees(run, truth)


def test_rates_of_named_groups_have_the_group_names():
    def loop(model, truth):
        optimizer = torch.optim.SGD(
            [
                {"params": model.fc1.parameters(), "name": "body"},
                {"params": model.fc2.parameters(), "name": "head", "lr": 0.01},
            ],
            lr=0.05,
        )
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert points(run, "lr/body") == pytest.approx(truth.rates["lr/0"])
    assert points(run, "lr/head") == pytest.approx(truth.rates["lr/1"])
    assert_agrees(run, truth, rates=False)
