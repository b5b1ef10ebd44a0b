"""A region that torch.compile has compiled is one node, and is not compiled again by looking."""

import pytest
import torch
from torch import nn

import labkit as lk

from .graph_queries import ops

pytestmark = pytest.mark.filterwarnings("ignore")

X = torch.ones(4, 3)


class Tail(nn.Linear):
    def forward(self, x):
        return super().forward(x).relu()


class Normed(nn.BatchNorm1d):
    def forward(self, x):
        return super().forward(x).sin()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), Tail(3, 3)

    def forward(self, x):
        return self.second(self.first(x)).sum()


def compiled(function):
    return torch.compile(function, backend="aot_eager")


def whole():
    return compiled(Net())


def whole_in_place():
    model = Net()
    model.compile(backend="aot_eager")
    return model


def part():
    model = Net()
    model.second = compiled(model.second)
    return model


def part_in_place():
    model = Net()
    model.second.compile(backend="aot_eager")
    return model


def function_inside():
    class Inside(Net):
        function = staticmethod(compiled(lambda t: t.sin() * 2 + t.cos()))

        def forward(self, x):
            return self.function(self.first(x)).sum()

    return Inside()


def with_a_break():
    class Broken(Net):
        def forward(self, x):
            h = self.first(x).sin()
            torch._dynamo.graph_break()
            return h.cos().sum()

    return compiled(Broken())


MODELS = {
    each.__name__: each
    for each in (whole, whole_in_place, part, part_in_place, function_inside, with_a_break)
}
LOOKS = {
    "graph": lambda model: lk.graph(model, X).graph,
    "capture": lambda model: lk.graph.capture(model, X),
    "record": lambda model: recorded(model),  # noqa: PLW0108 - defined below
    "stepper": lambda model: lk.stepper.walk(lambda: model(X)).graph,
    "tensor": lambda model: lk.graph.capture(model(X)),
}


def recorded(model):
    with lk.graph.record() as recording:
        model(X)
    return recording.graph


def nodes_of(result):
    names, node = [], result.grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    return names


@pytest.mark.parametrize("kind", MODELS)
def test_compiled_code_is_shown_as_it_ran_and_stays_compiled(kind):
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    model = MODELS[kind]()
    before = nodes_of(model(X))
    regions = [name for name in before if name.startswith("CompiledFunction")]
    for look in LOOKS.values():
        counters.clear()
        graph = look(model)
        shown = [node.backward for node in graph.nodes if node.kind == "op"]
        assert [name for name in shown if name.startswith("CompiledFunction")] == regions
        assert len(shown) >= len([name for name in before if "AccumulateGrad" not in name])
        assert nodes_of(model(X)) == before
        assert not counters["stats"], "compiled again"


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        (whole, "_orig_mod#1"), (whole_in_place, "#1"),
        (part, "second._orig_mod#1"), (part_in_place, "second#1"),
    ],
)  # fmt: skip
def test_a_compiled_region_is_in_the_call_of_its_module(kind, scope):
    torch._dynamo.reset()
    graph = lk.graph.capture(kind(), X)
    (region,) = [node for node in graph.nodes if node.op == "compiledfunction"]
    assert region.scope == scope
    assert region.note.startswith("A region compiled by torch.compile")


def test_buffers_that_a_compiled_region_changes_are_restored():
    torch._dynamo.reset()
    model = compiled(Normed(3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    lk.graph.capture(model, X)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_user_mode_within_the_block_remains():
    torch._dynamo.reset()
    function = compiled(lambda t: t.sin())
    w = torch.ones(3, requires_grad=True)
    with lk.graph.record() as recording, torch.device("meta"):
        y = function(w)
        assert torch.empty(1).is_meta
    assert torch.empty(1).device.type == "cpu"
    assert ops(recording.graph) == ["compiledfunction"]
    assert y.shape == (3,)
