"""Graphs of forward passes that raise an error."""

import gc
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .graph_queries import failed, line_of, only, ops, sources


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.second = nn.Sequential(nn.ReLU(), nn.Linear(width, 2))

    def forward(self, x):
        return self.second(self.first(x))


def test_a_shape_that_does_not_fit_is_a_failed_node_with_its_inputs_error_and_line():
    model = Encoder(width=6)
    with pytest.raises(RuntimeError, match="cannot be multiplied") as caught:
        lk.graph.capture(model, torch.ones(3, 4))
    graph = caught.value.labkit_graph
    (node,) = failed(graph)
    assert (node.op, node.scope) == ("linear", "second.1#1")
    assert node.note == f"RuntimeError: {caught.value}"
    assert node.source.line == line_of(__file__, "self.second(self.first(x))")
    assert sources(graph, node) == {
        ("op", "relu"): (3, 8),
        ("parameter", "second.1.weight"): (2, 6),
        ("parameter", "second.1.bias"): (2,),
    }
    assert ops(graph, "first#1") == ["t", "addmm"]
    assert [m.id for m in graph.modules] == [
        "#1",
        "first#1",
        "second#1",
        "second.0#1",
        "second.1#1",
    ]
    assert not [node for node in graph.nodes if node.kind == "output"]


def test_the_line_of_a_model_without_code_of_the_users_is_that_of_the_call():
    model = nn.Sequential(nn.Linear(4, 2))
    with pytest.raises(RuntimeError) as caught:
        lk.graph.capture(model, torch.ones(3, 9))  # calls the model
    (node,) = failed(caught.value.labkit_graph)
    assert node.source.line == line_of(__file__, "# calls the model")


def test_the_error_of_a_call_is_raised_unchanged_and_the_model_is_as_before():
    model = nn.Sequential(nn.BatchNorm1d(4), Raises())
    before = model[0].running_mean.clone()
    with pytest.raises(KeyError) as caught:
        lk.graph(model, torch.randn(3, 4))
    assert caught.value is Raises.error
    assert caught.traceback[-1].name == "forward"
    assert torch.equal(model[0].running_mean, before)
    (node,) = failed(caught.value.labkit_graph)
    assert (node.op, node.scope, node.note) == ("KeyError", "1#1", "KeyError: 'missing'")
    assert sources(caught.value.labkit_graph, node) == {("op", "nativebatchnorm"): (3, 4)}


class Raises(nn.Module):
    error = KeyError("missing")

    def forward(self, x):
        raise self.error


def test_a_first_operation_that_fails_has_inputs_without_history():
    weight = torch.ones(5, 2, requires_grad=True)
    data = torch.ones(3, 4)
    with lk.graph.record(keep_errors=True) as recording:
        data @ weight
    (node,) = failed(recording.graph)
    assert node.op == "matmul"
    assert sources(recording.graph, node) == {
        ("input", "data"): (3, 4),
        ("input", "weight"): (5, 2),
    }
    assert isinstance(recording.error, RuntimeError)


def test_a_dtype_that_does_not_match_is_drawn_where_it_is_used():
    model = nn.Linear(4, 2)
    with lk.graph.record(model, keep_errors=True) as recording:
        model(torch.ones(3, 4, dtype=torch.float64))
    (node,) = failed(recording.graph)
    (dtype,) = {e.dtype for e in recording.graph.edges if e.target == node.id and e.shape == (3, 4)}
    assert (node.scope, dtype) == ("#1", "float64")


def test_a_block_raises_its_error_unless_it_is_to_be_kept():
    with pytest.raises(RuntimeError), lk.graph.record() as recording:
        torch.ones(2, requires_grad=True) + torch.ones(3)
    assert only(recording.graph, "add").kind == "failed"
    assert recording.view().graph is recording.graph


def test_only_an_error_that_ends_the_block_is_drawn():
    w = torch.ones(2, requires_grad=True)
    with lk.graph.record() as recording:
        with pytest.raises(RuntimeError):
            w + torch.ones(3)
        w.exp().sum()
    assert recording.error is None
    assert not failed(recording.graph)


def test_a_call_that_raised_and_was_handled_is_not_part_of_a_later_failure():
    model = Encoder(width=8)
    with lk.graph.record(model, keep_errors=True) as recording:
        with pytest.raises(RuntimeError):
            model.second(torch.ones(3, 9))
        model.first(torch.ones(3, 5))
    (node,) = failed(recording.graph)
    assert node.scope == "first#1"


def test_a_loss_that_fails_takes_the_outputs_of_the_model():
    model = Encoder(width=8)
    with lk.graph.record(model, keep_errors=True) as recording:
        output = model(torch.ones(3, 4))
        target = torch.zeros(2, dtype=torch.long)
        F.cross_entropy(output, target)
    (node,) = failed(recording.graph)
    assert (node.op, node.scope) == ("cross_entropy", "")
    assert sources(recording.graph, node) == {("op", "addmm"): (3, 2), ("input", "target"): (2,)}


def test_texts_of_the_graph_name_what_failed():
    with lk.graph.record(keep_errors=True) as recording:
        torch.ones(2, requires_grad=True).exp() + torch.ones(3)
    outline = recording.graph.outline()
    assert "exp → add (failed)" in outline
    assert "failed: add" in outline
    assert "must match" in outline
    assert "add (failed)" in recording.graph.to_dot()
    again = lk.ComputationGraph.from_json(recording.graph.to_json())
    assert again == recording.graph


def test_a_failed_pass_keeps_no_tensor_alive():
    model, inputs = Encoder(width=6), torch.ones(3, 4)
    alive = weakref.ref(inputs)
    graph = None
    gc.disable()
    try:
        try:
            lk.graph.capture(model, inputs)
        except RuntimeError as error:
            graph = error.labkit_graph
        del inputs
        assert alive() is None
    finally:
        gc.enable()
    assert failed(graph)


def test_an_error_whose_text_cannot_be_read_is_drawn():
    class SilentError(Exception):
        def __str__(self):
            raise ValueError

    with lk.graph.record(keep_errors=True) as recording:
        torch.ones(2, requires_grad=True).exp()
        raise SilentError
    assert failed(recording.graph)[0].note == "SilentError"


class Uninitialized(nn.Module):
    def __init__(self):
        self.note = "super().__init__() was not called"

    def forward(self, x):
        return x * 2


def test_a_module_without_init_and_a_call_without_arguments_are_drawn():
    x = torch.ones(2, 3)
    cases = ((Uninitialized(), (x,), "AttributeError"), (nn.Linear(3, 2), (), "forward"))
    for model, args, op in cases:
        with pytest.raises((AttributeError, TypeError)) as raised:
            lk.graph.capture(model, *args)
        assert [node.op for node in failed(raised.value.labkit_graph)] == [op]
