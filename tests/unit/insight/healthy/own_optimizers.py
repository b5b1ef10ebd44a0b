"""Optimizers of the user's own."""

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, watched


class Orthogonalised(torch.optim.Optimizer):
    """As Muon: the update of a matrix is its momentum with all singular values near 1."""

    def __init__(self, params, lr=0.02, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                m = state.setdefault("m", torch.zeros_like(p))
                m.mul_(group["momentum"]).add_(p.grad)
                update = m
                if p.ndim == 2:
                    u = m / (m.norm() + 1e-7)
                    for _ in range(5):
                        a = u @ u.T
                        u = 3.4445 * u + (-4.775 * a + 2.0315 * a @ a) @ u
                    update = u
                p.add_(update, alpha=-group["lr"])


class Preconditioned(torch.optim.Optimizer):
    """As Shampoo: factors of the second moments of rows and columns."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad.reshape(len(p), -1)
                state = self.state[p]
                left = state.setdefault("l", 1e-3 * torch.eye(len(g)))
                left.add_(g @ g.T)
                values, vectors = torch.linalg.eigh(left)
                root = vectors @ (values.clamp(min=1e-6).pow(-0.5)[:, None] * vectors.T)
                p.sub_(group["lr"] * (root @ g).view_as(p))


class Signs(torch.optim.Optimizer):
    """As Lion: the sign of a mix of momentum and gradient."""

    def __init__(self, params, lr=1e-3, weight_decay=0.1):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * torch.sign(0.9 * m + 0.1 * p.grad))
                m.lerp_(p.grad, 0.01)


class ScheduleFree(torch.optim.Optimizer):
    """Gradients are taken between a fast sequence and its average; modes swap the weights."""

    def __init__(self, params, lr=0.5, beta=0.9):
        super().__init__(params, {"lr": lr, "beta": beta, "k": 0, "training": True})

    @torch.no_grad()
    def swap(self, training):
        for group in self.param_groups:
            if group["training"] == training:
                continue
            group["training"] = training
            weight = 1 - group["beta"] if training else 1 - 1 / group["beta"]
            for p in group["params"]:
                if "z" in self.state[p]:
                    p.lerp_(self.state[p]["z"], weight)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            group["k"] += 1
            share = 1 / group["k"]
            for p in group["params"]:
                z = self.state[p].setdefault("z", p.clone())
                p.lerp_(z, share)
                p.add_(p.grad, alpha=group["lr"] * (group["beta"] * (1 - share) - 1))
                z.sub_(p.grad, alpha=group["lr"])


def orthogonalised_updates():
    model = mlp()
    hidden = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    x, y = points(128)
    muon, adam = Orthogonalised(hidden), torch.optim.AdamW(others, 3e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            for optimizer in (muon, adam):
                optimizer.step()
            model.zero_grad(set_to_none=True)
    return run


def preconditioned_updates():
    model = mlp(width=16)
    return watched(
        model,
        classify(model, *points(128)),
        optimizer=Preconditioned(model.parameters()),
        steps=100,
    )


def signs_of_gradients():
    model = mlp()
    optimizer = Signs(model.parameters())
    return watched(model, classify(model, *points(128)), optimizer=optimizer, steps=150)


def averages_instead_of_a_schedule():
    model = mlp()
    x, y = points(128)
    optimizer = ScheduleFree(model.parameters())
    with lk.watch(model, show=False) as run:
        for step in range(200):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 25 == 24:
                optimizer.swap(training=False)
                with torch.no_grad():
                    run.log(val_loss=F.cross_entropy(model(x), y))
                optimizer.swap(training=True)
    return run


def looking_ahead():
    """Every fifth step the weights are put halfway back: the loss has teeth."""
    model = mlp()
    x, y = points(128)
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    slow = [p.detach().clone() for p in model.parameters()]
    with lk.watch(model, show=False) as run:
        for step in range(200):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 5 == 4:
                with torch.no_grad():
                    for kept, p in zip(slow, model.parameters(), strict=True):
                        kept.lerp_(p, 0.5)
                        p.copy_(kept)
    return run


def sharpness_in_two_passes():
    """The first pass moves the weights by hand, the second one is of the step."""
    model = mlp()
    x, y = points(128)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            F.cross_entropy(model(x), y).backward()
            with torch.no_grad():
                norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
                moves = [0.05 * p.grad / (norm + 1e-12) for p in model.parameters()]
                for p, move in zip(model.parameters(), moves, strict=True):
                    p.add_(move)
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            with torch.no_grad():
                for p, move in zip(model.parameters(), moves, strict=True):
                    p.sub_(move)
            optimizer.step()
            optimizer.zero_grad()
    return run


def natural_gradient():
    """The update is solved for with the gradients of all samples; no backward at all."""
    model = nn.Linear(6, 1)
    x = torch.randn(64, 6)
    y = x @ torch.randn(6, 1) + 0.1 * torch.randn(64, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(80):
            with torch.no_grad():
                error = model(x) - y
                moments = x.T @ x / 64 + 0.1 * torch.eye(6)
                model.weight.grad = torch.linalg.solve(moments, x.T @ error / 64).T.contiguous()
                model.bias.grad = error.mean(0)
            optimizer.step()
    return run


RUNS = (
    orthogonalised_updates,
    preconditioned_updates,
    signs_of_gradients,
    averages_instead_of_a_schedule,
    looking_ahead,
    sharpness_in_two_passes,
    natural_gradient,
)
