"""What a model returns, and what ends a recording, is drawn whatever its form."""

import collections
import dataclasses

import pytest
import torch
from torch import nn

import labkit as lk

from .graph_queries import ops
from .unusual_code import Cube, Of, X


@dataclasses.dataclass
class Late:
    loss: torch.Tensor
    extra: torch.Tensor = dataclasses.field(init=False)


def cyclic(h):
    found = {"x": h}
    found["self"] = found
    return found


NAMED = {
    "a field without a value": (Late, ["loss"]),
    "a dict within itself": (cyclic, ["x"]),
    "equal names": (lambda h: {1: h, "1": h * 2, "a": {"b": h}, "a.b": h * 3}, [
        "1", "1 (2)", "a.b", "a.b (2)",
    ]),
    "a deque": (lambda h: collections.deque([h, h * 2]), ["output", "output"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_every_tensor_in_an_output_has_a_name(name):
    make, names = NAMED[name]
    graph = lk.graph.capture(Of(lambda h, _: make(h)), X)
    assert [node.op for node in graph.nodes if node.kind == "output"] == names


@pytest.mark.parametrize(
    "make",
    [
        lambda h: None,
        lambda h: {h * 1},
        lambda h: torch.distributions.Normal(h * 1, 1.0),
        lambda h: (h * 1).sum().detach().item(),
    ],
    ids=["nothing", "a set", "a distribution", "a number"],
)
def test_a_model_that_returns_no_tensor_is_drawn_whole(make):
    model = Of(lambda h, layer: make(layer(h)))
    expected = lk.graph.record(model)
    with expected:
        model(X)
    for graph in (lk.graph.capture(model, X), lk.graph(model, X).graph):
        assert ops(graph) == ops(expected.graph)
        assert ops(graph)[:4] == ["t", "addmm", "t", "addmm"]


def test_a_model_without_anything_to_differentiate_has_a_reason():
    graph = lk.graph.capture(nn.Flatten(), X)
    assert "requires a gradient" in graph.reason
    assert "No graph" in lk.graph.capture(Of(lambda h, _: None).requires_grad_(False), X).reason


def test_a_recorded_model_whose_output_is_not_kept_is_complete():
    model = Of(lambda h, _: Cube.apply(h))
    with lk.graph.record() as recording:
        model(X)
    assert ops(recording.graph) == ["t", "addmm", "cube"]
    model = Of(lambda h, _: torch.func.vmap(torch.sin)(h))
    with lk.graph.record() as recording:
        model(X)
    assert ops(recording.graph) == ["t", "addmm", "sin"]
