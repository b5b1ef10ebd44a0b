"""Graphs of backward passes that raise an error."""

import pytest
import torch
from torch import nn

import labkit as lk

from .graph_queries import failed, line_of, only


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value):
        return value * 2

    @staticmethod
    def backward(ctx, gradient):
        raise ValueError("no gradient here")


def recorded(code):
    with lk.graph.record(keep_errors=True) as recording:
        code()
    assert recording.error is not None
    return recording.graph


def test_a_custom_function_whose_backward_raises_is_marked():
    w = torch.ones(3, requires_grad=True)
    graph = recorded(lambda: Wrong.apply(w.exp()).sum().backward())
    (node,) = failed(graph)
    assert node.backward == "WrongBackward"
    assert "ValueError: no gradient here" in node.note
    assert node.source.line == line_of(__file__, 'raise ValueError("no gradient here")')
    assert {n.op: n.kind for n in graph.nodes}["loss"] == "output"
    assert {"exp", "sum"} <= {n.op for n in graph.nodes if n.kind == "op"}


def test_the_node_of_torch_that_raises_is_marked():
    w = torch.ones(3, requires_grad=True)

    def code():
        middle = w.exp()
        middle.register_hook(lambda gradient: None)
        loss = middle.log().sum()
        loss.backward()
        loss.backward()

    (node,) = failed(recorded(code))
    assert node.op == "log"
    assert "second time" in node.note


def test_an_in_place_change_is_drawn_with_what_needs_the_former_values():
    w = torch.ones(3, requires_grad=True)

    def code():
        kept = w.exp()  # kept for its gradient
        total = kept.sum()
        kept.add_(1)  # changed
        total.backward()

    graph = recorded(code)
    needing, changing = failed(graph)
    assert (needing.op, changing.op) == ("exp", "add")
    assert needing.source.line == line_of(__file__, "# kept for its gradient")
    assert changing.source.line == line_of(__file__, "# changed")
    assert f"add_ ({changing.source.file}:{changing.source.line})" in needing.note
    assert f"exp ({needing.source.file}:{needing.source.line})" in changing.note
    assert (needing.id, changing.id) in {(edge.source, edge.target) for edge in graph.edges}


@pytest.mark.parametrize(
    ("change", "op"),
    [
        (lambda kept: kept.__setitem__(0, 1.0), "copyslices"),
        (lambda kept: kept[1:].mul_(2), "copyslices"),
        (torch.relu_, "relu"),
        (lambda kept: kept.__iadd__(1), "add"),
    ],
)
def test_every_way_to_change_a_tensor_is_found(change, op):
    w = torch.ones(3, requires_grad=True)

    def code():
        kept = w.exp()
        total = kept.sum()
        change(kept)
        (total + kept.sum()).backward()

    assert [node.op for node in failed(recorded(code))] == ["exp", op]


def test_an_update_of_the_weights_between_forward_and_backward_is_drawn():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def code():
        loss = model(torch.ones(2, 4)).sum()
        loss.backward(retain_graph=True)
        optimizer.step()  # changes the weights
        loss.backward()

    graph = recorded(code)
    needing, changing = failed(graph)
    assert (needing.op, needing.scope) == ("addmm", "Sequential.1#1")
    assert changing.source.line == line_of(__file__, "# changes the weights")
    weight = only(graph, changing.op)
    (edge,) = [edge for edge in graph.edges if edge.target == weight.id]
    assert edge.source.endswith("1#1/weight:0")


def test_a_backward_pass_that_cannot_begin_is_a_node_of_its_own():
    w = torch.ones(3, requires_grad=True)
    graph = recorded((w * 2).backward)
    (node,) = failed(graph)
    assert node.op == "backward"
    assert "scalar outputs" in node.note
    assert ("/mul:0", node.id) in {(edge.source, edge.target) for edge in graph.edges}
    graph = recorded(lambda: torch.ones(()).backward())
    assert [n.kind for n in graph.nodes] == ["input", "failed"]


def test_a_hook_on_a_tensor_that_raises_is_not_taken_for_a_node():
    w = torch.ones(3, requires_grad=True)

    def refuse(gradient):
        raise ValueError("refused")

    def code():
        middle = w.exp()
        middle.register_hook(refuse)
        middle.sum().backward()

    (node,) = failed(recorded(code))
    assert node.op == "backward"
    assert node.source.line == line_of(__file__, 'raise ValueError("refused")')


def test_gradients_are_those_of_a_pass_that_is_not_recorded():
    def gradients():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
        model(torch.randn(3, 4)).sum().backward()
        return [p.grad for p in model.parameters()]

    plain = gradients()
    with lk.graph.record():
        recorded_ones = gradients()
    assert all(map(torch.equal, plain, recorded_ones))


def test_a_hook_that_returns_an_invalid_gradient_is_not_taken_for_a_node():
    class Silent(RuntimeError):
        def __str__(self):
            raise ValueError("no text")

    def silent(_):
        raise Silent

    for hook in (lambda gradient: gradient[:1], silent):
        with lk.graph.record(keep_errors=True) as recording:
            y = torch.ones(4, requires_grad=True) * 2
            y.register_hook(hook)
            y.exp().sum().backward()
        assert [node.op for node in failed(recording.graph)] == ["backward"]
