"""What is trained: the same models, data and loop for every contender."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

BATCH = 64
BATCHES = 32

AfterStep = Callable[[int, torch.Tensor], None]
"""What a contender does after each optimizer step: takes the step's number and the loss."""


@dataclass(frozen=True)
class Task:
    """A model about to be trained, with an optimizer and batches to go round and round."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    batches: list[tuple[torch.Tensor, torch.Tensor]]


def make_task(kind: str) -> Task:
    """Return a fresh task, ``"mlp"`` or ``"cnn"``, the same at every call."""
    torch.manual_seed(0)
    model, shape = (_mlp(), (784,)) if kind == "mlp" else (_cnn(), (1, 28, 28))
    batches = [(torch.randn(BATCH, *shape), torch.randint(0, 10, (BATCH,))) for _ in range(BATCHES)]
    return Task(model, torch.optim.SGD(model.parameters(), lr=0.01), batches)


def train(task: Task, steps: range, after_step: AfterStep) -> None:
    """Run the loop that is timed."""
    model, optimizer, batches = task.model, task.optimizer, task.batches
    for step in steps:
        inputs, labels = batches[step % BATCHES]
        loss = functional.cross_entropy(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        after_step(step, loss)


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def _cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 5 * 5, 10),
    )
