"""Models whose parts are shared, chosen, skipped, or begin at zero."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import classify, mlp, points, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


class LanguageModel(nn.Module):
    """A GRU over tokens whose output weights are those of the embedding."""

    def __init__(self, tied=True):
        super().__init__()
        self.embedding = nn.Embedding(12, 24)
        self.recurrent = nn.GRU(24, 24, batch_first=True)
        self.head = nn.Linear(24, 12)
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.recurrent(self.embedding(tokens))[0]).transpose(1, 2)


def next_token(model):
    def loss(step):
        tokens = (torch.randint(12, (32, 1)) + 2 * torch.arange(9)) % 12
        return F.cross_entropy(model(tokens[:, :-1]), tokens[:, 1:])

    return loss


def tied_embeddings():
    model = LanguageModel()
    return watched(model, next_token(model), optimizer=adam(model), steps=200)


def recurrent_language_model():
    model = LanguageModel(tied=False)
    return watched(model, next_token(model), optimizer=adam(model), steps=200)


class Experts(nn.Module):
    """Each sample goes through the expert that its gate prefers."""

    def __init__(self, count=4):
        super().__init__()
        self.gate = nn.Linear(10, count)
        self.experts = nn.ModuleList(mlp(outputs=3, depth=1, width=16) for _ in range(count))

    def forward(self, x):
        weights = self.gate(x).softmax(1)
        best = weights.argmax(1)
        made = torch.zeros(len(x), 3)
        for number, expert in enumerate(self.experts):
            rows = best == number
            if rows.any():
                made[rows] = weights[rows, number, None] * expert(x[rows])
        return made


def mixture_of_experts():
    model = Experts()
    x, y = points(256)

    def loss(step):
        rows = torch.randint(256, (16,))
        return F.cross_entropy(model(x[rows]), y[rows])

    return watched(model, loss, optimizer=adam(model), steps=250)


class Residual(nn.Module):
    """A residual block that may be left out in training."""

    def __init__(self, width=32, skipped=0.0, scale=None):
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.skipped = skipped
        self.scale = None if scale is None else nn.Parameter(torch.tensor(scale))

    def forward(self, x):
        if self.training and torch.rand(()) < self.skipped:
            return x
        made = self.second(self.first(x).relu())
        return x + (made if self.scale is None else self.scale * made)


def stochastic_depth():
    blocks = [Residual(skipped=0.1 * number) for number in range(6)]
    model = nn.Sequential(nn.Linear(10, 32), *blocks, nn.Linear(32, 3))
    return watched(model, classify(model, *points(128)), optimizer=adam(model, 1e-3), steps=200)


def scaled_residuals_from_zero():
    """Each block is multiplied by a scale that begins at 0: no gradient inside at first."""
    blocks = [Residual(scale=0.0) for _ in range(6)]
    model = nn.Sequential(nn.Linear(10, 32), *blocks, nn.Linear(32, 3))
    return watched(model, classify(model, *points(128)), optimizer=adam(model, 1e-3), steps=200)


def zero_initialised_head():
    """The head is zero at first, so that the layers before it have a gradient of 0."""
    model = mlp(depth=3)
    nn.init.zeros_(model[-1].weight)
    nn.init.zeros_(model[-1].bias)
    return watched(model, classify(model, *points(128)), lr=0.1, steps=300)


class Heads(nn.Module):
    """One of four heads is used at each step; the others get no gradient."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(10, 16), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(16, 3) for _ in range(4))

    def forward(self, x, head):
        return self.heads[head](self.trunk(x))


def heads_in_turn():
    x, y = points()
    model = Heads()
    return watched(model, lambda step: F.cross_entropy(model(x, step % 4), y), steps=400)


def heads_in_turn_on_a_frozen_trunk():
    x, y = points()
    model = Heads()
    model.trunk.requires_grad_(requires_grad=False)
    return watched(model, lambda step: F.cross_entropy(model(x, step % 4), y), steps=400)


def tasks_in_turn():
    """Regressions of different difficulty, each through a head of its own."""
    trunk, heads = nn.Linear(4, 16), nn.ModuleList(nn.Linear(16, 1) for _ in range(3))
    model = nn.ModuleDict({"trunk": trunk, "heads": heads})
    x = torch.randn(64, 4)

    def loss(step):
        task = step % 3
        goal = x[:, task, None] * 10.0 ** (task - 1)
        return F.mse_loss(heads[task](trunk(x).relu()), goal)

    return watched(model, loss, optimizer=adam(model, 1e-2), steps=300)


def sparse_embeddings():
    """Each batch uses a few of many rows, whose gradients are sparse."""

    class Bag(nn.Module):
        def __init__(self):
            super().__init__()
            self.users = nn.Embedding(200, 8, sparse=True)
            self.items = nn.Embedding(300, 8, sparse=True)

        def forward(self, users, items):
            return (self.users(users) * self.items(items)).sum(1)

    model = Bag()
    truth = (torch.randn(200, 4), torch.randn(300, 4))
    optimizer = torch.optim.SparseAdam(model.parameters(), lr=0.02)

    def loss(step):
        users, items = torch.randint(200, (64,)), torch.randint(300, (64,))
        return F.mse_loss(model(users, items), (truth[0][users] * truth[1][items]).sum(1))

    return watched(model, loss, optimizer=optimizer, steps=300)


def deep_convolutions_with_batch_norm():
    layers = [nn.Conv2d(1, 8, 3, padding=1)]
    for _ in range(4):
        layers += [nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1)]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    x = torch.randn(32, 1, 6, 6)
    y = (x.var(dim=(1, 2, 3)) > 1).long()
    return watched(model, classify(model, x, y), optimizer=adam(model, 1e-2), steps=150)


def gated_by_sigmoids():
    """Gates that open and close are saturated by design once the task is learned."""

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate, self.value = nn.Linear(10, 32), nn.Linear(10, 32)
            self.head = nn.Linear(32, 3)

        def forward(self, x):
            return self.head(self.gate(x).sigmoid() * self.value(x))

    model = Gated()
    return watched(model, classify(model, *points(256)), optimizer=adam(model, 1e-2), steps=300)


def attention_pooling():
    """A sum over a set, weighted by attention of one learned query."""

    class Pooling(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
            self.inside, self.head = nn.Linear(3, 16), nn.Linear(16, 2)
            self.query = nn.Parameter(torch.randn(1, 1, 16))

        def forward(self, x):
            hidden = self.inside(x)
            query = self.query.expand(len(x), 1, 16)
            return self.head(self.attention(query, hidden, hidden)[0][:, 0])

    model = Pooling()
    x = torch.randn(128, 6, 3)
    y = (x[:, :, 0].amax(1) > 1.2).long()
    return watched(model, classify(model, x, y), optimizer=adam(model), steps=200)


class Pixels(nn.Module):
    """Takes pixels from 0 to 255 and scales them itself."""

    def __init__(self):
        super().__init__()
        self.net = mlp()

    def forward(self, x):
        return self.net(x / 128 - 1)


def scales_its_input():
    x, y = points(256)
    model = Pixels()
    pixels = 128 + 40 * x.clamp(-3, 3)
    return watched(model, classify(model, pixels, y), optimizer=adam(model), steps=150)


def normalises_its_input():
    """The first layer is batch norm, so that features of any units suit."""
    x, y = points(256)
    model = nn.Sequential(nn.BatchNorm1d(10), mlp())
    in_units = 50 + x * torch.logspace(-3, 3, 10)
    return watched(model, classify(model, in_units, y), optimizer=adam(model), steps=150)


def counts_of_words():
    """Features that are 0 for most samples."""
    x = (torch.rand(256, 60) < 0.02 * torch.rand(60)).float() * torch.randint(1, 9, (256, 60))
    model = mlp(inputs=60, outputs=2)
    y = (x[:, :30].sum(1) > x[:, 30:].sum(1)).long()
    return watched(model, classify(model, x, y), optimizer=adam(model), steps=150)


RUNS = (
    tied_embeddings,
    recurrent_language_model,
    mixture_of_experts,
    stochastic_depth,
    scaled_residuals_from_zero,
    zero_initialised_head,
    heads_in_turn,
    heads_in_turn_on_a_frozen_trunk,
    tasks_in_turn,
    sparse_embeddings,
    deep_convolutions_with_batch_norm,
    gated_by_sigmoids,
    attention_pooling,
    scales_its_input,
    normalises_its_input,
    counts_of_words,
)
