"""Graphs captured by `lk.graph.capture` and `lk.graph.record`: names, structure, refusals."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

import labkit as lk

from .graph_queries import only, ops
from .models import Net, Repeated, Tied, batch


def test_a_captured_model_call_has_modules_source_lines_and_parameter_names():
    model, (x, _) = Net(), batch()
    graph = lk.graph.capture(model, x)
    node = only(graph, "relu")
    assert node.scope == "#1"
    assert node.source.file.endswith("models.py")
    inside = next(node for node in graph.nodes if node.id == "fc1#1/addmm:0")
    assert inside.source == next(m for m in graph.modules if m.id == "fc1#1").source
    assert {n.parameters for n in graph.nodes if n.kind == "parameter"} == {
        ("fc1.weight",), ("fc1.bias",), ("fc2.weight",), ("fc2.bias",)
    }  # fmt: skip


def test_parameter_names_are_found_from_a_loss_alone():
    model, (x, y) = Net(), batch()
    loss = F.cross_entropy(model(x), y)
    names = {n.parameters for n in lk.graph.capture(loss).nodes if n.kind == "parameter"}
    assert names == {("fc1.weight",), ("fc1.bias",), ("fc2.weight",), ("fc2.bias",)}
    assert lk.graph.capture(loss, model).signature == lk.graph.capture(loss).signature


def test_capturing_a_graph_does_not_change_the_model():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.random.get_rng_state()
    lk.graph.capture(model, torch.randn(8, 4, generator=torch.Generator().manual_seed(0)))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), random)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not torch.nn.modules.module._global_forward_hooks


def test_a_module_called_several_times_has_one_entry_per_call():
    graph = lk.graph.capture(Repeated(), torch.ones(2, 4))
    assert [m.id for m in graph.modules if m.path == "cell"] == ["cell#1", "cell#2", "cell#3"]


def test_tied_weights_are_one_node_with_all_names_and_an_edge_per_use():
    graph = lk.graph.capture(Tied(), torch.ones(2, 4))
    (weight,) = [node for node in graph.nodes if node.kind == "parameter"]
    assert weight.parameters == ("encode.weight", "decode.weight")
    assert sum(edge.source == weight.id for edge in graph.edges) == 2


def test_a_graph_has_only_the_branches_and_iterations_that_ran():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x, length):
            for _ in range(length):
                x = self.a(x) if x.sum() > 0 else self.b(x)
            return x

    model = Branching()
    calls = [len(lk.graph.capture(model, torch.ones(1, 2), n).modules) for n in (1, 3)]
    assert calls == [2, 4]


def test_in_place_operations_and_views_appear_as_autograd_recorded_them():
    x = torch.ones(3, 3, requires_grad=True)
    y = x * 2
    y[0] = 0.0
    y.add_(1)
    graph = lk.graph.capture(y.view(9).sum())
    assert "copyslices" in ops(graph)
    assert "written in place" in only(graph, "copyslices").note
    assert ops(graph)[-2:] == ["view", "sum"]


def test_recording_a_gan_step_has_both_graphs():
    generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
    with lk.graph.record({"G": generator, "C": critic}) as g:
        fake = generator(torch.ones(4, 2))
        critic(fake.detach()).mean().backward()
        critic(fake).mean().neg().backward()
    assert [m.id for m in g.graph.modules] == ["G#1", "C#1", "C#2"]
    assert sum(node.op == "loss" for node in g.graph.nodes) == 2
    assert any(node.op == "detach" for node in g.graph.nodes)


def test_a_gradient_computed_in_the_forward_pass_is_part_of_the_graph():
    x = torch.ones(3, requires_grad=True)
    with lk.graph.record() as g:
        (slope,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        (slope**2).sum().backward()
    assert ops(g.graph).count("sum") == 2
    assert "pow" in ops(g.graph)


def test_a_custom_autograd_function_has_its_name_and_a_note():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            return 2 * gradient

    node = only(lk.graph.capture(Twice.apply(torch.ones(2, requires_grad=True)).sum()), "twice")
    assert "user's own" in node.note


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_checkpointed_node_has_a_note_about_recomputation(reentrant):
    layer, x = nn.Linear(3, 3), torch.ones(2, 3, requires_grad=True)
    calls = []

    def part(value):
        calls.append(None)
        return layer(value).tanh()

    loss = checkpoint(part, x, use_reentrant=reentrant).sum()
    graph = lk.graph.capture(loss)
    assert len(calls) == 1
    assert any(node.note and "again" in node.note for node in graph.nodes)


def test_complex_and_sparse_tensors_are_captured():
    z = torch.ones(3, dtype=torch.complex64, requires_grad=True)
    assert only(lk.graph.capture((z * 2j).abs().sum()), "mul").dtype == "complex64"
    embedding = nn.Embedding(5, 2, sparse=True)
    graph = lk.graph.capture(embedding, torch.tensor([0, 3]))
    assert "embedding" in ops(graph)


@dataclasses.dataclass
class Both:
    mean: torch.Tensor
    spread: torch.Tensor


@pytest.mark.parametrize(
    ("pack", "names"),
    [
        (lambda a, b: (a, b), ["output", "output"]),
        (lambda a, b: {"mean": a, "spread": b}, ["mean", "spread"]),
        (Both, ["mean", "spread"]),
        (lambda a, b: {"both": [a, b]}, ["both.0", "both.1"]),
    ],
)
def test_every_output_is_a_node_with_its_name(pack, names):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, x):
            out = self.layer(x)
            return pack(out, out.exp())

    graph = lk.graph.capture(Model(), torch.ones(4, 3))
    assert [node.op for node in graph.nodes if node.kind == "output"] == names


def test_a_compiled_region_is_one_node_with_a_note():
    model = torch.compile(Net(), backend="aot_eager")
    x, y = batch()
    graph = lk.graph.capture(F.cross_entropy(model(x), y))
    assert "opaque box" in only(graph, "compiledfunction").note


@pytest.mark.parametrize("bad", [3, None, "loss", [], nn.Linear])
def test_an_invalid_argument_is_refused_with_an_example(bad):
    with pytest.raises(TypeError, match=r"lk\.graph\(loss\)"):
        lk.graph.capture(bad)


def test_inputs_without_a_model_are_refused():
    with pytest.raises(TypeError, match="inputs only with a model"):
        lk.graph.capture(torch.ones(1, requires_grad=True).exp(), torch.ones(1))


def test_a_graph_view_has_the_graph_and_a_text_form():
    view = lk.graph(Net(), batch()[0])
    assert "fc1" in view._repr_mimebundle_()[0]["text/plain"]
    assert view.graph.modules[1].id == "fc1#1"
    with lk.graph.record() as g, pytest.raises(RuntimeError, match="not ended"):
        g.view()


def test_a_forward_pass_that_raises_leaves_no_hooks():
    class Broken(Net):
        def forward(self, x):
            super().forward(x)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        lk.graph.capture(Broken(), batch()[0])
    assert not torch.nn.modules.module._global_forward_hooks
    assert not torch.overrides._get_current_function_mode_stack()


def test_diff_compares_nodes_by_id():
    model = Repeated()
    short = lk.graph.capture(model, torch.ones(2, 4))
    wide = lk.graph.capture(model, torch.ones(5, 4))
    assert "cell#2/addmm:0" in wide.diff(short).changed
    assert not wide.diff(wide)
    assert "/loss:0" in lk.graph.capture(model(torch.ones(2, 4)).sum()).diff(short).new


def test_to_graphviz_returns_a_source():
    graphviz = pytest.importorskip("graphviz")
    source = lk.graph.capture(Net(), batch()[0]).to_graphviz()
    assert isinstance(source, graphviz.Source)
    assert "cluster_fc1" in source.source
