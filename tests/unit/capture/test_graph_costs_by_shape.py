"""The costs of graphs whose operations were not observed follow from the shapes in the graph."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import labkit as lk
from labkit import ComputationGraph
from tests.unit.capture.cost_models import CASES, Custom, Recurrent


def recorded(model: nn.Module, x: torch.Tensor) -> ComputationGraph:
    with lk.graph.record(model) as recording:
        model(x).sum().backward()
    assert recording.graph is not None
    return recording.graph


@pytest.mark.parametrize("name", CASES)
def test_costs_by_shape_agree_with_those_of_the_operations(name: str) -> None:
    model, x = CASES[name]()
    if x.is_floating_point():
        x.requires_grad_()
    observed, by_shape = lk.graph(model, x).graph.costs, recorded(model, x).costs
    for id, cost in by_shape.nodes.items():
        expected = observed.nodes.get(id)
        if expected is not None:
            assert cost.forward_flops in (None, expected.forward_flops), id
            assert cost.backward_flops in (None, expected.backward_flops), id
    assert by_shape.total.forward_flops == observed.total.forward_flops
    assert by_shape.total.backward_flops == observed.total.backward_flops
    assert by_shape.total.unknown_backward == 0


@pytest.mark.parametrize("name", CASES)
def test_costs_by_shape_are_right_or_unknown_without_gradient_of_the_input(name: str) -> None:
    model, x = CASES[name]()
    observed, by_shape = lk.graph(model, x).graph.costs, recorded(model, x).costs
    for id, cost in by_shape.nodes.items():
        expected = observed.nodes.get(id)
        if expected is not None:
            assert cost.forward_flops in (None, expected.forward_flops), id
            assert cost.backward_flops in (None, expected.backward_flops), id
    assert (by_shape.total.unknown_forward, by_shape.total.unknown_backward) == (0, 0)


@pytest.mark.parametrize("layer", [nn.Conv2d(4, 4, 3), nn.Linear(4, 4)], ids=["conv", "linear"])
def test_costs_of_a_frozen_weight_are_right_or_unknown(layer: nn.Module) -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), layer)
    layer.requires_grad_(False)
    x = torch.randn(4, 2, 4, 4)
    observed, by_shape = lk.graph(model, x).graph.costs, recorded(model, x).costs
    for id, cost in by_shape.nodes.items():
        if id in observed.nodes:
            assert cost.forward_flops in (None, observed.nodes[id].forward_flops)
            assert cost.backward_flops in (None, observed.nodes[id].backward_flops)


def test_the_graph_of_a_watched_run_has_costs() -> None:
    model = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, optimizer)
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.randn(3, 5)).sum().backward()
        optimizer.step()
    run.close()
    assert run.graph is not None
    total = run.graph.costs.total
    first, second = 2 * 3 * 5 * 7, 2 * 3 * 7 * 2
    assert total.forward_flops == first + second
    assert total.backward_flops == first + 2 * second
    assert total.parameters == 5 * 7 + 7 + 7 * 2 + 2


def test_a_product_of_a_tensor_with_itself_is_right_or_unknown() -> None:
    weight = nn.Parameter(torch.randn(3, 3))
    [product] = [n for n in lk.graph.capture(weight @ weight).nodes if n.op == "mm"]
    cost = lk.graph.capture(weight @ weight).costs.nodes[product.id]
    assert (cost.forward_flops, cost.backward_flops) == (54, None)


def test_a_custom_function_and_a_fused_layer_are_unknown() -> None:
    custom = recorded(Custom(), torch.tensor([0, 3, 8])).costs.total
    assert (custom.unknown_forward, custom.unknown_backward) == (1, 1)
    fused = recorded(Recurrent(nn.LSTM), torch.randn(2, 4, 6)).costs.total
    assert (fused.unknown_forward, fused.unknown_backward) == (2, 2)


def test_the_table_has_a_row_for_each_node() -> None:
    pandas = pytest.importorskip("pandas")
    model, x = Recurrent(nn.LSTM), torch.randn(2, 4, 6)
    graph = lk.graph.capture(model, x)
    frame = graph.to_frame()
    assert list(frame["id"]) == [node.id for node in graph.nodes]
    assert frame["forward_flops"].sum() == 2 * 8 * 7 * 3
    assert frame["parameters"].sum() == sum(p.numel() for p in model.parameters())
    fused = frame[frame["op"] == "mkldnnrnnlayer"]
    assert fused["forward_flops"].isna().all()
    assert set(fused["module_type"]) == {"LSTM"}
    assert set(fused["module"]) == {"layer"}
    assert all(Path(line.rpartition(":")[0]).name == "cost_models.py" for line in fused["line"])
    assert isinstance(frame["output_bytes"].dtype, pandas.Int64Dtype)
    [result] = frame[frame["kind"] == "output"]["shape"]
    assert result == (2, 4, 3)


def test_results_of_an_operation_are_summed() -> None:
    x = torch.randn(4, 6, requires_grad=True)
    first, second = x.split(3, dim=1)
    graph = lk.graph.capture(first.sum() + second.sum())
    [split] = [node for node in graph.nodes if node.op == "split"]
    assert graph.costs.nodes[split.id].output_bytes == 4 * 6 * 4


def test_costs_survive_json() -> None:
    model, x = CASES["unet"]()
    graph = lk.graph.capture(model, x)
    restored = ComputationGraph.from_json(graph.to_json())
    assert restored == graph
    assert restored.costs == graph.costs
