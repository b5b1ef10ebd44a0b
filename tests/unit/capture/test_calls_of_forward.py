"""Modules whose `forward` is called directly have their calls in recorded graphs."""

import copy
import functools
import inspect
import pickle

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import labkit as lk

X = torch.ones(2, 4)


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x):
        return self.inner.forward(x).relu()


class Child(Base):
    def forward(self, x, scale=1.0):
        return super().forward(x) * scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block, self.head = Child(), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.block.forward(x, scale=2.0))


BOXES = [("#1", None), ("block#1", "#1"), ("block.inner#1", "block#1"), ("head#1", "#1")]


def boxes(graph):
    return [(call.id, call.parent) for call in graph.modules]


def scopes(graph):
    return {node.op: node.scope for node in graph.nodes if node.kind == "op"}


def test_a_direct_call_is_a_call_of_its_module():
    model = Net()
    for graph in (lk.graph.capture(model, X), lk.graph(model, X).graph):
        assert boxes(graph) == BOXES
        assert scopes(graph)["relu"] == scopes(graph)["mul"] == "block#1"
        assert {n.parameters[0]: n.scope for n in graph.nodes if n.parameters} == {
            "block.inner.weight": "block.inner#1",
            "block.inner.bias": "block.inner#1",
            "head.weight": "head#1",
            "head.bias": "head#1",
        }


def test_recorded_code_and_the_stepper_have_direct_calls():
    model = Net()
    with lk.graph.record(model) as recording:
        model.forward(X).sum()
    assert boxes(recording.graph) == BOXES
    with lk.graph.record() as recording:
        model.forward(X).sum()
    assert [call.path for call in recording.graph.modules] == [
        *("Net", "Net.block", "Net.block.inner", "Net.head")
    ]
    walk = lk.stepper(lambda: model.forward(X).sum()).walk
    assert [call.path for call in walk.graph.modules] == [
        *("Net", "Net.block", "Net.block.inner", "Net.head")
    ]


class Recursive(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x, depth=2):
        return self.linear(self.forward(x, depth - 1)) if depth else x


def test_a_recursive_call_is_a_call_within_the_call():
    graph = lk.graph.capture(Recursive(), X)
    assert boxes(graph) == [("#1", None), ("#2", "#1"), ("linear#1", "#2"), ("linear#2", "#1")]


class Decorated(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

    @torch.enable_grad()
    def forward(self, x):
        x = checkpoint(self.a.forward, x, use_reentrant=False)
        return functools.partial(self.b.forward)(x)


def test_methods_that_are_passed_on_and_decorated_ones_are_recorded():
    graph = lk.graph.capture(Decorated(), X)
    assert [call.id for call in graph.modules] == ["#1", "a#1", "b#1"]


def test_a_call_without_gradients_does_not_end_the_call_around_it():
    class Teacher(nn.Module):
        def __init__(self):
            super().__init__()
            self.student, self.teacher = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x):
            out = self.student(x)
            with torch.no_grad():
                target = self.teacher(x) + self.teacher.forward(x)
            return (out - target).square().mean()

    graph = lk.graph.capture(Teacher(), X)
    assert boxes(graph) == [("#1", None), ("student#1", "#1")]
    assert scopes(graph)["mean"] == "#1"
    with lk.watch(model := Teacher(), show=False) as run:
        model(X).backward()
    assert scopes(run.graph)["mean"] == "#1"


@pytest.mark.parametrize("fails", [False, True])
def test_classes_are_as_before_afterwards(fails):
    before = {kind: vars(kind).get("forward") for kind in (Net, Child, Base, nn.Linear)}
    model = Net()
    with lk.graph.record(model, keep_errors=fails) as recording:
        assert "forward" not in vars(model.block)
        assert list(inspect.signature(model.block.forward).parameters) == ["x", "scale"]
        with lk.graph.record(model):
            model(X)
        copied = copy.deepcopy(model)
        loaded = pickle.loads(pickle.dumps(model))
        model(torch.ones(2, 3) if fails else X)
    assert {kind: vars(kind).get("forward") for kind in before} == before
    assert torch.equal(copied(X), model(X))
    assert torch.equal(loaded(X), model(X))
    assert bool(recording.graph.failures) == fails


def test_the_parameters_of_a_module_that_is_not_called_are_in_the_call_around_it():
    model = nn.Sequential(nn.MultiheadAttention(4, 2), nn.Linear(4, 1))
    model.forward = lambda x: model[1](model[0](x, x, x)[0])
    graph = lk.graph.capture(model, X)
    (weight,) = [n for n in graph.nodes if n.parameters == ("0.out_proj.weight",)]
    assert weight.scope == "0#1"


def test_a_failed_direct_call_is_drawn_in_its_module():
    with lk.graph.record(model := Net(), keep_errors=True) as recording:
        model.block.forward(torch.ones(2, 3))
    (failed,) = [node for node in recording.graph.nodes if node.kind == "failed"]
    assert failed.scope == "block.inner#1"


def test_a_class_that_the_code_changes_keeps_the_change():
    class Patched(Base):
        def forward(self, x):
            return super().forward(x)

    def replacement(self, x):
        return self.inner(x)

    model = Patched()
    with lk.graph.record(model):
        Patched.forward = replacement
        model(X)
    assert Patched.forward is replacement
