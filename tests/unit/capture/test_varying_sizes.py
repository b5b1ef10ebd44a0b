"""Batches and sequences of other sizes are the same structure of a run."""

import itertools

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net

TIMES = "\N{MULTIPLICATION SIGN}"


def train_until(model, inputs, is_done):
    """Train on inputs in turn until a condition holds: the graph is compared twice a second."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for x in itertools.islice(itertools.cycle(inputs), 100_000):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
        if is_done():
            return


def shapes(graph):
    return {node.id: node.dims for node in graph.nodes if node.dims}


def test_a_smaller_batch_is_no_new_structure():
    model = Net()
    with lk.watch(model, show=False, budget=1.0) as run:
        first = []

        def has_seen_both():
            first.append(run.graph)
            return bool(run.graph.sizes)

        train_until(model, [torch.randn(32, 6)] * 3 + [torch.randn(7, 6)], has_seen_both)
    assert len(run.graphs) == len(run.graph_history) == 1
    assert run.graph.sizes == {"N": (32, 7)}
    assert shapes(run.graph)["fc1#1/addmm:0"] == ("N", "8")
    assert not [n for n in run.graph.nodes if n.kind == "parameter" and n.dims]
    assert run.graph.signature == first[0].signature
    assert run.graph.diff(first[0]).changed == ()


class Tagger(nn.Module):
    """A convolution over sequences without padding, then a number for each place."""

    def __init__(self):
        super().__init__()
        self.convolution, self.head = nn.Conv1d(4, 5, 3), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.convolution(x).transpose(1, 2))


class Unrolled(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(4, 5)

    def forward(self, x):
        h = torch.zeros(len(x), 5)
        for item in x.unbind(1):
            h = self.cell(item, h)
        return h


def test_an_unrolled_loop_is_named_by_its_length():
    model = Unrolled()
    with lk.watch(model, show=False, budget=1.0) as run:
        inputs = [torch.randn(2, length, 4) for length in (3, 3, 3, 5)]
        train_until(model, inputs, lambda: len(run.graphs) == 2)
    titles = {span.title for span in run.graph_history}
    assert titles == {f"{calls} {TIMES} GRUCell" for calls in (3, 5)}


def test_alternating_structures_are_stored_once_each():
    model = Net()
    with lk.watch(model, show=False, budget=1.0) as run:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for number in range(100_000):  # the graph is compared twice a second
            x = torch.randn(16 if number % 3 else 9, 6)
            loss = model(x).square().mean()
            optimizer.zero_grad()
            (loss if number % 2 else F.relu(loss)).backward()
            optimizer.step()
            if len(run.graphs) == 2 and all(graph.sizes for graph in run.graphs):
                break
    assert [graph.sizes.keys() for graph in run.graphs] == [{"N"}] * 2


def test_modules_that_are_called_one_by_one_have_one_structure():
    """The first pass is captured before labkit knows that the model itself is not called."""
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(100_000):  # the graph is compared twice a second
            optimizer.zero_grad()
            model.fc2(model.fc1(torch.randn(4, 6)).relu()).square().mean().backward()
            optimizer.step()
            if run.graph.modules:
                break
    assert len(run.graphs) == len(run.graph_history) == 1
    assert {call.path for call in run.graph.modules} == {"fc1", "fc2"}


def test_sequences_of_other_lengths_are_no_new_structure():
    model = Tagger()
    with lk.watch(model, show=False, budget=1.0) as run:
        inputs = [torch.randn(3, 4, length) for length in (9, 5)]
        train_until(model, inputs, lambda: bool(run.graph.sizes))
    assert len(run.graphs) == 1
    assert set(run.graph.sizes["N"]) == {3, 7}
    dims = shapes(run.graph)
    assert dims["convolution#1/convolution:0"] == ("3", "5", "N")
    assert ("3N", "3") in dims.values()
