"""Graphs of watched loops that end with an error."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .graph_queries import failed, line_of, sources
from .test_graph_of_failed_backward import Wrong
from .test_graph_of_failed_forward import Encoder

X, Y = torch.ones(3, 4), torch.tensor([0, 1, 0])


def trained(model, batches, error):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)
    with pytest.raises(error), run:
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert run.status == "failed"
    assert not run.notices
    return run


def test_the_first_pass_is_drawn_up_to_the_error():
    run = trained(Encoder(width=6), [(X, Y)], RuntimeError)
    (node,) = failed(run.graph)
    assert (node.op, node.scope) == ("linear", "second.1#1")
    assert "cannot be multiplied" in node.note
    assert run.graph.step == 1
    assert ("op", "relu") in sources(run.graph, node)


@pytest.mark.parametrize("steps", [1, 30])
def test_a_later_batch_is_drawn_with_the_modules_of_the_earlier_graph(steps):
    batches = [(X, Y)] * steps + [(X, Y[:2])]
    run = trained(Encoder(width=8), batches, ValueError)
    (node,) = failed(run.graph)
    assert (node.scope, node.source.line) == ("", line_of(__file__, "F.cross_entropy(model(x), y)"))
    assert ("op", "addmm") in sources(run.graph, node)
    assert [m.id for m in run.graph.modules] == [m.id for m in run.graphs[0].modules]
    assert [n.scope for n in run.graph.nodes if n.op == "relu"] == ["second.0#1"]
    assert run.graph.step == steps + 1
    assert len(run.graphs) == 2


def test_the_module_of_a_later_batch_that_fails_is_named():
    run = trained(Encoder(width=8), [(X, Y)] * 30 + [(torch.ones(3, 5), Y)], RuntimeError)
    (node,) = failed(run.graph)
    assert (node.op, node.scope) == ("linear", "first#1")
    assert sources(run.graph, node)["input", "x"] == (3, 5)


class Custom(Encoder):
    calls = 0

    def forward(self, x):
        self.calls += 1
        result = super().forward(x)
        return Wrong.apply(result) if self.calls > 20 else result


def test_a_backward_that_raises_is_marked_in_the_graph_of_its_step():
    run = trained(Custom(width=8), [(X, Y)] * 30, ValueError)
    (node,) = failed(run.graph)
    assert node.backward == "WrongBackward"
    assert "no gradient here" in node.note
    assert [n.op for n in run.graph.nodes if n.kind == "output"] == ["loss"]


class ChangesInPlace(Encoder):
    def forward(self, x):
        hidden = torch.sigmoid(self.first(x))
        result = self.second(hidden)
        hidden.add_(1)
        return result


def test_what_needs_a_changed_tensor_is_marked_with_its_line():
    run = trained(ChangesInPlace(width=8), [(X, Y)], RuntimeError)
    (node,) = failed(run.graph)
    assert (node.op, node.scope) == ("sigmoid", "#1")
    assert node.source.line == line_of(__file__, "hidden = torch.sigmoid")
    assert "lk.graph.record()" in node.note


def test_findings_are_those_of_the_graph_before_the_failure():
    whole = trained(Encoder(width=8), [(X, Y)] * 30 + [(X, Y[:2])], ValueError)
    started = trained(Encoder(width=8), [(X, Y)] * 30 + [(torch.ones(3, 5), Y)], RuntimeError)
    assert [f.rule for f in whole.findings] == [f.rule for f in started.findings]


def test_an_error_outside_of_both_passes_adds_no_graph():
    def batches():
        yield X, Y
        raise KeyError

    run = trained(Encoder(width=8), batches(), KeyError)
    assert len(run.graphs) == 1
    assert not failed(run.graph)


def test_a_run_without_graphs_draws_no_failure():
    model = nn.Linear(4, 2)
    run = lk.watch(model, show=False, graph=False)
    with pytest.raises(RuntimeError), run:
        model(torch.ones(3, 5))
    assert run.graph is None
