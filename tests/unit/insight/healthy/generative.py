"""Generative models: energies, flows, codes, and adversaries with several steps."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import mlp, watched

from .adversarial import real_points


def adam(model, lr=2e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def penalty_of(critic, real, made):
    share = torch.rand(len(real), 1)
    between = (share * real + (1 - share) * made).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return 10 * (slope.norm(dim=1) - 1).pow(2).mean()


def five_steps_of_a_critic():
    """The critic moves five times, then the generator once, in loops within a loop."""
    generator, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=2)
    moves = torch.optim.Adam(generator.parameters(), 1e-3, betas=(0.5, 0.9))
    judges = torch.optim.Adam(critic.parameters(), 1e-3, betas=(0.5, 0.9))
    with lk.watch({"G": generator, "D": critic}, show=False) as run:
        for _ in range(24):
            for _ in range(5):
                real, made = real_points(), generator(torch.randn(64, 4)).detach()
                judged = critic(made).mean() - critic(real).mean() + penalty_of(critic, real, made)
                judges.zero_grad()
                judged.backward()
                judges.step()
            moves.zero_grad()
            (-critic(generator(torch.randn(64, 4))).mean()).backward()
            moves.step()
    return run


def generator_of_a_critic_with_steps():
    """Only the generator is watched; its loss is the negative score, which wanders."""
    generator, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=2)
    moves, judges = adam(generator, 1e-3), adam(critic, 1e-3)
    with lk.watch(generator, show=False) as run:
        for _ in range(60):
            for _ in range(3):
                real, made = real_points(), generator(torch.randn(64, 4)).detach()
                judged = critic(made).mean() - critic(real).mean() + penalty_of(critic, real, made)
                judges.zero_grad()
                judged.backward()
                judges.step()
            for p in critic.parameters():
                p.requires_grad_(False)
            moves.zero_grad()
            (-critic(generator(torch.randn(64, 4))).mean()).backward()
            moves.step()
            for p in critic.parameters():
                p.requires_grad_(True)
    return run


def hinge_adversaries_in_one_model():
    """Both networks in one watched module, losses with hinges that reach 0."""
    model = nn.ModuleDict({"G": mlp(outputs=2, inputs=4), "D": mlp(outputs=1, inputs=2)})
    moves, judges = adam(model["G"], 1e-3), adam(model["D"], 4e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            made = model["G"](torch.randn(64, 4))
            judged = F.relu(1 - model["D"](real_points())).mean()
            judged = judged + F.relu(1 + model["D"](made.detach())).mean()
            judges.zero_grad()
            judged.backward()
            judges.step()
            moves.zero_grad()
            (-model["D"](made).mean()).backward()
            moves.step()
    return run


def annealed_divergence():
    """The weight of the divergence rises from 0: the loss rises while the model learns."""
    encoder, decoder = mlp(outputs=4, inputs=8), mlp(outputs=8, inputs=2)
    model = nn.ModuleList([encoder, decoder])
    basis = torch.randn(2, 8)

    def loss(step):
        x = torch.randn(64, 2) @ basis
        mean, log_variance = encoder(x).chunk(2, 1)
        code = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum(1).mean()
        error = F.mse_loss(decoder(code), x, reduction="sum") / 64
        return error + min(1.0, step / 150) * divergence

    return watched(model, loss, optimizer=adam(model), steps=300)


class Codes(nn.Module):
    """A table of codes; the nearest one replaces each vector, gradients pass straight through."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = mlp(outputs=4, inputs=8), mlp(outputs=8, inputs=4)
        self.codes = nn.Embedding(16, 4)

    def forward(self, x):
        made = self.encoder(x)
        nearest = self.codes(torch.cdist(made, self.codes.weight).argmin(1))
        extra = F.mse_loss(nearest, made.detach()) + 0.25 * F.mse_loss(made, nearest.detach())
        return self.decoder(made + (nearest - made).detach()), extra


def codes_of_a_table():
    model = Codes()
    centres = torch.randn(8, 8)

    def loss(step):
        x = centres[torch.randint(8, (64,))] + 0.1 * torch.randn(64, 8)
        made, extra = model(x)
        return F.mse_loss(made, x) + extra

    return watched(model, loss, optimizer=adam(model), steps=250)


class Coupling(nn.Module):
    def __init__(self, flipped):
        super().__init__()
        self.net, self.flipped = mlp(outputs=2, inputs=1, activation=nn.Tanh), flipped
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x.flip(1).chunk(2, 1) if self.flipped else x.chunk(2, 1)
        scale, shift = self.net(a).chunk(2, 1)
        return torch.cat([a, b * scale.tanh().exp() + shift], 1), scale.tanh().sum(1)


def coupling_layers():
    """A flow whose layers begin as the identity; the likelihood passes through 0."""
    layers = nn.ModuleList(Coupling(flipped=bool(i % 2)) for i in range(4))

    def loss(step):
        z = torch.randn(128, 2)
        x = 0.1 * torch.stack([z[:, 0], z[:, 1] + z[:, 0].pow(2)], 1)
        total = 0.0
        for layer in layers:
            x, logs = layer(x)
            total = total + logs
        return (0.5 * x.pow(2).sum(1) - total).mean()

    return watched(layers, loss, optimizer=adam(layers), steps=150)


class Masked(nn.Linear):
    def __init__(self, inputs, outputs, mask):
        super().__init__(inputs, outputs)
        self.register_buffer("mask", mask)

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


def masked_autoregression():
    """Each output sees the inputs before it; whole rows of weights have no gradient."""
    order, hidden = torch.arange(8), torch.arange(32) % 7
    model = nn.Sequential(
        Masked(8, 32, (hidden[:, None] >= order[None]).float()),
        nn.ReLU(),
        Masked(32, 8, (order[:, None] > hidden[None]).float()),
    )

    def loss(step):
        bits = (torch.randn(64, 8).cumsum(1) > 0).float()
        return F.binary_cross_entropy_with_logits(model(bits), bits)

    return watched(model, loss, optimizer=adam(model, 5e-3), steps=250)


RUNS = (
    five_steps_of_a_critic,
    generator_of_a_critic_with_steps,
    hinge_adversaries_in_one_model,
    annealed_divergence,
    codes_of_a_table,
    coupling_layers,
    masked_autoregression,
)
