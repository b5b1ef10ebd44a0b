"""Checks for GPU and CPU as plain functions, since pytest may not be installed.

Each takes a device and raises AssertionError if it fails.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import labkit
from tests.benchmarks.tasks import Task, make_task, train


def weights(kind: str, device: str, steps: int, *, watched: bool) -> list[torch.Tensor]:
    """Train for some steps, watched or not, and return a copy of every parameter."""
    task = make_task(kind, device)
    torch.manual_seed(1)  # for dropout
    if watched:
        with labkit.watch(task.model, show=False):
            train(task, range(steps), lambda *_: None)
    else:
        train(task, range(steps), lambda *_: None)
    return [
        parameter.detach().clone() for model in models_of(task) for parameter in model.parameters()
    ]


def weights_stay(kind: str, device: str, steps: int) -> str:
    """Compare the weights of watched and bare runs bit for bit; return the result as text."""
    bare, again = (weights(kind, device, steps, watched=False) for _ in range(2))
    if not all(map(torch.equal, bare, again)):
        return "not compared: two bare runs differ here"
    assert all(map(torch.equal, bare, weights(kind, device, steps, watched=True))), (
        f"{kind}: the weights of the watched run differ from the bare run's"
    )
    return f"the same, bit for bit, after {steps} steps"


def all_values_are_recorded(device: str) -> None:
    """Check that all losses, learning rates and sampled gradient norms are recorded."""
    torch.manual_seed(0)
    first = nn.Linear(8, 16)
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(16, 4)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.randn(32, 8, device=device), torch.randint(0, 4, (32,), device=device)
    losses, norms = [], []
    with labkit.watch(model, show=False, budget=1.0) as run:
        for _ in range(50):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            assert first.weight.grad is not None
            norms.append(first.weight.grad.norm())
            optimizer.step()
            losses.append(loss.detach())
    np.testing.assert_allclose(run.series("loss")[1], torch.stack(losses).cpu(), rtol=1e-5)
    steps, found = run.series("grad_norm/0.weight")
    expected = torch.stack(norms).cpu().numpy()[np.asarray(steps, dtype=int) - 1]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert len(run.series("lr/0")[1]) == 50
    assert run.model.device.startswith(device)


def the_run_can_be_read_between_steps(device: str) -> None:
    """Check that the newest loss and metric can be read after each step."""
    model = nn.Linear(3, 1).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with labkit.watch(model, show=False) as run:
        for step in range(1, 31):
            loss = model(torch.ones(4, 3, device=device)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(twice=2 * step)
            steps, values = run.series("loss")
            assert steps[-1] == step
            np.testing.assert_allclose(values[-1], loss.item(), rtol=1e-6)
    assert run.series("twice")[1].tolist() == [2 * step for step in range(1, 31)]


def an_incident_names_its_operation(device: str) -> None:
    """Check that the incident names the operation of the first non-finite value."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with labkit.watch(model, show=False) as run:
        for step in range(30):
            x = torch.randn(8, 3).to(device)
            loss = (model(x) * (step != 12)).abs().sqrt().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.incident is not None, "no incident"
    assert run.incident.kind == "not finite"
    assert "sqrt" in (run.incident.explanation or "")


def the_graph_is_captured(device: str) -> None:
    """Check that the graph of a pass on the device has the scopes of its modules."""
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)).to(device)
    graph = labkit.graph.capture(model, torch.randn(2, 8, device=device))
    scopes = {(node.scope or "").partition("#")[0] for node in graph.nodes}
    assert {"0", "1", "2"} <= scopes, f"scopes: {scopes}"


def closing_removes_all_hooks(device: str) -> None:
    """Check that the model has no hooks after the run is closed."""
    model = nn.Linear(3, 1).to(device)
    with labkit.watch(model, show=False):
        model(torch.ones(4, 3, device=device)).sum().backward()
    assert not model._forward_hooks
    assert not model._forward_pre_hooks


CHECKS: tuple[Callable[[str], None], ...] = (
    all_values_are_recorded,
    the_run_can_be_read_between_steps,
    an_incident_names_its_operation,
    the_graph_is_captured,
    closing_removes_all_hooks,
)


def models_of(task: Task) -> list[nn.Module]:
    """Return the models of a task."""
    return [task.model] if isinstance(task.model, nn.Module) else list(task.model.values())
