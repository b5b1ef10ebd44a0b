"""Models that begin near an optimum, or of which a part is trained."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, regress, watched


def trained(model, loss_of, steps=300, lr=5e-3):
    """Train a model unwatched, and return it."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for step in range(steps):
        optimizer.zero_grad()
        loss_of(step).backward()
        optimizer.step()
    return model


def pretrained():
    """A pretrained model: its loss is low from the first step."""
    x, y = points(256)
    model = mlp()
    trained(model, classify(model, x, y))
    return watched(model, classify(model, x, y), lr=0.01, steps=400)


def converged_classifier_goes_on():
    """The labels are noisy: the loss stays far from 0, and Adam goes on moving the weights."""
    x, y = points(512)
    y[:100] = torch.randint(3, (100,))
    model = nn.Linear(10, 3)
    trained(model, classify(model, x, y), lr=0.05)

    def loss(step):
        rows = torch.randint(512, (64,))
        return F.cross_entropy(model(x[rows]), y[rows])

    return watched(model, loss, optimizer=torch.optim.Adam(model.parameters(), 1e-3), steps=300)


def converged_regression_goes_on():
    """The loss is the variance of noise in the targets, from the first step to the last."""
    x = torch.randn(512, 10)
    y = x[:, :1] + torch.randn(512, 1)
    model = nn.Linear(10, 1)
    trained(model, regress(model, x, y), lr=0.05)

    def loss(step):
        rows = torch.randint(512, (32,))
        return F.mse_loss(model(x[rows]), y[rows])

    return watched(model, loss, optimizer=torch.optim.Adam(model.parameters(), 1e-3), steps=300)


def small_rate_from_an_optimum():
    """The rate is a thousandth of the usual one, and the loss hardly moves."""
    x, y = points(256)
    model = mlp()
    trained(model, classify(model, x, y), steps=200)
    shifted = x + 0.05 * torch.randn_like(x)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    return watched(model, classify(model, shifted, y), optimizer=optimizer, steps=300)


def frozen_backbone():
    x, y = points(256)
    backbone, head = mlp(outputs=32), nn.Linear(32, 3)
    backbone.requires_grad_(requires_grad=False)
    model = nn.Sequential(backbone, nn.ReLU(), head)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=400)


def linear_probe():
    """Only the head is in the optimizer, and the backbone still requires gradients."""
    x, _ = points()
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.01)
    return watched(model, regress(model, x, torch.ones(64, 1)), optimizer=optimizer, steps=200)


class LowRank(nn.Module):
    """A frozen linear layer with a trained update of rank 2, which begins at 0."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer.requires_grad_(requires_grad=False)
        self.down = nn.Parameter(torch.randn(2, layer.in_features) / layer.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(layer.out_features, 2))

    def forward(self, x):
        return self.layer(x) + x @ self.down.T @ self.up.T


def low_rank_adaptation():
    """One factor is zero at first, so that the other one has no gradient at the first step."""
    x, y = points(256)
    model = mlp()
    trained(model, classify(model, x, y), steps=100)
    model = nn.Sequential(*(LowRank(m) if isinstance(m, nn.Linear) else m for m in model))
    moved = y.roll(1, 0).where(x[:, 5] > 1, y)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-3)
    return watched(model, classify(model, x, moved), optimizer=optimizer, steps=300)


def gradual_unfreezing():
    """Layers get gradients later than others, from the last to the first."""
    x, y = points(256)
    model = mlp(depth=3)
    for layer in (model[0], model[2], model[4]):
        layer.requires_grad_(requires_grad=False)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def unfreeze(run, step):
        if step % 60 == 59 and step < 180:
            model[4 - 2 * (step // 60)].requires_grad_(requires_grad=True)

    return watched(model, classify(model, x, y), optimizer=optimizer, steps=300, after=unfreeze)


def prompt_tuning():
    """A few vectors in front of a frozen network are all that is trained."""

    class Prompted(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = mlp(inputs=14).requires_grad_(requires_grad=False)
            self.prompt = nn.Parameter(torch.zeros(4))

        def forward(self, x):
            return self.network(torch.cat([x, self.prompt.expand(len(x), 4)], 1))

    model = Prompted()
    x = torch.randn(128, 10)
    y = torch.full((128,), 1).where(x[:, 0] > -1, torch.zeros(128).long())
    optimizer = torch.optim.Adam([model.prompt], lr=0.02)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=300)


def normalisation_layers_only():
    """Only the scales and shifts of layer norms are trained."""
    x, y = points(256)
    model = nn.Sequential(nn.Linear(10, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 3))
    model.requires_grad_(requires_grad=False)
    model[1].requires_grad_(requires_grad=True)
    optimizer = torch.optim.Adam(model[1].parameters(), lr=0.02)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=300)


def frozen_statistics():
    """A backbone with batch norm in evaluation mode, as it is fine-tuned on purpose."""
    x, y = points(256)
    model = nn.Sequential(
        nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3)
    )
    trained(model, classify(model, x, y), steps=60)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            model.train()
            model[1].eval()
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


RUNS = (
    pretrained,
    converged_classifier_goes_on,
    converged_regression_goes_on,
    small_rate_from_an_optimum,
    frozen_backbone,
    linear_probe,
    low_rank_adaptation,
    gradual_unfreezing,
    prompt_tuning,
    normalisation_layers_only,
    frozen_statistics,
)
