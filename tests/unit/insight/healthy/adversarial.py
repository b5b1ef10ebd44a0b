"""Adversarial training: losses that need not fall."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import mlp, watched


def real_points():
    return torch.randn(64, 2) * 0.5 + 1


def gan():
    generator, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=2)
    moves = torch.optim.Adam(generator.parameters(), lr=1e-3)
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3)
    loss = F.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    with lk.watch({"G": generator, "D": critic}, show=False) as run:
        for _ in range(300):
            made = generator(torch.randn(64, 4))
            judged = loss(critic(real_points()), ones) + loss(critic(made.detach()), zeros)
            judges.zero_grad()
            judged.backward()
            judges.step()
            fooled = loss(critic(made), ones)
            moves.zero_grad()
            fooled.backward()
            moves.step()
    return run


def gan_with_one_watched():
    """Only the discriminator is watched: its loss rises towards 2 ln 2 as the generator learns."""
    generator, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=2)
    moves = torch.optim.Adam(generator.parameters(), lr=2e-3)
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3)
    loss = F.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    with lk.watch(critic, show=False) as run:
        for _ in range(300):
            made = generator(torch.randn(64, 4))
            judged = loss(critic(real_points()), ones) + loss(critic(made.detach()), zeros)
            judges.zero_grad()
            judged.backward()
            judges.step()
            fooled = loss(critic(made), ones)
            moves.zero_grad()
            fooled.backward()
            moves.step()
    return run


def gan_with_one_loss_of_both():
    """The discriminator sees real and made points in one batch: its loss rises to ln 2."""
    generator, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=2)
    moves = torch.optim.Adam(generator.parameters(), lr=1e-3)
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3)
    loss = F.binary_cross_entropy_with_logits
    labels = torch.cat([torch.ones(64, 1), torch.zeros(64, 1)])
    with lk.watch(critic, show=False) as run:
        for _ in range(250):
            made = generator(torch.randn(64, 4))
            judges.zero_grad()
            loss(critic(torch.cat([real_points(), made.detach()])), labels).backward()
            judges.step()
            moves.zero_grad()
            loss(critic(made), labels[:64]).backward()
            moves.step()
    return run


def gan_with_batch_norm():
    """The generator makes points in training mode without gradients for the discriminator."""
    generator = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
    critic = mlp(outputs=1, inputs=2)
    moves = torch.optim.Adam(generator.parameters(), lr=1e-3)
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3)
    loss = F.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    with lk.watch({"G": generator, "D": critic}, show=False) as run:
        for _ in range(150):
            with torch.no_grad():
                made = generator(torch.randn(64, 4))
            judged = loss(critic(real_points()), ones) + loss(critic(made), zeros)
            judges.zero_grad()
            judged.backward()
            judges.step()
            fooled = loss(critic(generator(torch.randn(64, 4))), ones)
            moves.zero_grad()
            fooled.backward()
            moves.step()
    return run


def wasserstein_gan_with_penalty():
    """The critic's loss begins at the penalty, falls below 0 and rises again."""
    generator, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=2)
    moves = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    with lk.watch({"G": generator, "D": critic}, show=False) as run:
        for step in range(200):
            real, made = real_points(), generator(torch.randn(64, 4))
            made_now = made.detach()
            share = torch.rand(64, 1)
            between = (share * real + (1 - share) * made_now).requires_grad_()
            (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
            penalty = 10 * (slope.norm(dim=1) - 1).pow(2).mean()
            judged = critic(made_now).mean() - critic(real).mean() + penalty
            judges.zero_grad()
            judged.backward()
            judges.step()
            if step % 5 == 4:
                moves.zero_grad()
                (-critic(made).mean()).backward()
                moves.step()
    return run


def wasserstein_critic():
    """A critic alone, whose loss is the negative of a distance."""
    critic = mlp(outputs=1, inputs=2)

    def loss(step):
        real, made = real_points(), torch.randn(64, 2)
        between = (real + made).div(2).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        return (
            critic(made).mean() - critic(real).mean() + 10 * (slope.norm(dim=1) - 1).pow(2).mean()
        )

    return watched(critic, loss, optimizer=torch.optim.Adam(critic.parameters(), 1e-3), steps=250)


class ReversedGradient(torch.autograd.Function):
    """The identity, whose gradient has the opposite sign."""

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


def domain_adversarial():
    """The loss of the domains rises to that of guessing, the loss of the labels falls."""
    features, labels, domains = mlp(outputs=8), mlp(inputs=8, depth=1), mlp(2, inputs=8, depth=1)
    model = nn.ModuleDict({"features": features, "labels": labels, "domains": domains})
    x = torch.randn(128, 10)
    y, domain = x[:, :3].argmax(1), (x[:, 4] > 0).long()

    def loss(step):
        hidden = features(x)
        of_domains = F.cross_entropy(domains(ReversedGradient.apply(hidden)), domain)
        return F.cross_entropy(labels(hidden), y) + 0.3 * of_domains

    return watched(model, loss, optimizer=torch.optim.Adam(model.parameters(), 3e-3), steps=250)


def adversarial_examples():
    """Each step attacks its batch first: the loss stays high, and inputs have gradients."""
    model = mlp()
    x = torch.randn(128, 10)
    y = x[:, :3].argmax(1)

    def loss(step):
        attacked = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(F.cross_entropy(model(attacked), y), attacked)
        return F.cross_entropy(model(x + 0.1 * slope.sign()), y)

    return watched(model, loss, optimizer=torch.optim.Adam(model.parameters(), 3e-3), steps=250)


RUNS = (
    gan,
    gan_with_one_watched,
    gan_with_one_loss_of_both,
    gan_with_batch_norm,
    wasserstein_gan_with_penalty,
    wasserstein_critic,
    domain_adversarial,
    adversarial_examples,
)
