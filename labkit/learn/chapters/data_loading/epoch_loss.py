"""Exercise 2 of chapter 05: the mean loss of an epoch whose batches differ in size."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from labkit.learn.checks import Case, Exercise, Mistake

_Loader = DataLoader[tuple[Tensor, ...]]
_LossOf = Callable[[Tensor, Tensor], Tensor]


def squared(x: Tensor, y: Tensor) -> Tensor:
    """Return the mean over the samples of the squared distance of x and y."""
    return (x - y).pow(2).sum(dim=1).mean()


def _case(n: int, batch_size: int, width: int) -> Case:
    def make() -> tuple[Any, ...]:
        generator = torch.Generator().manual_seed(n)
        x = torch.rand(n, width, generator=generator) * torch.arange(1, n + 1)[:, None]
        dataset = TensorDataset(x, torch.zeros(n, width))
        return DataLoader(dataset, batch_size=batch_size), squared

    shown = f"a loader over {n} samples in batches of {batch_size}, and a loss"
    return Case(make=make, shown=shown)


def _losses(loader: _Loader, loss_of: _LossOf) -> list[tuple[float, int]]:
    return [(loss_of(x, y).item(), len(x)) for x, y in loader]


def _solution(loader: _Loader, loss_of: _LossOf) -> float:
    losses = _losses(loader, loss_of)
    return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)


def _by(
    combine: Callable[[list[float], list[int]], float],
) -> Callable[[_Loader, _LossOf], float]:
    def mean(loader: _Loader, loss_of: _LossOf) -> float:
        losses = _losses(loader, loss_of)
        return combine([loss for loss, _ in losses], [n for _, n in losses])

    return mean


def _weighted(losses: list[float], sizes: list[int]) -> float:
    return sum(loss * n for loss, n in zip(losses, sizes, strict=True))


def _elements_counted(loader: _Loader, loss_of: _LossOf) -> float:
    count = sum(len(x) for x, _ in loader)
    return float(sum(loss_of(x, y).item() * x.numel() for x, y in loader) / count)


def _divided_by_elements(loader: _Loader, loss_of: _LossOf) -> float:
    count = sum(x.numel() for x, _ in loader)
    return float(sum(loss_of(x, y).item() * len(x) for x, y in loader) / count)


EPOCH_LOSS = Exercise(
    name="epoch_loss",
    task=(
        "Change `epoch_loss(loader, loss_of)` so that it returns the mean loss over all samples; "
        "`loss_of(x, y)` is the mean loss of one batch."
    ),
    solution=_solution,
    cases=(_case(10, 4, 3), _case(9, 8, 2), _case(7, 3, 5), _case(6, 3, 1)),
    praise=(
        "Every sample counts the same now, in whatever batch it was. This is the number to "
        "compare between loaders with different batch sizes."
    ),
    mistakes=(
        Mistake(
            "same_weight_for_all",
            "The losses are multiplied by a number that is the same for every batch. `len(batch)` "
            "of a pair is 2, and `x.shape[1]` is the number of columns; `len(x)` is the number of "
            "samples.",
            like=_by(lambda losses, _: sum(losses) / len(losses)),
            seen_in=lambda trial: trial.source.has(ast.Mult),
        ),
        Mistake(
            "mean_of_means",
            "That is still the mean of the batches' means: a last batch of one sample counts as "
            "much as a full one.",
            like=_by(lambda losses, _: sum(losses) / len(losses)),
        ),
        Mistake(
            "a_sum",
            "That is the sum over all samples. Divide it by their number.",
            like=_by(_weighted),
        ),
        Mistake(
            "sum_of_means",
            "The mean losses of the batches were added up. Weight each with the size of its batch, "
            "and divide by the number of samples.",
            like=_by(lambda losses, _: sum(losses)),
        ),
        Mistake(
            "batches_taken_for_full",
            "You divide by the number of batches times `batch_size`, as if the last one were full.",
            like=_by(lambda losses, sizes: _weighted(losses, sizes) / (len(sizes) * sizes[0])),
        ),
        Mistake(
            "one_for_each_batch",
            "A list came back, one loss for each batch. One number is asked for.",
            seen_in=lambda trial: all(isinstance(result, list) for result in trial.results),
        ),
        Mistake(
            "divided_by_batches",
            "The sum over the samples is divided by the number of *batches*.",
            like=_by(lambda losses, sizes: _weighted(losses, sizes) / len(losses)),
        ),
        Mistake(
            "not_weighted",
            "You divide by the number of samples, but each batch was added only once, whatever its "
            "size. Its mean loss has to be multiplied by the number of its samples first.",
            like=_by(lambda losses, sizes: sum(losses) / sum(sizes)),
        ),
        Mistake(
            "same_size_for_all",
            "Every batch was multiplied by the loader's `batch_size`, the smaller last one too. "
            "`len(x)` is the size of the batch at hand.",
            like=_by(lambda losses, sizes: sizes[0] * sum(losses) / sum(sizes)),
        ),
        Mistake(
            "last_left_out",
            "The smaller last batch is left out. Its samples count as well.",
            like=_by(
                lambda losses, sizes: (
                    _weighted(
                        [loss for loss, n in zip(losses, sizes, strict=True) if n == sizes[0]],
                        [n for n in sizes if n == sizes[0]],
                    )
                    / sum(n for n in sizes if n == sizes[0])
                )
            ),
        ),
        Mistake(
            "first_batch_only",
            "That is the loss of the first batch. Is the `return` inside the loop?",
            like=(
                _by(lambda losses, _: losses[0]),
                _by(lambda losses, sizes: losses[0] * sizes[0] / sizes[0]),
            ),
        ),
        Mistake(
            "last_batch_only",
            "That is the loss of the last batch: the total is overwritten in every round. Use "
            "`+=`.",
            like=_by(lambda losses, _: losses[-1]),
        ),
        Mistake(
            "features_counted",
            "`x.numel()` counts the numbers in the batch, rows times columns. Samples are rows: "
            "`len(x)`.",
            like=(_elements_counted, _divided_by_elements),
        ),
        Mistake(
            "total_not_started",
            "The total is used before it has a value: set it to 0 before the loop.",
            raises="UnboundLocalError|referenced before assignment",
        ),
    ),
    hints=(
        "By what does a batch's mean have to be multiplied to become the sum over its samples?",
        "Keep two totals: the sum of the losses, and the number of samples.",
        "In the loop: `total += loss_of(x, y).item() * len(x)` and `count += len(x)`.",
    ),
)
