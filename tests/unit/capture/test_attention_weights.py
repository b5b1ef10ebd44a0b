"""Attention weights are recognised by the flow of the data, whatever the classes are called."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

X = torch.randn(2, 5, 8)


def roles(graph):
    """Return the roles of nodes by their operations."""
    return {node.op: node.role for node in graph.nodes if node.role}


class Projections(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(8, 8) for _ in range(3))
        self.score = nn.Linear(8, 1)
        self.bias = nn.Parameter(torch.zeros(5, 5))


class Batched(Projections):
    def forward(self, x):
        weights = (self.q(x) @ self.k(x).transpose(1, 2) / 8**0.5).softmax(-1)
        return F.dropout(weights, 0.1) @ self.v(x)


class Masked(Projections):
    def forward(self, x):
        scores = torch.einsum("bqd,bkd->bqk", self.q(x), self.k(x)) + self.bias
        scores = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), -1e9)
        return torch.einsum("bqk,bkd->bqd", scores.softmax(-1), self.v(x))


class Single(Projections):
    """Without a batch, so that the products are those of matrices."""

    def forward(self, x):
        return (self.q(x[0]) @ self.k(x[0]).T).softmax(-1) @ self.v(x[0])


class Additive(Projections):
    def forward(self, x):
        scores = self.score(torch.tanh(self.q(x[:, :1]) + self.k(x)))
        return scores.softmax(1).transpose(1, 2) @ self.v(x)


class CausalLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        return self.layer(x, src_mask=torch.ones(5, 5).triu(1).bool())


@pytest.mark.parametrize("make", [Batched, Masked, Single, Additive])
def test_the_softmax_of_scores_that_weighs_values_is_labelled(make):
    assert roles(lk.graph.capture(make(), X)) == {"softmax": "attention weights"}


def test_weights_of_torch_modules_are_labelled():
    attention = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True)
    labelled = {"softmax": "attention weights", "mean": "mean attention weights"}
    assert roles(lk.graph.capture(attention, X, X, X)) == labelled
    unfused = lk.graph.capture(attention, X, X, X, need_weights=False)
    assert set(roles(unfused).values()) == {"attention weights"}
    assert set(roles(lk.graph.capture(CausalLM(), X)).values()) == {"attention weights"}


def test_fused_attention_says_that_its_weights_are_not_kept():
    q = torch.randn(2, 2, 5, 4, requires_grad=True)
    graph = lk.graph.capture(F.scaled_dot_product_attention(q, q, q))
    (fused,) = [n for n in graph.nodes if n.op.startswith("scaleddotproduct")]
    assert "not kept" in fused.note


class Classifier(nn.Module):
    """A hidden layer with a softmax between two linear layers."""

    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(8, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.down(self.up(x).softmax(-1))


class Experts(nn.Module):
    """A gate whose softmax weighs the results of experts."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(8, 3)
        self.experts = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

    def forward(self, x):
        out = torch.stack([expert(x) for expert in self.experts], -2)
        return torch.einsum("bte,bted->btd", self.gate(x).softmax(-1), out)


@pytest.mark.parametrize("make", [Classifier, Experts])
def test_other_uses_of_a_softmax_are_not_labelled(make):
    assert roles(lk.graph.capture(make(), X)) == {}


def test_a_softmax_of_scores_without_values_is_not_labelled():
    model = Projections()
    scores = model.q(X) @ model.k(X).transpose(1, 2)
    assert roles(lk.graph.capture(scores.softmax(-1).square().mean())) == {}


def test_a_watched_run_and_the_stepper_have_the_label():
    model = Batched()
    with lk.watch(model, show=False) as run:
        model(X).sum().backward()
    assert roles(run.graph) == {"softmax": "attention weights"}
    walk = lk.stepper(lambda: model(X).sum()).walk
    assert roles(walk.graph) == {"softmax": "attention weights"}


def test_the_label_is_part_of_exports():
    graph = lk.graph.capture(Batched(), X)
    assert "softmax (attention weights)" in graph.to_dot()
    assert lk.ComputationGraph.from_json(graph.to_json()) == graph
