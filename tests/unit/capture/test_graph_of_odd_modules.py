"""Odd modules and keywords, other threads, and where a recording ends."""

import random
import threading
import xml.dom.minidom

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import labkit as lk

from .graph_queries import ops

X = torch.ones(2, 3)


class Half(nn.Module):
    def __init__(self):
        self.note = "super().__init__() was not called"


class Shadowed(nn.Linear):
    def __init__(self):
        super().__init__(3, 2)
        self.parameters = {"rate": 0.1}
        self.modules = self.named_parameters = self.buffers = None


class Delegating(nn.Module):
    def __init__(self):
        pass

    def __getattr__(self, name):
        return getattr(self.wrapped, name)


class Child(nn.Linear):
    def __init__(self, owner):
        super().__init__(3, 3)
        self.owner = owner


class Parent(nn.Module):
    def __init__(self):
        super().__init__()
        self.child = Child(self)

    def forward(self, x):
        return self.child(x)


class Keywords(nn.Linear):
    def forward(self, x, *, target=None, name=None, model=None, inputs=None, self_=None):
        y = super().forward(x)
        given = [each for each in (target, name, model, inputs, self_) if each is not None]
        return y * len(given) if given else y


@pytest.mark.parametrize("odd", [Half, Shadowed, Delegating, Parent])
def test_odd_modules_elsewhere_do_not_matter(odd):
    alive = odd()
    model = nn.Linear(3, 1)
    graph = lk.graph.capture(model(X).sum())
    assert {n.parameters for n in graph.nodes if n.parameters} == {("weight",), ("bias",)}
    del alive


@pytest.mark.parametrize("odd", [Shadowed, Parent])
def test_odd_modules_have_a_graph(odd):
    model = odd()
    names = {n.parameters[0] for n in lk.graph(model, X).graph.nodes if n.parameters}
    prefix = "child." if odd is Parent else ""
    assert names == {f"{prefix}weight", f"{prefix}bias"}
    assert {n.parameters[0] for n in lk.graph.capture(model(X).sum()).nodes if n.parameters}


@pytest.mark.parametrize("keyword", ["target", "name", "model", "inputs", "self_"])
def test_every_keyword_reaches_forward(keyword):
    model = Keywords(3, 2)
    assert "mul" in ops(lk.graph(model, X, **{keyword: "given"}).graph)
    assert "mul" in ops(lk.graph.capture(model, X, **{keyword: "given"}))


def test_tensors_without_values_have_a_graph():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    meta = lk.graph(model.to("meta"), X.to("meta")).graph
    assert ops(meta)[-1] == "nativebatchnorm"
    walk = lk.stepper.walk(lambda: model(X.to("meta")).sum())
    assert walk.events[0].outputs[0].value.reason
    with FakeTensorMode():
        fake = nn.BatchNorm1d(3)
        assert ops(lk.graph.capture(fake, torch.randn(2, 3))) == ["nativebatchnorm"]


def test_calls_on_other_threads_are_neither_listed_nor_undone():
    begin, end = threading.Event(), threading.Event()
    other = nn.BatchNorm1d(3)

    class Waiting(nn.Linear):
        def forward(self, x):
            begin.set()
            assert end.wait(10)
            return super().forward(x)

    def train():
        assert begin.wait(10)
        other(torch.randn(8, 3))
        end.set()

    for look in ("capture", "record"):
        begin.clear()
        end.clear()
        thread = threading.Thread(target=train)
        thread.start()
        if look == "capture":
            graph = lk.graph.capture(Waiting(3, 3), X)
        else:
            with lk.graph.record() as recording:
                Waiting(3, 3)(X)
            graph = recording.graph
        thread.join()
        assert [call.type for call in graph.modules] == ["Waiting"]
    assert other.num_batches_tracked == 2


def test_a_recording_has_what_comes_last_and_nothing_that_no_code_made():
    w = torch.ones(2, 2, requires_grad=True)
    with lk.graph.record() as recording:
        h = w * 1
        h.t().add_(1)
        h.sum()
    assert ops(recording.graph) == ["mul", "copyslices", "sum"]
    assert [n.op for n in recording.graph.nodes if n.kind == "output"] == ["loss"]
    with lk.graph.record() as recording:
        h = w * 1
        h[0] = 2.0
    assert ops(recording.graph) == ["mul", "copyslices"]
    with lk.graph.record() as recording:
        u, s, v = torch.linalg.svd(w)
    outputs = [node.shape for node in recording.graph.nodes if node.kind == "output"]
    assert outputs == [(2, 2), (2,), (2, 2)]
    assert len((u, s, v)) == 3


def test_an_attribute_of_a_function_is_no_leaf():
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.variable = factor
            return x * factor

        @staticmethod
        def backward(ctx, gradient):
            return gradient * ctx.variable, None

    w = torch.ones(3, requires_grad=True)
    walk = lk.stepper.walk(lambda: Scale.apply(w, 3.0).sum())
    assert [event.node for event in walk.events if event.phase == "forward"] == [
        "/scale:0", "/sum:0",
    ]  # fmt: skip
    assert walk.grads["/w:0"].tolist() == [3.0, 3.0, 3.0]


def test_a_stepper_has_the_same_random_numbers_each_time():
    w = torch.ones(1, requires_grad=True)
    state = random.getstate()

    def loss():
        return (w * random.random()).sum()

    first = lk.stepper.walk(loss)
    assert random.getstate() == state
    assert first.grads == lk.stepper.walk(loss).grads


def test_control_characters_in_names_are_left_out_of_pictures():
    model = nn.Sequential()
    model.add_module("bell\x07\x00\ud800", nn.Linear(3, 2))
    bundle = lk.graph(model, X)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    xml.dom.minidom.parseString(data["image/svg+xml"])
    assert "\x07" not in lk.graph.capture(model, X).to_dot()


def test_plain_data_has_no_limit():
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(25_000):
        y = y + 1
    graph = lk.graph.capture(y)
    assert len(graph.nodes) == 25_002
    assert len(graph.to_json()["nodes"]) == 25_002
    view = lk.graph(y)
    assert len(view.graph.nodes) == 25_002
    assert len(view._repr_mimebundle_()[0]["image/svg+xml"]) < 10_000
