"""Losses of other scales and forms: with a floor, near 0, in thousands, with a factor."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import classify, mlp, points, regress, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def label_smoothing():
    """The loss cannot fall below the entropy of the smoothed labels."""
    x, y = points(256)
    model = mlp()
    loss = nn.CrossEntropyLoss(label_smoothing=0.6)
    return watched(model, lambda step: loss(model(x), y), optimizer=adam(model), steps=300)


def unscaled_targets():
    """Targets in thousands, as prices are: a loss of millions that falls slowly."""
    x, _ = points(256)
    y = 20_000 + 5_000 * x[:, :1]
    model = mlp(outputs=1)
    return watched(model, regress(model, x, y), optimizer=adam(model, 3e-2), steps=300)


def separable_data():
    """Separable classes: the loss falls towards 0 without end."""
    x, _ = points(128)
    y = (x[:, 0] > 0).long()
    x[:, 0] += x[:, 0].sign()
    model = mlp(outputs=2)
    return watched(model, classify(model, x, y), lr=0.5, steps=400)


def near_zero():
    """Targets of a ten thousandth: the loss begins at little and falls to nothing."""
    x, _ = points(128)
    model = mlp(outputs=1, width=16)
    nn.init.normal_(model[-1].weight, std=1e-4)
    nn.init.zeros_(model[-1].bias)
    return watched(
        model, regress(model, x, 1e-4 * x[:, :1]), optimizer=adam(model, 1e-4), steps=300
    )


def exactly_zero():
    """A hinge loss that reaches exactly 0, with gradients of 0 from then on."""
    x, _ = points(64)
    y = x[:, :1].sign()
    model = mlp(outputs=1)

    def loss(step):
        return F.relu(0.1 - y * model(x)).mean()

    return watched(model, loss, optimizer=adam(model), steps=300)


def constant_factor():
    """A factor of 2**16, as a fixed scale of the loss; Adam does not depend on it."""
    x = torch.randn(512, 16)
    y = x[:, :1] - x[:, 1:2]
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))

    def loss(step):
        rows = torch.randint(512, (64,))
        return F.mse_loss(model(x[rows]), y[rows]) * 2.0**16

    return watched(model, loss, optimizer=adam(model, 1e-3), steps=400)


def sum_over_the_batch():
    """Losses summed instead of averaged, at a rate that suits."""
    x, y = points(512)
    model = mlp()

    def loss(step):
        return F.cross_entropy(model(x), y, reduction="sum")

    return watched(model, loss, optimizer=adam(model), steps=250)


def tiny_factor():
    """A factor of a millionth; Adam does not depend on it."""
    x, y = points(256)
    model = mlp()

    def loss(step):
        return 1e-6 * F.cross_entropy(model(x), y)

    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, eps=1e-15)
    return watched(model, loss, optimizer=optimizer, steps=250)


def quantiles():
    """The pinball loss of three quantiles of noisy targets."""
    x, _ = points(256)
    y = x[:, :1] + torch.randn(256, 1) * 0.5
    levels = torch.tensor([0.1, 0.5, 0.9])
    model = mlp()

    def loss(step):
        error = y - model(x)
        return torch.maximum(levels * error, (levels - 1) * error).mean()

    return watched(model, loss, optimizer=adam(model), steps=300)


def triplets():
    """A margin loss over triplets, which is 0 for many of them."""
    model = mlp(outputs=4)
    loss = nn.TripletMarginLoss(margin=0.5)

    def of_triplets(step):
        anchor = torch.randn(64, 10)
        near = anchor + 0.3 * torch.randn(64, 10)
        return loss(model(anchor), model(near), model(torch.randn(64, 10)))

    return watched(model, of_triplets, optimizer=adam(model), steps=250)


def noisy_small_batches():
    """Batches of four with noisy labels: the loss jumps by several times its level."""
    x, y = points(512)
    y[:150] = torch.randint(3, (150,))
    model = mlp()

    def loss(step):
        rows = torch.randint(512, (4,))
        return F.cross_entropy(model(x[rows]), y[rows])

    return watched(model, loss, optimizer=adam(model, 2e-3), steps=400)


def noisy_regression_in_small_batches():
    """Most of the variance of the targets is noise, so that little can be learned."""
    x, _ = points(512)
    y = x[:, :1] + 1.5 * torch.randn(512, 1)
    model = mlp(outputs=1, width=16)

    def loss(step):
        rows = torch.randint(512, (8,))
        return F.mse_loss(model(x[rows]), y[rows])

    return watched(model, loss, optimizer=adam(model, 1e-3), steps=400)


def rare_class():
    """One sample in twenty is positive; the loss begins at ln 2 and falls."""
    x, _ = points(512)
    y = (x[:, 0] > 1.6).long()
    model = mlp(outputs=2)
    return watched(model, classify(model, x, y), optimizer=adam(model, 1e-3), steps=250)


def many_labels():
    """Twenty labels, of which one in twenty is set."""
    x, _ = points(256)
    y = (x @ torch.randn(10, 20) > 5).float()
    model = mlp(outputs=20)
    loss = F.binary_cross_entropy_with_logits
    return watched(model, lambda step: loss(model(x), y), optimizer=adam(model), steps=250)


def overlap():
    """The negative overlap of masks (Dice), from about -0.5 towards -1."""
    x, _ = points(256)
    y = (x[:, :3] > 0).float()
    model = mlp()

    def loss(step):
        made = model(x).sigmoid()
        return -2 * (made * y).sum() / (made.sum() + y.sum())

    return watched(model, loss, optimizer=adam(model), steps=250)


def decay_on_wide_layers():
    """Usual weight decay on wide layers, whose norms it lowers a little."""
    x, y = points(256)
    model = mlp(width=256)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=250)


def strong_regularisation():
    """An added penalty keeps the weights small and the loss away from 0."""
    x, y = points(256)
    model = nn.Linear(10, 3)

    def loss(step):
        return F.cross_entropy(model(x), y) + 0.05 * model.weight.pow(2).sum()

    return watched(model, loss, lr=0.3, steps=300)


RUNS = (
    label_smoothing,
    unscaled_targets,
    separable_data,
    near_zero,
    exactly_zero,
    constant_factor,
    sum_over_the_batch,
    tiny_factor,
    quantiles,
    triplets,
    noisy_small_batches,
    noisy_regression_in_small_batches,
    rare_class,
    many_labels,
    overlap,
    decay_on_wide_layers,
    strong_regularisation,
)
