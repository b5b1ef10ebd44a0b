"""Optimizers of torch's in unusual settings, and optimizers of the user's own."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, regress, watched


def langevin_dynamics():
    """Noise is added to the weights: the loss goes down to a level and stays noisy."""
    model = mlp(outputs=1, width=16, activation=nn.Tanh)
    x, _ = points(128)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            loss = F.mse_loss(model(x), x[:, :1] * x[:, 1:2])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                for p in model.parameters():
                    p.add_(0.003 * torch.randn_like(p))
    return run


def projected_gradients():
    """Gradients of two tasks are computed apart, projected, and set by hand."""
    model = mlp(outputs=2)
    x, _ = points(128)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    params = list(model.parameters())
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            made = model(x)
            losses = F.mse_loss(made[:, 0], x[:, 0] * x[:, 1]), F.mse_loss(made[:, 1], x[:, 2])
            first = torch.autograd.grad(losses[0], params, retain_graph=True)
            second = torch.autograd.grad(losses[1], params)
            for p, a, b in zip(params, first, second, strict=True):
                dot = (a * b).sum()
                p.grad = a + b - (dot.clamp(max=0) / (b.pow(2).sum() + 1e-12)) * b
            optimizer.step()
    return run


def two_optimizers_for_all_parameters():
    """Adam begins, SGD goes on."""
    model = mlp()
    x, y = points(128)
    with lk.watch(model, show=False) as run:
        for optimizer in (
            torch.optim.Adam(model.parameters(), 1e-2),
            torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, nesterov=True),
        ):
            for _ in range(80):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
    return run


def rate_in_a_tensor():
    model = mlp()
    rate = torch.tensor(3e-3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, foreach=False)
    return watched(model, classify(model, *points(128)), optimizer=optimizer, steps=150)


def fused_steps():
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, fused=True)
    return watched(model, classify(model, *points(128)), optimizer=optimizer, steps=150)


def updates_of_lists():
    """No optimizer: torch's list functions move the weights under no_grad."""
    model = mlp()
    x, y = points(128)
    params = list(model.parameters())
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            model.zero_grad()
            F.cross_entropy(model(x), y).backward()
            with torch.no_grad():
                torch._foreach_add_(params, [p.grad for p in params], alpha=-0.1)
    return run


def averaged_at_the_end():
    model = mlp()
    optimizer = torch.optim.ASGD(model.parameters(), 0.1, t0=50)
    return watched(model, classify(model, *points(128)), optimizer=optimizer)


def quasi_newton_on_batches():
    """LBFGS with a strong Wolfe search and another batch at each step."""
    model = mlp(outputs=1, width=16, activation=nn.Tanh)
    optimizer = torch.optim.LBFGS(
        model.parameters(), lr=0.5, max_iter=3, line_search_fn="strong_wolfe"
    )
    with lk.watch(model, show=False) as run:
        for _ in range(50):
            x = torch.randn(128, 10)

            def closure():
                optimizer.zero_grad()
                loss = F.mse_loss(model(x), x[:, :1])  # noqa: B023 - used within this step
                loss.backward()
                return loss

            optimizer.step(closure)
    return run


def one_optimizer_step_per_layer_in_a_dict():
    model = mlp(depth=3)
    optimizers = {
        name: torch.optim.Adam(layer.parameters(), 3e-3)
        for name, layer in model.named_children()
        if list(layer.parameters())
    }
    x, y = points(128)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            F.cross_entropy(model(x), y).backward()
            for optimizer in optimizers.values():
                optimizer.step()
                optimizer.zero_grad()
    return run


def ensembles_of_snapshots():
    """A cyclic rate; at the end of each cycle a copy is taken, and the optimizer is new."""
    model = mlp()
    x, y = points(128)
    copies = []
    with lk.watch(model, show=False) as run:
        for _ in range(4):
            optimizer = torch.optim.SGD(model.parameters(), 0.2, momentum=0.9)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
            for _ in range(50):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
                schedule.step()
            copies.append(copy.deepcopy(model))
    return run


def large_steps_that_work():
    """A linear model with few data takes a rate at which each step moves far."""
    model = nn.Linear(10, 1)
    x, _ = points(256)
    return watched(model, regress(model, x, 5 * x[:, :1] - 2), lr=0.4, steps=100)


RUNS = (
    langevin_dynamics,
    projected_gradients,
    two_optimizers_for_all_parameters,
    rate_in_a_tensor,
    fused_steps,
    updates_of_lists,
    averaged_at_the_end,
    quasi_newton_on_batches,
    one_optimizer_step_per_layer_in_a_dict,
    ensembles_of_snapshots,
    large_steps_that_work,
)
