"""Modules that are removed or get other names while a run is recorded."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from .models import batch
from .sgd_loop import sgd, train
from .truth import (
    assert_agrees_with_late_parameters,
    points,
    record,
)


def assert_early_norms_are_kept(run, truth, gone, until):
    """Check that removed names still have the norms of the first steps."""
    for name in gone:
        found = points(run, f"grad_norm/{name}")
        assert found.keys() >= set(range(1, 9)), f"{name} lost its points: {sorted(found)}"
        assert max(found) <= until


class Shrinking(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 6)
        self.fc2 = nn.Linear(6, 3)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


@pytest.mark.parametrize("known", [False, True], ids=["same-optimizer", "new-optimizer"])
def test_recorded_norms_are_kept_when_a_layer_is_removed(known):
    """No series is read during the run, so norms are still buffered when the layer is removed."""

    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer, steps=12)
        model.fc1 = nn.Identity()
        if known:
            optimizer = sgd(model)
        else:
            optimizer.param_groups[0]["params"] = list(model.parameters())
        train(model, truth, optimizer, steps=12)

    run, truth = record(loop, make=Shrinking)
    assert run.notices == ()
    assert_early_norms_are_kept(run, truth, ["fc1.weight", "fc1.bias"], until=12)
    assert_agrees_with_late_parameters(run, truth)


class Tables(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList(nn.Linear(6, 6) for _ in range(4))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        for table in self.tables:
            x = torch.tanh(table(x)) * 1.5
        return self.head(x)


def remove_one(model, optimizer):
    """Remove the second table: the names of the following ones change."""
    gone = {id(parameter) for parameter in model.tables[1].parameters()}
    del model.tables[1]
    for group in optimizer.param_groups:
        group["params"] = [p for p in group["params"] if id(p) not in gone]


def swap(model, _):
    model.tables[0], model.tables[2] = model.tables[2], model.tables[0]


def reverse(model, _):
    model.tables = nn.ModuleList(reversed(model.tables))


@pytest.mark.parametrize("after_pass", [False, True], ids=["between-steps", "after-the-pass"])
@pytest.mark.parametrize("change", [remove_one, swap, reverse], ids=lambda change: change.__name__)
@pytest.mark.parametrize("at", [6, 14, 40])
def test_renamed_modules_have_no_points_under_their_former_names(at, change, after_pass):
    """Every norm belongs to the parameter that has the name at that step."""
    means = {}

    def loop(model, truth):
        optimizer, (x, y) = sgd(model), batch()

        def note(module, _, output):
            path = next(path for path, each in model.named_modules() if each is module)
            means[f"act_mean/{path}", truth.steps + 1] = output.detach().mean().item()

        hooks = [table.register_forward_hook(note) for table in model.tables]
        for step in range(1, at + 20):
            if step == at and not after_pass:
                change(model, optimizer)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            if step == at and after_pass:
                change(model, optimizer)
            truth.add_loss(loss)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)
        for hook in hooks:
            hook.remove()

    run, truth = record(loop, make=Tables)
    assert_agrees_with_late_parameters(run, truth)
    for name in [name for name in run.names() if name.startswith("act_mean/tables.")]:
        found = points(run, name)
        assert found == pytest.approx({step: means[name, step] for step in found}, rel=1e-4)
    leaves = {
        node.scope.partition("#")[0]
        for node in run.graph.nodes
        if node.kind == "op" and node.scope.startswith("tables")
    }
    assert leaves >= {"tables.0", "tables.1", "tables.2"}
