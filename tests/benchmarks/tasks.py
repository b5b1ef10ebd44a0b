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
    loss: Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]


def make_task(kind: str) -> Task:
    """Return a fresh task, ``"mlp"``, ``"cnn"`` or ``"gpt2"``, the same at every call."""
    torch.manual_seed(0)
    if kind == "gpt2":
        return _gpt2_task()
    model, shape = (_mlp(), (784,)) if kind == "mlp" else (_cnn(), (1, 28, 28))
    batches = [(torch.randn(BATCH, *shape), torch.randint(0, 10, (BATCH,))) for _ in range(BATCHES)]
    return Task(model, torch.optim.SGD(model.parameters(), lr=0.01), batches, _cross_entropy)


def _cross_entropy(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(model(inputs), labels)


def train(task: Task, steps: range, after_step: AfterStep) -> None:
    """Run the loop that is timed."""
    model, optimizer, batches = task.model, task.optimizer, task.batches
    for step in steps:
        inputs, labels = batches[step % BATCHES]
        loss = task.loss(model, inputs, labels)
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


def _gpt2_task() -> Task:
    """Return a GPT-2 of 12 layers and width 192 that learns 8 sequences of 64 tokens at a time."""
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(
        GPT2Config(
            n_layer=12, n_embd=192, n_head=6, vocab_size=512, n_positions=64, use_cache=False
        )
    )
    batches = [(tokens, tokens) for tokens in torch.randint(0, 512, (BATCHES, 8, 64))]
    return Task(model, torch.optim.AdamW(model.parameters(), lr=3e-4), batches, _next_token)


def _next_token(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    logits = model(inputs).logits[:, :-1]
    return functional.cross_entropy(logits.transpose(1, 2), labels[:, 1:])
