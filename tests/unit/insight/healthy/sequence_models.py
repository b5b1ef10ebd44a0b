"""Models of sequences, graphs and memories."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import classify, mlp, points, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


class Dropped(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(10, 32), nn.Linear(32, 3)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(32, 2, 32, 0.1, batch_first=True) for _ in range(3)
        )

    def forward(self, x):
        h = self.first(x)[:, None]
        for layer in self.layers:
            if not self.training or torch.rand(()) > 0.4:
                h = layer(h)
        return self.last(h[:, 0])


def transformer_with_dropped_layers():
    model = Dropped()
    return watched(model, classify(model, *points(64)), optimizer=adam(model, 1e-3), steps=80)


class Spike(torch.autograd.Function):
    """A step forward, a smooth slope backward."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).float()

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient / (1 + 5 * x.abs()).pow(2)


def spiking_neurons():
    class Spiking(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(10, 32), nn.Linear(32, 3)

        def forward(self, x):
            charge, total = torch.zeros(len(x), 32), 0.0
            for _ in range(8):
                charge = 0.9 * charge + self.first(x)
                spikes = Spike.apply(charge - 1)
                charge = charge - spikes
                total = total + self.last(spikes)
            return total / 8

    model = Spiking()
    return watched(model, classify(model, *points(64)), optimizer=adam(model, 5e-3), steps=120)


def convolutions_on_a_graph():
    """One graph, a few labelled nodes: the loss of the whole graph at each step."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last, self.dropout = (
                nn.Linear(34, 16),
                nn.Linear(16, 2),
                nn.Dropout(0.5),
            )

        def forward(self, adjacency, x):
            h = F.relu(adjacency @ self.first(x))
            return adjacency @ self.last(self.dropout(h))

    group = torch.arange(34) % 2
    links = torch.rand(34, 34) < torch.where(group[:, None] == group[None], 0.3, 0.05)
    a = ((links | links.T) | torch.eye(34, dtype=torch.bool)).float()
    scale = a.sum(1).rsqrt()
    a = scale[:, None] * a * scale[None]
    model, known = Net(), torch.arange(8)
    optimizer = torch.optim.Adam(model.parameters(), 0.02, weight_decay=5e-4)
    return watched(
        model,
        lambda step: F.cross_entropy(model(a, torch.eye(34))[known], group[known]),
        optimizer=optimizer,
        steps=150,
    )


def reservoir():
    """A fixed recurrent layer, of which only the reading is learned; gradients never go back."""

    class Reservoir(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent = nn.RNN(1, 64, batch_first=True).requires_grad_(False)
            self.head = nn.Linear(64, 1)
            with torch.no_grad():
                self.recurrent.weight_hh_l0.mul_(1.5)

        def forward(self, x):
            return self.head(self.recurrent(x)[0])

    model = Reservoir()
    x = torch.rand(16, 40, 1) - 0.5
    optimizer = torch.optim.Adam(model.head.parameters(), 1e-2)
    return watched(
        model,
        lambda step: F.mse_loss(model(x)[:, 3:], x[:, :-3]),
        optimizer=optimizer,
        steps=150,
    )


def gates_that_close():
    """An LSTM whose sequences are padded, packed and of very different lengths."""

    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.recurrent = nn.Embedding(12, 8, padding_idx=0), nn.LSTM(8, 16)
            self.head = nn.Linear(16, 2)

        def forward(self, words, lengths):
            packed = nn.utils.rnn.pack_padded_sequence(
                self.words(words), lengths, enforce_sorted=False
            )
            return self.head(self.recurrent(packed)[1][0][0])

    model = Packed()

    def loss(step):
        lengths = torch.randint(1, 12, (32,))
        words = torch.randint(1, 12, (12, 32))
        words[torch.arange(12)[:, None] >= lengths[None]] = 0
        last = words[lengths - 1, torch.arange(32)]
        return F.cross_entropy(model(words, lengths), (last > 6).long())

    return watched(model, loss, optimizer=adam(model, 1e-2), steps=150)


def shared_weights_at_all_depths():
    """One block is applied six times, with a learned scale that begins at 0."""

    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.block, self.head = mlp(outputs=10, depth=1), nn.Linear(10, 3)
            self.scale = nn.Parameter(torch.zeros(6))

        def forward(self, x):
            for i in range(6):
                x = x + self.scale[i] * self.block(x)
            return self.head(x)

    model = Shared()
    return watched(model, classify(model, *points(128)), optimizer=adam(model), steps=150)


def memories_with_attention():
    """Keys and values are parameters; a query picks among them."""

    class Memory(nn.Module):
        def __init__(self):
            super().__init__()
            self.keys, self.values = (
                nn.Parameter(torch.randn(32, 8)),
                nn.Parameter(torch.zeros(32, 3)),
            )
            self.query = nn.Linear(10, 8)

        def forward(self, x):
            return (self.query(x) @ self.keys.T / 8**0.5).softmax(1) @ self.values

    model = Memory()
    return watched(model, classify(model, *points(128)), optimizer=adam(model, 0.02), steps=150)


def language_model_with_few_tokens():
    """A tiny GPT with tied weights, dropout and masked padding."""

    class Tiny(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.places = nn.Embedding(20, 16), nn.Embedding(12, 16)
            self.block = nn.TransformerEncoderLayer(
                16, 2, 32, 0.1, "gelu", batch_first=True, norm_first=True
            )
            self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 20, bias=False)
            self.head.weight = self.words.weight
            nn.init.normal_(self.words.weight, std=0.02)

        def forward(self, words):
            h = self.words(words) + self.places(torch.arange(words.shape[1]))
            mask = nn.Transformer.generate_square_subsequent_mask(words.shape[1])
            return self.head(self.norm(self.block(h, mask, is_causal=True)))

    model = Tiny()

    def loss(step):
        words = (
            torch.randint(1, 19, (16, 1)) + torch.arange(10) * torch.randint(1, 3, (16, 1))
        ) % 19 + 1
        words[torch.rand(16) < 0.5, 7:] = 0
        return F.cross_entropy(
            model(words[:, :-1]).flatten(0, 1), words[:, 1:].flatten(), ignore_index=0
        )

    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=0.1)
    return watched(model, loss, optimizer=optimizer, steps=100)


RUNS = (
    transformer_with_dropped_layers,
    spiking_neurons,
    convolutions_on_a_graph,
    reservoir,
    gates_that_close,
    shared_weights_at_all_depths,
    memories_with_attention,
    language_model_with_few_tokens,
)
