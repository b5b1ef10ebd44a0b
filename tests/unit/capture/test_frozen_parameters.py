"""Frozen parameters are called frozen; they have no gradient, which is not one of zero."""

import pytest
import torch
import torch.nn.functional as F

import labkit as lk
from labkit.views.run_updates import RunUpdates

from .models import Net, batch

FC1 = ("fc1.weight", "fc1.bias")
SIZE = 6 * 8 + 8


def train(model, optimizer, steps, *, set_to_none=False):
    x, y = batch()
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=set_to_none)
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def steps_of(run, name):
    return run.series(name)[0].tolist()


def freeze(module, frozen):
    module.requires_grad_(requires_grad=not frozen)


@pytest.mark.parametrize("set_to_none", [True, False])
def test_a_parameter_that_is_frozen_during_a_run_has_no_norm_from_then_on(set_to_none):
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with lk.watch(model, show=False, budget=1.0) as run:
        train(model, optimizer, 5)
        assert run.model.frozen == ()
        freeze(model.fc1, frozen=True)
        train(model, optimizer, 5, set_to_none=set_to_none)
        assert run.model.frozen == FC1
        assert run.state().parameters - run.state().trainable == SIZE
        freeze(model.fc1, frozen=False)
        train(model, optimizer, 5)
        assert run.model.frozen == ()
        assert run.state().parameters == run.state().trainable
    always = steps_of(run, "grad_norm/fc2.weight")
    assert set(range(1, 11)) < set(always)
    assert steps_of(run, "grad_norm/fc1.weight") == [n for n in always if not 6 <= n <= 10]
    assert (run.series("grad_norm/fc1.weight")[1] > 0).all()


def test_frozen_parameters_outside_the_optimizer_are_known():
    model = Net()
    freeze(model.fc1, frozen=True)
    optimizer = torch.optim.SGD(model.fc2.parameters(), lr=0.05)
    with lk.watch(model, show=False, budget=1.0) as run:
        assert run.model.frozen == FC1
        train(model, optimizer, 3)
        assert run.model.frozen == FC1
        freeze(model.fc1, frozen=False)
        optimizer.add_param_group({"params": model.fc1.parameters()})
        train(model, optimizer, 3)
        assert run.model.frozen == ()


def test_module_calls_count_their_frozen_parameters():
    model, (x, _) = Net(), batch()
    freeze(model.fc2, frozen=True)
    captured = lk.graph.capture(model, x)
    assert {call.path: call.frozen for call in captured.modules} == {
        "": 8 * 3 + 3,
        "fc1": 0,
        "fc2": 8 * 3 + 3,
    }
    assert lk.ComputationGraph.from_json(captured.to_json()) == captured


def test_the_graphs_of_a_run_follow_what_is_frozen():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with lk.watch(model, show=False, budget=1.0) as run:
        train(model, optimizer, 2)
        before = run.graph
        freeze(model.fc2, frozen=True)
        for _ in range(100_000):  # the graph is compared twice a second
            train(model, optimizer, 1)
            if len(run.graphs) > 1:
                break
        after = run.graph
    frozen = [{call.path: call.frozen for call in graph.modules} for graph in (before, after)]
    assert [each["fc2"] for each in frozen] == [0, 8 * 3 + 3]


def test_the_values_of_a_frozen_parameter_come_without_a_gradient():
    model, (x, _) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with lk.watch(model, show=False, budget=1.0) as run:
        train(model, optimizer, 3)
        freeze(model.fc1, frozen=True)
        train(model, optimizer, 3)
        run_inspection = run.inspect("fc1.weight")
    for found in (run_inspection, run.inspect("fc1.weight")):
        assert found.value is not None
        assert found.gradient is None
        assert "frozen" in found.reason
    assert run.inspect("fc2.weight").gradient is not None
    shown = lk.graph(model, x)
    assert "frozen" in shown.run.inspect("fc1.weight").reason


def test_pages_are_sent_what_is_frozen_when_it_changes():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with lk.watch(model, show=False, budget=1.0) as run:
        updates = RunUpdates(run)
        assert updates.snapshot().content["frozen"] == []
        train(model, optimizer, 2)
        assert "frozen" not in updates.frame().content
        freeze(model.fc1, frozen=True)
        train(model, optimizer, 2)
        assert updates.frame().content["frozen"] == list(FC1)
        assert "frozen" not in updates.frame().content
