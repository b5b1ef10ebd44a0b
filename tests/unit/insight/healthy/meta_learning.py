"""Models that learn to learn, or that make the weights of others."""

import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad, vmap

import labkit as lk
from tests.unit.insight.loops import mlp, watched


def task(rows=20):
    """Return points and their classes, which follow from a direction that is drawn."""
    direction = torch.randn(4)
    x = torch.randn(rows, 4)
    return x, (x @ direction > 0).long()


def meta_learned_classifier():
    """The loss after one step on each task; it starts at that of guessing, and falls slowly."""
    model = mlp(outputs=2, inputs=4)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def loss(step):
        total = 0.0
        for _ in range(2):
            (x, y) = task()
            weights = dict(model.named_parameters())
            inner = F.cross_entropy(functional_call(model, weights, (x[:10],)), y[:10])
            slopes = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
            fast = {name: w - 0.1 * g for (name, w), g in zip(weights.items(), slopes, strict=True)}
            total = total + F.cross_entropy(functional_call(model, fast, (x[10:],)), y[10:])
        return total / 2

    return watched(model, loss, optimizer=optimizer, steps=160)


def meta_learning_of_single_tasks():
    """One task at a time: the loss is that of guessing for long."""
    model = mlp(outputs=2, inputs=4)

    def loss(step):
        x, y = task()
        weights = dict(model.named_parameters())
        inner = F.cross_entropy(functional_call(model, weights, (x[:10],)), y[:10])
        slopes = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
        fast = {name: w - 0.01 * g for (name, w), g in zip(weights.items(), slopes, strict=True)}
        return F.cross_entropy(functional_call(model, fast, (x[10:],)), y[10:])

    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    return watched(model, loss, optimizer=optimizer, steps=200)


def reptile():
    """The watched weights are moved towards those that a copy found, through their gradients."""
    model = mlp(outputs=1, inputs=1, activation=nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with lk.watch(model, show=False) as run:
        for _ in range(60):
            phase = 3 * torch.rand(1)
            fast = copy.deepcopy(model)
            inner = torch.optim.SGD(fast.parameters(), lr=0.02)
            for _ in range(5):
                x = 6 * torch.rand(20, 1) - 3
                inner.zero_grad()
                F.mse_loss(fast(x), (x + phase).sin()).backward()
                inner.step()
            for slow, found in zip(model.parameters(), fast.parameters(), strict=True):
                slow.grad = slow.data - found.data
            optimizer.step()
    return run


def reptile_in_place():
    """The model itself learns each task, and is then put back part of the way."""
    model = mlp(outputs=1, inputs=1, activation=nn.Tanh)
    with lk.watch(model, show=False) as run:
        for round_ in range(40):
            before = copy.deepcopy(model.state_dict())
            phase = 3 * torch.rand(1)
            inner = torch.optim.SGD(model.parameters(), lr=0.02)
            for _ in range(5):
                x = 6 * torch.rand(20, 1) - 3
                loss = F.mse_loss(model(x), (x + phase).sin())
                inner.zero_grad()
                loss.backward()
                inner.step()
            after = model.state_dict()
            share = 0.5 * (1 - round_ / 40)
            model.load_state_dict({k: before[k] + share * (after[k] - before[k]) for k in before})
    return run


def only_the_head_adapts():
    """ANIL: features are learned over tasks, a head is made anew for each."""
    body = mlp(outputs=8, inputs=4, depth=1)
    optimizer = torch.optim.Adam(body.parameters(), 3e-3)

    def loss(step):
        x, y = task(40)
        features = body(x)
        head = torch.zeros(8, 2, requires_grad=True)
        for _ in range(2):
            inner = F.cross_entropy(features[:20] @ head, y[:20])
            head = head - 0.5 * torch.autograd.grad(inner, head, create_graph=True)[0]
        return F.cross_entropy(features[20:] @ head, y[20:])

    return watched(body, loss, optimizer=optimizer, steps=150)


def prototypes():
    """Each episode has other classes; logits are distances to the means of the support."""
    model = mlp(outputs=8, inputs=6)
    centres = 2 * torch.randn(40, 6)

    def loss(step):
        classes = torch.randperm(40)[:5]
        x = centres[classes][:, None] + 0.7 * torch.randn(5, 10, 6)
        made = model(x)
        means = made[:, :5].mean(1)
        distances = -torch.cdist(made[:, 5:].reshape(25, 8), means).pow(2)
        return F.cross_entropy(distances, torch.arange(5).repeat_interleave(5))

    return watched(model, loss, optimizer=torch.optim.Adam(model.parameters(), 1e-3), steps=200)


def hypernetwork():
    """The watched model makes the weights of a second one, which has no parameters."""
    model = mlp(outputs=3 * 8 + 8 + 8 + 1, inputs=2)
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)

    def loss(step):
        code = torch.randn(2)
        flat = 0.5 * model(code)
        x = torch.randn(32, 3)
        hidden = torch.tanh(x @ flat[:24].view(3, 8) + flat[24:32])
        made = hidden @ flat[32:40] + flat[40]
        return F.mse_loss(made, code[0] * x[:, 0] + code[1] * x[:, 1])

    return watched(model, loss, optimizer=optimizer, steps=250)


def learned_optimizer():
    """A small network gives the steps of another problem, through ten of them."""
    model = mlp(outputs=1, inputs=2, width=8, depth=1)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)

    def loss(step):
        matrix = torch.randn(6, 6) / 6**0.5
        place, total = torch.randn(6), 0.0
        for _ in range(10):
            place = place.detach().requires_grad_() if not place.requires_grad else place
            cost = (matrix @ place).pow(2).sum()
            (slope,) = torch.autograd.grad(cost, place, create_graph=True)
            seen = torch.stack([slope.detach(), slope.detach().sign()], 1)
            place = place - 0.1 * model(seen)[:, 0]
            total = total + (matrix @ place).pow(2).sum()
        return total / 10

    return watched(model, loss, optimizer=optimizer, steps=100)


def neural_process():
    """Each step has another function; the loss is a negative log-likelihood."""
    encoder, decoder = mlp(outputs=16, inputs=2), mlp(outputs=2, inputs=17)
    model = nn.ModuleList([encoder, decoder])
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)

    def loss(step):
        x = 4 * torch.rand(8, 24, 1) - 2
        y = torch.rand(8, 1, 1) * (x + torch.rand(8, 1, 1)).sin()
        code = encoder(torch.cat([x[:, :8], y[:, :8]], 2)).mean(1, keepdim=True)
        mean, raw = decoder(torch.cat([x, code.expand(-1, 24, -1)], 2)).chunk(2, 2)
        return -torch.distributions.Normal(mean, 0.05 + F.softplus(raw)).log_prob(y).mean()

    return watched(model, loss, optimizer=optimizer, steps=200)


def gradients_of_single_samples():
    """Private training: each sample's gradient is clipped and noise is added, all by hand."""
    model = mlp(outputs=3, width=16)
    x = torch.randn(64, 10)
    y = x[:, :3].argmax(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)

    def cost(weights, sample, label):
        return F.cross_entropy(functional_call(model, weights, (sample[None],)), label[None])

    per_sample = vmap(grad(cost), in_dims=(None, 0, 0))
    with lk.watch(model, show=False) as run:
        for _ in range(100):
            weights = {name: p.detach() for name, p in model.named_parameters()}
            slopes = per_sample(weights, x, y)
            norms = sum(g.flatten(1).pow(2).sum(1) for g in slopes.values()).sqrt()
            factor = (1 / norms).clamp(max=1)
            for name, p in model.named_parameters():
                clipped = (slopes[name].flatten(1) * factor[:, None]).mean(0).view_as(p)
                p.grad = clipped + 0.01 * torch.randn_like(p)
            optimizer.step()
    return run


RUNS = (
    meta_learned_classifier,
    meta_learning_of_single_tasks,
    reptile,
    reptile_in_place,
    only_the_head_adapts,
    prototypes,
    hypernetwork,
    learned_optimizer,
    neural_process,
    gradients_of_single_samples,
)
