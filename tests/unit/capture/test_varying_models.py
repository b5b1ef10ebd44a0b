"""Models trained in turn, and models that call different modules at each step."""

import functools
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch
from .truth import assert_agrees, points, record

STEPS = 60


def train(model, truth, factor=1.0, steps=STEPS, call=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    x, y = batch()
    for number in range(steps):
        optimizer.zero_grad()
        out = model(x) if call is None else call(model, x, number)
        loss = F.cross_entropy(out, y) * factor
        loss.backward()
        truth.add_loss(loss)
        truth.before_step(model, optimizer)
        optimizer.step()
        truth.after_step(model)


def scopes(run):
    """Return the module paths of all graphs of a run."""
    return {
        node.scope.partition("#")[0] for graph in run.graphs for node in graph.nodes if node.scope
    }


@pytest.mark.parametrize("order", ["in-turn", "one-after-the-other", "three-to-one"])
def test_each_of_two_models_has_a_graph_and_activations(order):
    torch.manual_seed(0)
    models = {"a": Net(), "b": Net()}
    optimizers = {name: torch.optim.SGD(m.parameters(), lr=0.01) for name, m in models.items()}
    turns = {
        "in-turn": ["a", "b"] * STEPS,
        "one-after-the-other": ["a"] * STEPS + ["b"] * STEPS,
        "three-to-one": ["a", "a", "a", "b"] * STEPS,
    }[order]
    x, y = batch()
    with lk.watch(models, show=False, budget=1.0) as run:
        for name in turns:
            optimizers[name].zero_grad()
            F.cross_entropy(models[name](x), y).backward()
            optimizers[name].step()
    assert {"a.fc1", "a.fc2", "b.fc1", "b.fc2"} <= scopes(run)
    for name in ("a.fc1", "a.fc2", "b.fc1", "b.fc2"):
        assert points(run, f"act_mean/{name}"), f"no activations of {name}"


def test_each_of_three_models_trained_in_turn_has_a_graph_and_activations():
    torch.manual_seed(0)
    models = {name: Net() for name in "abc"}
    optimizers = {name: torch.optim.SGD(m.parameters(), lr=0.01) for name, m in models.items()}
    x, y = batch()
    with lk.watch(models, show=False, budget=1.0) as run:
        for _ in range(STEPS):
            for name, model in models.items():
                optimizers[name].zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizers[name].step()
    assert run.steps == STEPS
    for name in models:
        assert f"{name}.fc1" in scopes(run)
        assert points(run, f"act_mean/{name}.fc1")
        assert len(points(run, f"loss/{name}")) == STEPS


class LayerDrop(nn.Module):
    def __init__(self, layers=6):
        super().__init__()
        self.stem = nn.Linear(6, 8)
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(layers))
        self.head = nn.Linear(8, 3)
        self.random = random.Random(0)

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers:
            if self.random.random() < 0.7:
                x = x + torch.tanh(layer(x))
        return self.head(x)


class Experts(nn.Module):
    """Routes each sample to one expert; some experts get no sample."""

    def __init__(self, experts=6):
        super().__init__()
        self.gate = nn.Linear(6, experts)
        self.experts = nn.ModuleList(nn.Linear(6, 3) for _ in range(experts))

    def forward(self, x):
        x = x + torch.randn_like(x)
        weights, chosen = self.gate(x).softmax(1).max(1)
        out = x.new_zeros(len(x), 3)
        for number, expert in enumerate(self.experts):
            mine = (chosen == number).nonzero()[:, 0]
            if len(mine):
                out = out.index_add(0, mine, expert(x[mine]) * weights[mine, None])
        return out


class Heads(nn.Module):
    def __init__(self, heads=3):
        super().__init__()
        self.trunk = nn.Linear(6, 8)
        self.heads = nn.ModuleList(nn.Linear(8, 3) for _ in range(heads))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return self.heads[self.calls % len(self.heads)](self.trunk(x).relu())


VARYING = {LayerDrop: "head", Experts: "gate", Heads: "trunk"}


@functools.cache
def long_run(make):
    """Return a closed run of many steps, which several tests read."""
    return record(lambda model, truth: train(model, truth, steps=400), make=make)[0]


@pytest.mark.parametrize("make", VARYING, ids=lambda make: make.__name__)
def test_modules_called_in_some_steps_have_correct_values(make):
    assert_agrees(*record(train, make=make))


@pytest.mark.parametrize("make", VARYING, ids=lambda make: make.__name__)
def test_a_module_called_in_every_step_has_every_activation_sample(make):
    run = long_run(make)
    always = points(run, f"act_mean/{VARYING[make]}")
    assert len(always) >= 5
    for name in run.names():
        if name.startswith("act_mean/"):
            assert points(run, name).keys() <= always.keys(), name


@pytest.mark.parametrize("make", VARYING, ids=lambda make: make.__name__)
def test_stored_tables_do_not_grow_with_the_sets_of_called_modules(make):
    run = long_run(make)
    kinds = [table.kind for table in run.tables.values()]
    assert max(np.unique(kinds, return_counts=True)[1]) <= 2, sorted(run.tables)


def test_a_module_list_written_inline_is_recorded():
    """The watched list is freed at once; its modules are referenced and trained."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(6, 4), nn.Linear(4, 3)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.02)
    x, y = batch()
    losses = {}
    with lk.watch(nn.ModuleList([encoder, decoder]), show=False, budget=1.0) as run:
        for number in range(1, STEPS + 1):
            optimizer.zero_grad()
            loss = F.cross_entropy(decoder(encoder(x).relu()), y)
            loss.backward()
            optimizer.step()
            losses[number] = loss.item()
            assert run.status == "running"
    assert points(run, "loss") == pytest.approx(losses, rel=1e-5)
    for name in ("grad_norm/0.weight", "grad_norm/1.weight", "update_ratio/1.weight"):
        assert points(run, name)
    assert points(run, "act_mean/0")
    assert {"0", "1"} <= scopes(run)


@pytest.mark.parametrize("wrap", [nn.Sequential, lambda *m: nn.ModuleDict({"a": m[0], "b": m[1]})])
def test_any_container_written_inline_is_recorded(wrap):
    first, second, (x, y) = nn.Linear(6, 4), nn.Linear(4, 3), batch()
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.02)
    run = lk.watch(wrap(first, second), show=False, budget=1.0)
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(second(first(x)), y).backward()
        optimizer.step()
    run.close()
    assert run.steps == STEPS
    assert len(points(run, "loss")) == STEPS


class WithLSTM(nn.Module):
    """Passes the state of its LSTM as a list, which torch accepts."""

    def __init__(self):
        super().__init__()
        self.inputs = nn.Linear(6, 5)
        self.lstm = nn.LSTM(5, 4, batch_first=True)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        state = [torch.zeros(1, len(x), 4), torch.zeros(1, len(x), 4)]
        out, _ = self.lstm(self.inputs(x)[:, None], state)
        return self.head(out[:, 0])


def test_an_unreadable_module_does_not_affect_the_other_modules():
    run, truth = record(train, make=WithLSTM)
    assert run.steps == truth.steps
    for name in ("inputs", "head"):
        assert len(points(run, f"act_mean/{name}")) >= 3


def test_functional_calls_of_the_model_are_recorded():
    def call(model, x, _):
        return torch.func.functional_call(model, dict(model.named_parameters()), (x,))

    assert_agrees(*record(lambda m, t: train(m, t, call=call)))


def test_functional_calls_with_derived_weights_are_recorded():
    def call(model, x, _):
        weights = {name: value * 0.9 for name, value in model.named_parameters()}
        return torch.func.functional_call(model, weights, (x,))

    assert_agrees(*record(lambda m, t: train(m, t, call=call)))


def test_alternating_evaluation_and_training_calls_are_recorded():
    def make():
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3))

    def call(model, x, number):
        model.eval()
        with torch.no_grad():
            model(x)
        model.train(number % 4 != 0)
        return model(x)

    assert_agrees(*record(lambda m, t: train(m, t, call=call), make=make))
