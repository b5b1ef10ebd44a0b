"""The recorded graph has the nodes of autograd, with scopes, names and exports."""

import json

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from labkit.run import ComputationGraph

from .models import Net, Repeated, Tied, batch, train


def graph_of(model, loss_of):
    with lk.watch(model, show=False) as run:
        loss_of(model).backward()
    return run.graph


def by_id(graph):
    return {node.id: node for node in graph.nodes}


def count_autograd_nodes(loss):
    seen, waiting = set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [source for source, _ in node.next_functions]
    return len(seen)


def test_nodes_have_the_scope_of_the_module_that_created_them():
    x, y = batch()
    graph = graph_of(Net(), lambda model: F.cross_entropy(model(x), y))
    nodes = by_id(graph)
    assert nodes["fc1#1/addmm:0"].shape == (16, 8)
    assert nodes["fc2#1/addmm:0"].scope == "fc2#1"
    assert nodes["#1/relu:0"].scope == "#1"
    assert nodes["/nllloss:0"].scope == ""
    assert nodes["fc1#1/weight:0"].parameters == ("fc1.weight",)
    assert [(m.id, m.type, m.parent) for m in graph.modules] == [
        ("#1", "Net", None),
        ("fc1#1", "Linear", "#1"),
        ("fc2#1", "Linear", "#1"),
    ]
    assert graph.modules[0].parameters == 6 * 8 + 8 + 8 * 3 + 3


def test_the_graph_has_every_autograd_node_and_a_loss_node():
    x, y = batch()
    counted = []

    def loss_of(model):
        loss = F.cross_entropy(model(x), y)
        counted.append(count_autograd_nodes(loss))
        return loss

    graph = graph_of(Net(), loss_of)
    assert len(graph.nodes) == counted[0] + 1
    assert graph.nodes[-1].kind == "output"


def test_a_module_called_three_times_has_three_scopes_and_one_weight():
    graph = graph_of(Repeated(), lambda model: model(torch.ones(2, 4)).sum())
    scopes = {node.scope for node in graph.nodes if node.op == "addmm"}
    assert scopes == {"cell#1", "cell#2", "cell#3"}
    weights = [node for node in graph.nodes if node.parameters == ("cell.weight",)]
    assert len(weights) == 1
    assert sum(edge.source == weights[0].id for edge in graph.edges) == 3


def test_tied_weights_are_one_node_with_both_names():
    graph = graph_of(Tied(), lambda model: model(torch.ones(2, 4)).sum())
    (weight,) = [node for node in graph.nodes if node.kind == "parameter"]
    assert weight.parameters == ("encode.weight", "decode.weight")


def test_node_ids_and_signature_depend_on_the_structure_only():
    x, y = batch()
    first = graph_of(Net(), lambda model: F.cross_entropy(model(x), y))
    again = graph_of(Net(), lambda model: F.cross_entropy(model(x), y))
    other = graph_of(Net(), lambda model: model(x).pow(2).mean())
    assert [n.id for n in first.nodes] == [n.id for n in again.nodes]
    assert first.signature == again.signature != other.signature


def test_saved_bytes_count_activations_but_not_parameters():
    x, y = batch()
    graph = graph_of(Net(), lambda model: F.cross_entropy(model(x), y))
    nodes = by_id(graph)
    assert nodes["#1/relu:0"].saved_bytes == 16 * 8 * 4
    assert nodes["fc1#1/addmm:0"].saved_bytes == 16 * 6 * 4


def test_a_graph_can_be_restored_from_json():
    graph = graph_of(Repeated(), lambda model: model(torch.ones(2, 4)).sum())
    assert ComputationGraph.from_json(json.loads(json.dumps(graph.to_json()))) == graph


def test_a_graph_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version"):
        ComputationGraph.from_json({"version": 99})


def test_networkx_and_dot_exports_have_every_node_and_edge():
    x, y = batch()
    graph = graph_of(Net(), lambda model: F.cross_entropy(model(x), y))
    exported = graph.to_networkx()
    assert set(exported.nodes) == {node.id for node in graph.nodes}
    assert exported.number_of_edges() == len(graph.edges)
    dot = graph.to_dot()
    assert dot.count(" -> ") == len(graph.edges)
    assert 'subgraph "cluster_fc1#1"' in dot


def test_a_cluster_with_a_number_has_the_class_beside_it():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 1))
    dot = lk.graph.capture(model, torch.ones(1, 2)).to_dot()
    for label in (
        "0 \N{MIDDLE DOT} Sequential",
        "0.0 \N{MIDDLE DOT} Linear",
        "1 \N{MIDDLE DOT} Linear",
    ):
        assert f'label="{label}"' in dot


def test_names_are_quoted_in_dot():
    model = nn.Module()
    model.register_module('a"b', nn.Linear(2, 2))
    graph = graph_of(model, lambda m: getattr(m, 'a"b')(torch.ones(1, 2)).sum())
    assert 'a\\"b' in graph.to_dot()


def test_an_unchanged_structure_is_stored_once():
    model = Net()
    with lk.watch(model, show=False, budget=1.0) as run:
        train(model, steps=5)
    assert len(run.graphs) == 1


def test_graph_capture_can_be_switched_off():
    model = Net()
    with lk.watch(model, show=False, graph=False) as run:
        train(model, steps=3)
    assert run.graph is None


def test_graph_history_lists_the_steps_of_each_structure():
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0) as run:
        for seen, deep in ((1, False), (2, True), (3, False)):
            for _ in range(100_000):  # the graph is compared twice a second
                out = model(model(torch.ones(2, 3))) if deep else model(torch.ones(2, 3))
                optimizer.zero_grad()
                out.sum().backward()
                optimizer.step()
                if len(run.graph_history) == seen:
                    break
    spans = run.graph_history
    assert len(spans) == 3
    assert spans[0].first == 1
    assert spans[0].last < spans[1].first <= spans[1].last < spans[2].first == run.steps
    assert spans[0].signature == spans[2].signature != spans[1].signature
    assert [graph.signature for graph in run.graphs] == [s.signature for s in spans[:2]]
