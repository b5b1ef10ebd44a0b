"""Models with parts that rest, gates, sines, spikes, graphs and weights that are shared."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def labelled(rows=64):
    x = torch.randn(rows, 10)
    return x, x[:, :3].argmax(1)


class Experts(nn.Module):
    """A hard choice of one of eight experts; some are hardly ever chosen."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(10, 8)
        with torch.no_grad():
            self.gate.bias[6:] = -20
        self.experts = nn.ModuleList(mlp(outputs=3, depth=1, width=16) for _ in range(8))

    def forward(self, x):
        weights, chosen = self.gate(x).softmax(1).max(1)
        made = torch.zeros(len(x), 3)
        for i, expert in enumerate(self.experts):
            mine = chosen == i
            if mine.any():
                made[mine] = expert(x[mine])
        return made * weights[:, None]


def experts_of_which_two_are_never_chosen():
    """A specialist signs that two experts get no gradient."""
    model = Experts()

    def loss(step):
        x, y = labelled()
        return F.cross_entropy(model(x), y)

    return watched(model, loss, optimizer=adam(model), steps=150)


def early_exits():
    """Each block has a head; later ones have a greater weight."""
    blocks = nn.ModuleList(nn.Sequential(nn.Linear(n, 16), nn.ReLU()) for n in (10, 16, 16))
    heads = nn.ModuleList(nn.Linear(16, 3) for _ in range(3))
    model = nn.ModuleDict({"blocks": blocks, "heads": heads})

    def loss(step):
        h, y = labelled()
        total = 0.0
        for i, (block, head) in enumerate(zip(blocks, heads, strict=True)):
            h = block(h)
            total = total + (i + 1) / 6 * F.cross_entropy(head(h), y)
        return total

    return watched(model, loss, optimizer=adam(model), steps=150)


def sparse_autoencoder():
    """Most units are zero for most samples: that is what the penalty is for."""

    class Sparse(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.Linear(16, 64), nn.Linear(64, 16)

        def forward(self, x):
            code = F.relu(self.encoder(x))
            return self.decoder(code), code

    model, basis = Sparse(), torch.randn(24, 16)

    def loss(step):
        x = (torch.rand(64, 24).lt(0.1).float() * torch.rand(64, 24)) @ basis
        made, code = model(x)
        return F.mse_loss(made, x) + 0.01 * code.abs().sum(1).mean()

    return watched(model, loss, optimizer=adam(model), steps=250)


def largest_activations_only():
    """Of 64 units the four largest are used."""

    class Largest(nn.Module):
        def forward(self, x):
            values, places = x.topk(4, dim=1)
            return torch.zeros_like(x).scatter(1, places, F.relu(values))

    model = nn.Sequential(nn.Linear(10, 64), Largest(), nn.Linear(64, 10))

    def loss(step):
        x, _ = labelled()
        return F.mse_loss(model(x), x)

    return watched(model, loss, optimizer=adam(model), steps=200)


class Sine(nn.Module):
    def forward(self, x):
        return (20 * x).sin()


def coordinates_with_sines():
    """A picture as a function of coordinates; frequencies are in the first layer."""
    model = nn.Sequential(nn.Linear(2, 32), Sine(), nn.Linear(32, 32), Sine(), nn.Linear(32, 1))
    with torch.no_grad():
        model[0].weight.uniform_(-0.5, 0.5)
        model[2].weight.uniform_(-((6 / 32) ** 0.5) / 20, (6 / 32) ** 0.5 / 20)
    line = torch.linspace(-1, 1, 24)
    places = torch.cartesian_prod(line, line)
    picture = ((8 * places[:, :1]).sin() * (8 * places[:, 1:]).cos()).round()
    return watched(
        model,
        lambda step: F.mse_loss(model(places), picture),
        optimizer=adam(model, 1e-3),
        steps=150,
    )


def normalised_weights():
    """Weight norm and spectral norm; the originals are the parameters."""
    model = nn.Sequential(
        weight_norm(nn.Linear(10, 32)),
        nn.ReLU(),
        spectral_norm(nn.Linear(32, 32)),
        nn.ReLU(),
        nn.Linear(32, 3),
    )
    return watched(model, classify(model, *points(64)), optimizer=adam(model), steps=120)


def squeezed_and_excited_channels():
    class Excite(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Linear(8, 4), nn.Linear(4, 8)

        def forward(self, x):
            gate = torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3))))))
            return x * gate[:, :, None, None]

    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.Hardswish(),
        Excite(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )

    def loss(step):
        x = torch.randn(16, 1, 8, 8)
        y = (x[:, 0].std((1, 2)) > 1).long()
        return F.cross_entropy(model(2 * x), y)

    return watched(model, loss, optimizer=adam(model, 5e-3), steps=150)


def two_passes_of_one_model():
    """A model with a loop of its own, watched while it is called for two kinds of batches."""
    model = mlp()
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for step in range(150):
            x, y = labelled(32 if step % 2 else 7)
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            (0.1 * model(torch.randn(50, 10)).pow(2).mean()).backward()
            optimizer.step()
    return run


RUNS = (
    experts_of_which_two_are_never_chosen,
    early_exits,
    sparse_autoencoder,
    largest_activations_only,
    coordinates_with_sines,
    normalised_weights,
    squeezed_and_excited_channels,
    two_passes_of_one_model,
)
