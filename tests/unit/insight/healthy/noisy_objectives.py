"""Losses that stay high, are noisy, large or of any sign."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import mlp, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def marginal_likelihood_of_a_process():
    """A Gaussian process: three parameters of one number each, a loss of any sign."""

    class Kernel(nn.Module):
        def __init__(self):
            super().__init__()
            self.length, self.scale = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))
            self.noise = nn.Parameter(torch.tensor(-1.0))

        def forward(self, x):
            squares = (x[:, None] - x[None]).pow(2) / self.length.exp().pow(2)
            return self.scale.exp() * (-0.5 * squares).exp() + self.noise.exp() * torch.eye(len(x))

    model = Kernel()
    x = torch.linspace(0, 6, 40)
    y = x.sin() + 0.05 * torch.randn(40)

    def loss(step):
        normal = torch.distributions.MultivariateNormal(torch.zeros(40), model(x))
        return -normal.log_prob(y)

    return watched(model, loss, optimizer=adam(model, 0.05), steps=120)


def survival_times():
    """Cox's partial likelihood: a sum over risk sets, far above ln 2 and slow."""
    model = mlp(outputs=1)
    x = torch.randn(128, 10)
    times = torch.distributions.Exponential(x[:, 0].exp()).sample()
    order = times.argsort(descending=True)

    def loss(step):
        risk = model(x)[:, 0][order]
        return -(risk - risk.logcumsumexp(0)).mean()

    return watched(model, loss, optimizer=adam(model), steps=200)


def house_prices():
    """Targets in hundred thousands, in raw units, with the mean as the first bias."""
    model = mlp(outputs=1)
    x = torch.randn(256, 10)
    prices = 2e5 + 5e4 * x[:, :1] + 2e4 * torch.randn(256, 1)
    nn.init.constant_(model[-1].bias, prices.mean().item())
    return watched(
        model, lambda step: F.l1_loss(model(x), prices), optimizer=adam(model, 1.0), steps=150
    )


def prices_with_a_slow_rate():
    """Targets in raw units with the usual rate of Adam: the loss of 4e10 falls by little."""
    model = mlp(outputs=1)
    x = torch.randn(256, 10)
    prices = 200 + 50 * x[:, :1] + 20 * torch.randn(256, 1)
    return watched(
        model, lambda step: F.mse_loss(model(x), prices), optimizer=adam(model, 1e-2), steps=250
    )


def mixed_samples():
    """Mixup keeps the loss far above 0."""
    model = mlp()

    def loss(step):
        x = torch.randn(64, 10)
        y = F.one_hot(x[:, :3].argmax(1), 3).float()
        share = torch.distributions.Beta(0.4, 0.4).sample()
        other = torch.randperm(64)
        made = model(share * x + (1 - share) * x[other])
        return F.cross_entropy(made, share * y + (1 - share) * y[other])

    return watched(model, loss, optimizer=adam(model), steps=200)


def mostly_wrong_labels():
    """Half of the labels are drawn: the loss falls a little below guessing."""
    model = mlp()

    def loss(step):
        x = torch.randn(128, 10)
        y = torch.where(torch.rand(128) < 0.5, torch.randint(3, (128,)), x[:, :3].argmax(1))
        return F.cross_entropy(model(x), y)

    return watched(model, loss, optimizer=adam(model), steps=250)


def outputs_of_two_passes_that_agree():
    """R-Drop: two passes with dropout, their cross entropies and their divergence."""
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 3))

    def loss(step):
        x = torch.randn(64, 10)
        y = x[:, :3].argmax(1)
        a, b = model(x).log_softmax(1), model(x).log_softmax(1)
        apart = F.kl_div(a, b, log_target=True, reduction="batchmean")
        return F.nll_loss(a, y) + F.nll_loss(b, y) + 0.5 * apart

    return watched(model, loss, optimizer=adam(model), steps=200)


def scaled_by_a_million():
    """A sum over a batch times a constant; Adam does not mind."""
    model = mlp(outputs=1)
    x = torch.randn(256, 10)
    return watched(
        model,
        lambda step: 1e6 * F.mse_loss(model(x), x[:, :1] * x[:, 1:2], reduction="sum"),
        optimizer=adam(model),
        steps=200,
    )


def gains_that_are_maximised():
    """The loss is the negative of a reward that grows without bound."""
    model = mlp(outputs=1)

    def loss(step):
        x = torch.randn(64, 10)
        return -(model(x)[:, 0] * x[:, 0]).mean() + 1e-3 * model(x).pow(2).mean()

    return watched(model, loss, optimizer=adam(model, 1e-2), steps=250)


def mutual_information():
    """MINE: a bound that is noisy, negative and slow."""
    model = mlp(outputs=1, inputs=2)

    def loss(step):
        x = torch.randn(256, 1)
        y = 0.8 * x + 0.6 * torch.randn(256, 1)
        joint = model(torch.cat([x, y], 1)).mean()
        apart = model(torch.cat([x, y[torch.randperm(256)]], 1))[:, 0]
        return -(joint - (apart.logsumexp(0) - torch.tensor(256.0).log()))

    return watched(model, loss, optimizer=adam(model), steps=250)


def quantised_weights():
    """Weights are rounded in forward; gradients pass straight through."""

    class Rounded(nn.Linear):
        def forward(self, x):
            scale = self.weight.detach().abs().max() / 7
            rounded = (self.weight / scale).round() * scale
            return F.linear(x, self.weight + (rounded - self.weight).detach(), self.bias)

    model = nn.Sequential(Rounded(10, 32), nn.ReLU(), Rounded(32, 3))

    def loss(step):
        x = torch.randn(64, 10)
        return F.cross_entropy(model(x), x[:, :3].argmax(1))

    return watched(model, loss, optimizer=adam(model), steps=200)


RUNS = (
    marginal_likelihood_of_a_process,
    survival_times,
    house_prices,
    prices_with_a_slow_rate,
    mixed_samples,
    mostly_wrong_labels,
    outputs_of_two_passes_that_agree,
    scaled_by_a_million,
    gains_that_are_maximised,
    mutual_information,
    quantised_weights,
)
