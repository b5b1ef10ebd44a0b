"""Generative models that give energies, scores or velocities."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import mlp, watched

from .adversarial import real_points


def adam(model, lr=2e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def energy_with_langevin_samples():
    """The loss is a difference of energies around 0; samples need gradients of the input."""
    model = mlp(outputs=1, inputs=2, activation=nn.SiLU)
    memory = torch.randn(64, 2)

    def loss(step):
        made = memory.clone().requires_grad_()
        for _ in range(5):
            (slope,) = torch.autograd.grad(model(made).sum(), made)
            made = (made - 0.1 * slope + 0.05 * torch.randn_like(made)).detach().requires_grad_()
        memory.copy_(made.detach())
        up, down = model(real_points()), model(made.detach())
        return up.mean() - down.mean() + 0.1 * (up.pow(2) + down.pow(2)).mean()

    return watched(model, loss, optimizer=adam(model, 1e-3), steps=120)


def score_matching():
    """Denoising at several scales, weighted: the loss stays near its level."""
    model = mlp(outputs=2, inputs=3, activation=nn.SiLU, width=64)

    def loss(step):
        sigma = torch.rand(128, 1) * 0.9 + 0.1
        noise = torch.randn(128, 2)
        x = real_points().repeat(2, 1) + sigma * noise
        score = model(torch.cat([x, sigma], 1))
        return (sigma * score + noise).pow(2).sum(1).mean()

    return watched(model, loss, optimizer=adam(model), steps=250)


def flow_matching_with_an_average():
    """Velocities between noise and data; most of the loss is the variance of the targets."""
    model = mlp(outputs=2, inputs=3, activation=nn.SiLU)
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(250):
            real, noise, t = real_points(), torch.randn(64, 2), torch.rand(64, 1)
            made = model(torch.cat([(1 - t) * noise + t * real, t], 1))
            loss = (made - (real - noise)).square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            with torch.no_grad():
                for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
                    slow.mul_(0.99).add_(fast, alpha=0.01)
    return run


def noise_prediction_of_pictures():
    """The loss begins at 1, the variance of the noise, and falls slowly."""
    model = nn.Sequential(
        nn.Conv2d(2, 16, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(16, 1, 3, padding=1),
    )
    nn.init.zeros_(model[-1].weight)
    nn.init.zeros_(model[-1].bias)

    def loss(step):
        x = F.avg_pool2d(torch.randn(16, 1, 12, 12), 5, 1, 2) * 4
        t = torch.rand(16, 1, 1, 1)
        noise = torch.randn_like(x)
        noisy = (1 - t).sqrt() * x + t.sqrt() * noise
        return F.mse_loss(model(torch.cat([noisy, t.expand_as(x)], 1)), noise)

    return watched(model, loss, optimizer=adam(model), steps=120)


def restricted_boltzmann_machine():
    """Contrastive divergence: a difference of free energies, whose gradient is the update."""

    class Machine(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(0.05 * torch.randn(16, 12))
            self.visible, self.hidden = nn.Parameter(torch.zeros(16)), nn.Parameter(torch.zeros(12))

        def free_energy(self, v):
            return -(v @ self.visible) - F.softplus(v @ self.weight + self.hidden).sum(1)

        def sampled(self, v):
            h = torch.bernoulli((v @ self.weight + self.hidden).sigmoid())
            return torch.bernoulli((h @ self.weight.T + self.visible).sigmoid())

    machine = Machine()
    kinds = torch.bernoulli(torch.full((4, 16), 0.5))
    optimizer = torch.optim.SGD(machine.parameters(), lr=0.05, momentum=0.5)
    with lk.watch(machine, show=False) as run:
        for _ in range(200):
            flips = (torch.rand(32, 16) < 0.05).float()
            v = (kinds[torch.randint(4, (32,))] - flips).abs()
            with torch.no_grad():
                made = machine.sampled(v)
            loss = machine.free_energy(v).mean() - machine.free_energy(made).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


RUNS = (
    energy_with_langevin_samples,
    score_matching,
    flow_matching_with_an_average,
    noise_prediction_of_pictures,
    restricted_boltzmann_machine,
)
