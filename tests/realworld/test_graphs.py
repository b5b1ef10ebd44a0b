"""Graphs of real models have all nodes, in the scopes of their modules."""

from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.benchmarks.graphs import gpt2, resnet50


def autograd_nodes(*tensors):
    """Count the autograd nodes that some tensors depend on."""
    seen, waiting = set(), [tensor.grad_fn for tensor in tensors]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [source for source, _ in node.next_functions]
    return len(seen)


def kinds(graph):
    return Counter(node.kind for node in graph.nodes)


def check_whole(graph, model):
    """Check node ids, edges, scopes and JSON form; return the names of all parameters."""
    ids = {node.id for node in graph.nodes}
    assert len(ids) == len(graph.nodes)
    assert all(edge.source in ids and edge.target in ids for edge in graph.edges)
    calls = {module.id for module in graph.modules}
    assert all(node.scope in calls | {""} for node in graph.nodes)
    assert all(module.parent in calls | {None} for module in graph.modules)
    named = {name for node in graph.nodes for name in node.parameters}
    known = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    assert named <= known
    again = lk.ComputationGraph.from_json(graph.to_json())
    assert again.signature == graph.signature
    return named


def bert():
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=100,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    return BertModel(config), {"input_ids": torch.randint(0, 100, (2, 8))}


def t5():
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(
        vocab_size=100,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
    )
    tokens = torch.randint(1, 100, (2, 8))
    return T5ForConditionalGeneration(config), {"input_ids": tokens, "labels": tokens}


def test_gpt2_has_twelve_layers_and_a_tied_embedding():
    model, tokens = gpt2()
    graph = lk.graph.capture(model, tokens, labels=tokens)
    named = check_whole(graph, model)
    blocks = [m for m in graph.modules if m.type == "GPT2Block"]
    assert len(blocks) == 12
    tied = next(n for n in graph.nodes if "lm_head.weight" in n.parameters)
    assert "transformer.wte.weight" in tied.parameters
    assert sum(edge.source == tied.id for edge in graph.edges) == 2
    assert len(named) == len(list(model.named_parameters(remove_duplicate=False)))
    ends = [node.op for node in graph.nodes if node.kind == "output"]
    assert ends[:2] == ["loss", "logits"]


def test_bert_has_three_layers_and_two_outputs():
    model, inputs = bert()
    graph = lk.graph.capture(model, **inputs)
    check_whole(graph, model)
    ends = [node.op for node in graph.nodes if node.kind == "output"]
    assert ends == ["last_hidden_state", "pooler_output"]
    assert sum(m.type == "BertLayer" for m in graph.modules) == 3


def test_t5_has_an_encoder_and_a_decoder():
    model, inputs = t5()
    graph = lk.graph.capture(model, **inputs)
    check_whole(graph, model)
    paths = {module.path for module in graph.modules}
    assert {"encoder", "decoder", "encoder.block.1", "decoder.block.1"} <= paths


def test_resnet50_has_every_autograd_node():
    model, x = resnet50()
    graph = lk.graph.capture(model, x)
    check_whole(graph, model)
    count = kinds(graph)
    assert count["op"] + count["parameter"] + count["input"] == autograd_nodes(model(x))
    assert sum(node.op == "convolution" for node in graph.nodes) == 53


class Selective(nn.Module):
    """A gated recurrence that stops early for large states."""

    def __init__(self, width=6):
        super().__init__()
        self.gate = nn.Linear(width, width)
        self.write = nn.Linear(width, width)
        self.read = nn.Linear(width, 1)

    def forward(self, x):
        state = torch.zeros_like(x[0])
        for step in x:
            keep = torch.sigmoid(self.gate(step))
            state = keep * state + (1 - keep) * self.write(step)
            if state.abs().mean() > 10:
                break
        return self.read(state)


@pytest.mark.parametrize("length", [1, 4])
def test_a_recurrence_has_one_call_per_time_step(length):
    model = Selective()
    graph = lk.graph.capture(model, torch.randn(length, 2, 6))
    check_whole(graph, model)
    assert sum(module.path == "gate" for module in graph.modules) == length


def test_a_recurrence_with_early_exit_has_fewer_calls():
    model, x = Selective(), torch.randn(6, 2, 6)
    whole = lk.graph.capture(model, x)
    stopped = lk.graph.capture(model, torch.cat([x[:2] * 1e4, x[2:]]))
    calls = [sum(m.path == "gate" for m in graph.modules) for graph in (whole, stopped)]
    assert calls[1] < calls[0] == 6


def test_a_recorded_gan_step_has_both_graphs():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    critic = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizers = [torch.optim.Adam(m.parameters()) for m in (generator, critic)]
    with lk.graph.record({"G": generator, "D": critic}) as g:
        fake = generator(torch.randn(4, 2))
        optimizers[1].zero_grad()
        (critic(fake.detach()).mean() - critic(torch.randn(4, 2)).mean()).backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        (-critic(fake).mean()).backward()
        optimizers[0].step()
    assert [m.id for m in g.graph.modules if m.parent is None] == ["G#1", "D#1", "D#2", "D#3"]
    assert [node.op for node in g.graph.nodes if node.kind == "cut"] == ["detach"]


class TreeLSTM(nn.Module):
    """A cell called once per node of a tree, children first."""

    def __init__(self, width=4):
        super().__init__()
        self.leaf = nn.Linear(width, width)
        self.cell = nn.LSTMCell(width, width)

    def forward(self, tree):
        if isinstance(tree, torch.Tensor):
            state = self.leaf(tree)
            return state, torch.zeros_like(state)
        states = [self(child) for child in tree]
        hidden = torch.stack([h for h, _ in states]).sum(0)
        memory = torch.stack([c for _, c in states]).sum(0)
        return self.cell(hidden, (hidden, memory))


def test_a_recursive_model_has_nested_calls():
    model = TreeLSTM()
    leaf = torch.randn(1, 4)
    graph = lk.graph.capture(model, [[leaf, leaf], leaf])
    check_whole(graph, model)
    counts = Counter(module.path for module in graph.modules)
    assert counts == {"": 5, "leaf": 3, "cell": 2}
    depth = {module.id: module.parent for module in graph.modules}
    assert any(depth[depth[m.id]] == "#1" for m in graph.modules if m.path == "leaf")


def test_training_a_transformer_has_one_structure():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    model = nn.Sequential(nn.Linear(4, 16), nn.TransformerEncoder(layer, 2), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters())
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(30):
            loss = F.mse_loss(model(torch.randn(2, 5, 4)), torch.zeros(2, 5, 1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert len(run.graphs) == 1
    check_whole(run.graph, model)
    assert {"1.layers.0", "1.layers.1"} <= {module.path for module in run.graph.modules}
