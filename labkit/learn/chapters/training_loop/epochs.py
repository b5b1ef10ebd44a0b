"""An epoch of training as exercise 2 of chapter 06 asks for it, and with the usual slips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Batches = Sequence[tuple[Tensor, Tensor]]
Average = Literal["samples", "batches", "sum", "last", "mixed", "sum of batches", "not weighted"]


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    *,
    mode: bool | None = True,
    clear: Literal["before", "between", "never"] = "before",
    backward: bool = True,
    step: bool = True,
    average: Average = "samples",
    loss_of: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
) -> float:
    """Train for an epoch as the task says, or with the slip that is asked for."""
    if mode is not None:
        model.train(mode)
    losses = []
    for images, labels in batches:
        if clear == "before":
            optimizer.zero_grad()
        loss = loss_of(model(images), labels)
        if backward:
            loss.backward()  # type: ignore[no-untyped-call]
        if clear == "between":
            optimizer.zero_grad()
        if step:
            optimizer.step()
        losses.append(loss.item())
    return averaged(losses, [len(labels) for _, labels in batches], average)


def averaged(losses: Sequence[float], sizes: Sequence[int], average: Average) -> float:
    """Return the loss of the epoch, from those of its batches."""
    weighted = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
    return {
        "samples": weighted / sum(sizes),
        "batches": sum(losses) / len(losses),
        "sum": weighted,
        "last": losses[-1],
        "mixed": weighted / len(losses),
        "sum of batches": sum(losses),
        "not weighted": sum(losses) / sum(sizes),
    }[average]


def solution(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Train as the task says."""
    return train(model, optimizer, batches)


def one_step(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Add up the gradients of all batches, and make one step."""
    model.train()
    optimizer.zero_grad()
    total, count = 0.0, 0
    for images, labels in batches:
        loss = F.cross_entropy(model(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        total, count = total + loss.item() * len(labels), count + len(labels)
    optimizer.step()
    return total / count


def last_batch_only(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Clear the gradients before each batch, and make one step after the last."""
    model.train()
    losses = []
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.item())
    optimizer.step()
    return averaged(losses, [len(labels) for _, labels in batches], "samples")


def one_batch(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Use the first batch alone."""
    return train(model, optimizer, batches[:1])


def joined(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Make one batch of all, and one step."""
    images, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return train(model, optimizer, [(images, labels)])


def _losses_again(model: nn.Module, batches: Batches) -> list[float]:
    return [F.cross_entropy(model(images), labels).item() for images, labels in batches]


def after_each_step(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Measure each batch once more, after its step."""
    losses = []
    for batch in batches:
        train(model, optimizer, [batch])
        losses += _losses_again(model, [batch])
    return averaged(losses, [len(labels) for _, labels in batches], "samples")


def after_the_epoch(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Measure all batches once more, after the epoch."""
    train(model, optimizer, batches)
    sizes = [len(labels) for _, labels in batches]
    return averaged(_losses_again(model, batches), sizes, "samples")


def summed(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """Follow the gradients of sums over the batches."""
    total = train(
        model,
        optimizer,
        batches,
        loss_of=partial(F.cross_entropy, reduction="sum"),
        average="sum of batches",
    )
    return total / sum(len(labels) for _, labels in batches)


def softmax_first(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of probabilities that are taken for logits."""
    return F.cross_entropy(logits.softmax(dim=1), labels)
