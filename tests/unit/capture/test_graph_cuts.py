"""Graphs of code that detaches tensors, disables gradients or has called backward."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .graph_queries import only, ops
from .models import Net, batch


def test_a_detached_value_is_a_cut_with_a_reason():
    w = torch.ones(3, requires_grad=True)
    with lk.graph.record() as g:
        (w.exp() * w.exp().detach()).sum()
    cut = only(g.graph, "detach")
    assert cut.kind == "cut"
    assert "gradient stops here" in cut.note
    assert cut.source.file.endswith("test_graph_cuts.py")
    (after,) = [edge.target for edge in g.graph.edges if edge.source == cut.id]
    assert after == "/mul:0"
    (before,) = [edge.source for edge in g.graph.edges if edge.target == cut.id]
    assert before.startswith("/exp")


def test_a_value_computed_under_no_grad_is_a_cut_at_its_use():
    w = torch.ones(3, requires_grad=True)
    with lk.graph.record() as g:
        with torch.no_grad():
            scale = (w * 2).mean()
        (w * scale).sum()
    cut = only(g.graph, "no_grad")
    assert [edge.target for edge in g.graph.edges if edge.source == cut.id] == ["/mul:0"]


def test_a_graph_under_no_grad_is_empty_with_a_reason():
    model, (x, _) = Net(), batch()
    with torch.no_grad():
        graph = lk.graph.capture(model, x)
    assert graph.nodes == ()
    assert "no_grad" in graph.reason
    assert "no history" in lk.graph.capture(torch.ones(2)).reason


def test_record_captures_the_graph_before_backward_frees_it():
    model, (x, y) = Net(), batch()
    with lk.graph.record(model) as g:
        F.cross_entropy(model(x), y).backward()
    assert ops(g.graph, "fc1#1") == ["t", "addmm"]
    assert only(g.graph, "relu").saved_bytes == 16 * 8 * 4
    late = F.cross_entropy(model(x), y)
    late.backward()
    assert next(n for n in lk.graph.capture(late).nodes if n.op == "relu").saved_bytes is None


def test_a_graph_in_inference_mode_is_empty_with_a_reason():
    model, x = Net(), batch()[0]
    with torch.inference_mode():
        inside = lk.graph.capture(model, x)
        output = model(x)
    assert "inference_mode" in inside.reason
    assert "no history" in lk.graph.capture(output).reason
    # A tensor created in inference mode can be used as a constant.
    joined = lk.graph.capture((model(x) * output.clone()).sum())
    assert ops(joined).count("addmm") == 2


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2 + 0

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


class TwiceWithContext(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x * 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


@pytest.mark.parametrize("function", [Twice, TwiceWithContext])
def test_a_custom_function_does_not_stop_the_gradient(function):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x):
            return function.apply(self.layer(x)).exp()

    model, x = Net(), torch.ones(2, 3)
    with lk.graph.record() as recording:
        model(x)
    for graph in (lk.graph.capture(model, x), lk.graph(model, x).graph, recording.graph):
        assert not [node for node in graph.nodes if node.kind == "cut"]
    walk = lk.stepper.walk(lambda: torch.sum(model(x)))
    assert not [node for node in walk.graph.nodes if node.kind == "cut"]
