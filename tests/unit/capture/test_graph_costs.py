"""The costs of a graph of a forward pass are those that `FlopCounterMode` counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, flop_registry

import labkit as lk
from labkit import ComputationGraph
from tests.unit.capture.cost_models import CASES, Custom, Recurrent

aten = torch.ops.aten
# Torch has no formulas for the kernels of the CPU, only for the same ones of accelerators.
ATTENTION = {
    aten._scaled_dot_product_flash_attention_for_cpu: flop_registry[
        aten._scaled_dot_product_flash_attention
    ].__wrapped__,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: flop_registry[
        aten._scaled_dot_product_flash_attention_backward
    ].__wrapped__,
}


class Counts:
    """The counts of `FlopCounterMode` for a forward and a backward pass."""

    def __init__(self, model: nn.Module, x: torch.Tensor) -> None:
        counter = FlopCounterMode(display=False, custom_mapping=ATTENTION)
        label = type(model).__name__

        def modules() -> Counter[str]:
            counts = counter.get_flop_counts()
            return Counter(
                {
                    name.removeprefix(label).removeprefix("."): sum(found.values())
                    for name, found in counts.items()
                    if name != "Global"
                }
            )

        with counter:
            result = model(x)
            result = result if isinstance(result, torch.Tensor) else result.logits
            self.forward = counter.get_total_flops()
            self.modules = dict(modules())
            result.sum().backward()
            self.backward = counter.get_total_flops() - self.forward
            self.modules_backward = dict(modules() - Counter(self.modules))


def observed(model: nn.Module, x: torch.Tensor) -> ComputationGraph:
    """Return the graph of a call whose operations are observed."""
    return lk.graph(model, x).graph


def module_flops(graph: ComputationGraph, direction: str = "forward") -> dict[str, int]:
    """Return the operations by the path of the module, without zeros."""
    found: dict[str, int] = {}
    for call in graph.modules:
        flops = getattr(graph.costs.modules[call.id], f"{direction}_flops")
        found[call.path] = found.get(call.path, 0) + (flops or 0)
    return {path: flops for path, flops in found.items() if flops}


@pytest.mark.parametrize("name", CASES)
def test_costs_are_those_of_the_flop_counter(name: str) -> None:
    torch.manual_seed(0)
    model, x = CASES[name]()
    graph = observed(model, x)
    counts = Counts(model, x)
    total = graph.costs.total
    assert (total.unknown_forward, total.unknown_backward) == (0, 0)
    assert total.forward_flops == counts.forward
    assert total.backward_flops == counts.backward
    assert module_flops(graph) == counts.modules
    assert total.parameters == sum(p.numel() for p in model.parameters())


def test_costs_of_gpt2_are_those_of_the_flop_counter() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(
        vocab_size=40, n_positions=16, n_embd=8, n_layer=2, n_head=2, use_cache=False
    )
    model = transformers.GPT2LMHeadModel(config)
    x = torch.randint(40, (2, 6))
    graph, counts = observed(model, x), Counts(model, x)
    total = graph.costs.total
    assert (total.forward_flops, total.backward_flops) == (counts.forward, counts.backward)
    assert (total.unknown_forward, total.unknown_backward) == (0, 0)
    assert module_flops(graph) == counts.modules
    assert total.parameters == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", CASES)
def test_backward_costs_of_modules_are_those_of_the_flop_counter(name: str) -> None:
    model, x = CASES[name]()
    if x.is_floating_point():
        x.requires_grad_()  # else the counter does not notice the end of the first module
    graph = observed(model, x)
    counts = Counts(model, x)
    assert graph.costs.total.backward_flops == counts.backward
    if name == "resnet":
        # The backward passes of parallel modules overlap: the counter has one of them in both.
        counts.modules_backward["shortcut"] -= counts.modules_backward["second"]
    assert module_flops(graph, "backward") == counts.modules_backward


def test_a_fused_layer_without_formula_is_unknown() -> None:
    model, x = Recurrent(nn.LSTM), torch.randn(2, 4, 6)
    graph, counts = observed(model, x), Counts(model, x)
    [layer, head] = [call for call in graph.modules if call.parent is not None]
    cost = graph.costs.modules[layer.id]
    assert (cost.forward_flops, cost.backward_flops) == (None, None)
    assert (cost.unknown_forward, cost.unknown_backward) == (2, 2)
    assert graph.costs.total.forward_flops == counts.forward == 2 * 8 * 7 * 3
    assert graph.costs.total.backward_flops == counts.backward
    assert graph.costs.modules[head.id].unknown_forward == 0


def test_an_unfused_layer_is_counted() -> None:
    # The fused layer of the CPU has no double precision.
    model, x = Recurrent(nn.LSTM).double(), torch.randn(2, 4, 6, dtype=torch.float64)
    graph, counts = observed(model, x), Counts(model, x)
    assert graph.costs.total.forward_flops == counts.forward
    assert graph.costs.total.backward_flops == counts.backward
    assert graph.costs.total.unknown_backward == 0


def test_a_custom_function_counts_the_operations_of_its_forward_pass() -> None:
    model, x = Custom(), torch.tensor([[0, 3, 3, 8]])[0]
    graph, counts = observed(model, x), Counts(model, x)
    [product] = [node for node in graph.nodes if node.op == "product"]
    cost = graph.costs.nodes[product.id]
    assert (cost.forward_flops, cost.backward_flops) == (2 * 4 * 4 * 5, None)
    assert graph.costs.total.forward_flops == counts.forward
    in_backward = 2 * cost.forward_flops
    assert graph.costs.total.backward_flops == counts.backward - in_backward
    assert (graph.costs.total.unknown_forward, graph.costs.total.unknown_backward) == (0, 1)


class Square(torch.autograd.Function):
    """A product within a custom function within another one."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return Inner.apply(Identity.apply(x)) @ x

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient


class Identity(torch.autograd.Function):
    """A custom function without operations."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient


class Inner(torch.autograd.Function):
    """A product, with gradients switched on."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        with torch.enable_grad():
            return x.detach() @ x.detach()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient


class Calls(nn.Module):
    """Nested custom functions, and operations without gradient after them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = Square.apply(self.weight)
        with torch.no_grad():
            x = x @ x
        second = Square.apply(first)
        return second + x.detach() @ x.detach()


def test_nested_custom_functions_get_the_operations_within_them() -> None:
    graph = observed(Calls(), torch.randn(3, 3))
    squares = [node for node in graph.nodes if node.op == "square"]
    assert [graph.costs.nodes[node.id].forward_flops for node in squares] == [108, 108]
    assert graph.costs.total.forward_flops == 216


def test_a_frozen_weight_gets_no_gradient() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)), torch.randn(5, 3)
    model[1].requires_grad_(False)
    graph, counts = observed(model, x), Counts(model, x)
    assert graph.costs.total.backward_flops == counts.backward
    second = next(call for call in graph.modules if call.path == "1")
    cost = graph.costs.modules[second.id]
    assert cost.forward_flops == cost.backward_flops == 2 * 5 * 4 * 4


class Doubled(torch.autograd.Function):
    """A custom function whose `forward` gets no context."""

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return x @ x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient


def test_a_custom_function_without_context_gets_its_operations() -> None:
    class Twice(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return Doubled.apply(Doubled.apply(self.weight))

    graph = observed(Twice(3, 3), torch.randn(3, 3))
    doubled = [node for node in graph.nodes if node.op == "doubled"]
    assert [graph.costs.nodes[node.id].forward_flops for node in doubled] == [54, 54]
