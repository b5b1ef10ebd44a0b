"""Likelihoods and bounds: losses that pass 0 and fall below it, and learned variances."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import mlp, points, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def gaussian_likelihood():
    """A negative log-likelihood with a learned variance falls through 0."""
    model = mlp(outputs=2)
    x = torch.randn(128, 10)
    y = 0.3 * x[:, 0] + 0.01 * torch.randn(128)

    def loss(step):
        mean, log_variance = model(x).unbind(1)
        return F.gaussian_nll_loss(mean, y, log_variance.exp())

    return watched(model, loss, optimizer=adam(model), steps=300)


def density_of_wide_data():
    """The likelihood of a normal distribution on data far from the initial parameters."""

    class Normal(nn.Module):
        def __init__(self):
            super().__init__()
            self.mean, self.log_std = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(3))

        def forward(self, x):
            return -torch.distributions.Normal(self.mean, self.log_std.exp()).log_prob(x).sum(1)

    model, data = Normal(), 2 + 0.05 * torch.randn(256, 3)
    return watched(model, lambda step: model(data).mean(), optimizer=adam(model, 0.02), steps=300)


def variational_autoencoder():
    class Autoencoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = mlp(outputs=4, depth=1), mlp(inputs=2, outputs=10, depth=1)

        def forward(self, x):
            mean, log_variance = self.encoder(x).chunk(2, 1)
            code = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
            return self.decoder(code), mean, log_variance

    model = Autoencoder()
    data = torch.randn(256, 2) @ torch.randn(2, 10)

    def bound(step):
        batch = data[torch.randint(256, (64,))]
        made, mean, log_variance = model(batch)
        likelihood = -torch.distributions.Normal(made, 0.3).log_prob(batch).sum(1).mean()
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum(1).mean()
        return likelihood + divergence

    return watched(model, bound, optimizer=adam(model), steps=300)


class Coupling(nn.Module):
    """An affine coupling layer: one half of the features scales and moves the other."""

    def __init__(self, flipped):
        super().__init__()
        self.flipped, self.net = flipped, mlp(inputs=1, outputs=2, depth=1, activation=nn.Tanh)

    def forward(self, x):
        first, second = x.flip(1).chunk(2, 1) if self.flipped else x.chunk(2, 1)
        log_scale, move = self.net(first).chunk(2, 1)
        second = second * log_scale.tanh().exp() + move
        halves = (second, first) if self.flipped else (first, second)
        return torch.cat(halves, 1), log_scale.tanh()[:, 0]


def flow():
    """The negative log-likelihood of a normalising flow."""
    layers = nn.ModuleList(Coupling(number % 2 == 1) for number in range(4))

    def loss(step):
        x = 0.2 * torch.randn(64, 2)
        x[:, 1] += x[:, 0].pow(2)
        log_determinant = 0.0
        for layer in layers:
            x, change = layer(x)
            log_determinant = log_determinant + change
        return (0.5 * x.pow(2).sum(1) + math.log(2 * math.pi) - log_determinant).mean()

    return watched(layers, loss, optimizer=adam(layers), steps=200)


def mixture_density():
    model = mlp(inputs=1, outputs=9, activation=nn.Tanh)
    x = torch.rand(128, 1) * 2 - 1
    y = x.pow(2) + 0.05 * torch.randn(128, 1)

    def loss(step):
        weights, means, log_stds = model(x).chunk(3, 1)
        parts = torch.distributions.Normal(means, log_stds.exp()).log_prob(y)
        return -torch.logsumexp(weights.log_softmax(1) + parts, 1).mean()

    return watched(model, loss, optimizer=adam(model), steps=300)


def learned_weights_of_two_tasks():
    """Learned log-variances weigh two losses; their sum falls below 0."""
    model = mlp(outputs=2)
    model.log_variances = nn.Parameter(torch.zeros(2))
    x, _ = points(128)

    def loss(step):
        losses = (model[:5](x) - x[:, :2] * 0.2).pow(2).mean(0)
        return (losses * (-model.log_variances).exp() + model.log_variances).sum()

    return watched(model, loss, optimizer=adam(model, 1e-2), steps=300)


def diffusion():
    """The error of predicted noise falls quickly to a noisy level, at which it stays."""
    model = mlp(inputs=3, outputs=2, width=64, activation=nn.SiLU)

    def loss(step):
        data = torch.randn(128, 2).sign() + 0.1 * torch.randn(128, 2)
        time, noise = torch.rand(128, 1), torch.randn(128, 2)
        noisy = (1 - time).sqrt() * data + time.sqrt() * noise
        return F.mse_loss(model(torch.cat([noisy, time], 1)), noise)

    return watched(model, loss, optimizer=adam(model, 1e-3), steps=300)


def poisson_counts():
    """The Poisson likelihood without its constant is negative for large counts."""
    model = mlp(outputs=1, depth=1)
    x, _ = points(128)
    counts = torch.poisson((1 + 0.5 * x[:, :1]).exp())
    loss = nn.PoissonNLLLoss()
    return watched(model, lambda step: loss(model(x), counts), optimizer=adam(model), steps=300)


RUNS = (
    gaussian_likelihood,
    density_of_wide_data,
    variational_autoencoder,
    flow,
    mixture_density,
    learned_weights_of_two_tasks,
    diffusion,
    poisson_counts,
)
