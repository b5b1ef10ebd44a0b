"""Each result of an operation has its own shape and value, for all operations of PyTorch."""

import numpy as np
import pytest
import torch
from torch import nn

import labkit as lk
from labkit.run.control.inspection_requests import inspect

from .several_results import CALLS, NOT_ON_CPU, operations_with_several_results

WITHOUT_DERIVATIVE = {"geqrf", "mkldnn_rnn_layer_backward"}
"""Operations whose backward pass raises, so that only their graph can be tested."""


class Call(nn.Module):
    """A model that calls one operation, and uses each of its results."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self):
        self.results = results_with_gradient(CALLS[self.name]())
        return {f"result{n}": result * 1 for n, result in enumerate(self.results)}


def results_with_gradient(results):
    return [
        each
        for each in (results if isinstance(results, (tuple, list)) else [results])
        if isinstance(each, torch.Tensor) and each.grad_fn is not None
    ]


def expected(results):
    """Return the operation, the number, shape and dtype of each result, as autograd has them."""
    return sorted(
        (each.grad_fn.name(), each.output_nr, tuple(each.shape), str(each.dtype)[6:])
        for each in results
    )


def consumed(graph):
    """Return the same of the tensors that the graph's multiplications take."""
    nodes = {node.id: node for node in graph.nodes}
    uses = [edge for edge in graph.edges if nodes[edge.target].op == "mul"]
    # `results` are the sources of the last multiplications, one for each end.
    ends = [edge.source for edge in graph.edges if nodes[edge.target].kind == "output"]
    uses = [edge for edge in uses if edge.target in ends]
    return sorted(
        (backward_name(nodes[edge.source]), edge.output, edge.shape, edge.dtype) for edge in uses
    )


def backward_name(node):
    return "torch::autograd::NotImplemented" if node.backward == "NotImplemented" else node.backward


def numbers(tensor):
    values = tensor.detach()
    return (values.abs() if values.is_complex() else values).double().ravel().numpy()


def test_the_calls_are_all_operations_with_several_results():
    named = [*CALLS, *(name for names in NOT_ON_CPU.values() for name in names)]
    assert sorted(named) == sorted(operations_with_several_results())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_edges_have_the_shape_and_dtype_of_their_result(name):
    results = results_with_gradient(CALLS[name]())
    graph = lk.graph.capture({f"result{n}": each for n, each in enumerate(results)})
    ends = [node for node in graph.nodes if node.kind == "output"]
    assert [(end.op, end.shape) for end in ends] == [
        (f"result{n}", tuple(each.shape)) for n, each in enumerate(results)
    ]
    assert consumed(lk.graph.capture(Call(name))) == expected(results)
    with lk.graph.record() as recording:
        outputs = Call(name)()
    assert consumed(recording.graph) == expected(results)
    assert len(outputs) == len(results)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in CALLS if name not in WITHOUT_DERIVATIVE])
@pytest.mark.parametrize("form", ["code", "tensor"])
def test_a_walk_has_the_value_of_each_result(name, form):
    model = Call(name)
    seen = []

    def loss():
        used = model()
        seen[:] = model.results
        return sum((value.abs() if value.is_complex() else value).sum() for value in used.values())

    walk = lk.stepper.walk(loss if form == "code" else loss())
    nodes = {node.id: node for node in walk.graph.nodes}
    forward = [event for event in walk.events if event.phase == "forward"]
    for result in seen:
        (flow,) = [
            flow
            for event in forward
            if backward_name(nodes[event.node]) == result.grad_fn.name()
            for flow in event.outputs
            if flow.output == result.output_nr and is_of(flow, result, form)
        ][-1:]
        assert flow.value.known or form == "tensor"
    uses = [event for event in forward if nodes[event.node].op == "mul"][-len(seen) :]
    assert [event.inputs[0].output for event in uses] == [result.output_nr for result in seen]


def is_of(flow, result, form):
    """Return whether a value is that of a result; several operations may have the same name."""
    if flow.value.shape != tuple(result.shape):
        return False
    if flow.value.numbers is None:
        return form == "tensor"
    return np.array_equal(flow.value.numbers.ravel(), numbers(result), equal_nan=True)


def test_a_sample_of_an_operation_with_several_results_says_which_one_it_is():
    class Halves(nn.Linear):
        def forward(self, x):
            first, second = super().forward(x).chunk(2)
            return first.exp() + second

    view = lk.graph(Halves(3, 2), torch.ones(4, 3))
    split = next(node for node in view.graph.nodes if node.op == "split")
    found = inspect(view.run, split.id)
    assert found.value.shape == (2, 2)
    assert found.reason == "Result 1 of 2 of this operation."
