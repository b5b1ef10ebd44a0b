"""Graphs of modules that are called on several threads."""

import copy
import threading

import torch
from torch import nn

import labkit as lk

from .graph_queries import only, ops
from .models import Net, batch


def test_outputs_computed_on_other_threads_are_in_one_graph():
    layers = [nn.Linear(2, 2) for _ in range(2)]
    outputs = [None, None]

    def work(number):
        outputs[number] = layers[number](torch.ones(1, 2))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    graph = lk.graph.capture(sum(outputs).sum())
    assert ops(graph).count("addmm") == 2
    names = [node.parameters for node in graph.nodes if node.kind == "parameter"]
    assert len(set(names)) == 4


class InThreads(nn.Module):
    """Calls its module on two parts of a batch, each on a thread, as DataParallel does."""

    def __init__(self, module, copies=False):
        super().__init__()
        self.module = module
        self.copies = copies

    def forward(self, x):
        parts = list(x.chunk(2))
        outputs = [None] * len(parts)

        def work(number):
            module = copy.copy(self.module) if self.copies else self.module
            outputs[number] = module(parts[number])

        for number in range(len(parts)):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            thread.join()
        return torch.cat(outputs)


def test_calls_on_threads_are_children_of_the_call_that_joins_them():
    graph = lk.graph.capture(InThreads(Net()), batch()[0])
    calls = {module.id: module.parent for module in graph.modules}
    assert calls["module#1"] == calls["module#2"] == "#1"
    assert calls["module.fc1#2"] == "module#2"
    ordered = [module.id for module in graph.modules]
    assert all(ordered.index(calls[id]) < ordered.index(id) for id in ordered if calls[id])
    scopes = {node.id: node.scope for node in graph.nodes if node.kind == "op"}
    assert only(graph, "cat").scope == "#1"
    for number in (1, 2):
        assert scopes[f"module.fc1#{number}/addmm:0"] == f"module.fc1#{number}"
    place = {node.id: number for number, node in enumerate(graph.nodes)}
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)


def test_module_copies_on_threads_are_captured_in_the_surrounding_call():
    graph = lk.graph.capture(InThreads(nn.Sequential(nn.Linear(6, 4)), copies=True), batch()[0])
    assert {node.scope for node in graph.nodes if node.op == "cat"} == {"#1"}
    assert ops(graph).count("addmm") == 2


def test_calls_on_threads_are_captured_during_training():
    model = InThreads(nn.Linear(6, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(5):
            optimizer.zero_grad()
            model(batch()[0]).square().mean().backward()
            optimizer.step()
    assert [module.id for module in run.graph.modules] == ["#1", "module#1", "module#2"]
