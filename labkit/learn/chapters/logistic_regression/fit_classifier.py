"""Exercise 2 of chapter 04: the training loop of a regression, turned into that of a classifier."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from labkit.learn.checks import Call, Case, Exercise, Mistake

_Loss = Callable[[Tensor, Tensor], Tensor]
_SGD: Callable[..., torch.optim.Optimizer] = torch.optim.SGD


def _layer(weights: list[float]) -> nn.Linear:
    """Make the same untrained layer each time, whatever the random state."""
    layer = nn.Linear(len(weights), 1, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([weights]))
        layer.bias.zero_()
    return layer


def _case(weights: list[float], n_samples: int, steps: int, lr: float) -> Case:
    generator = torch.Generator().manual_seed(n_samples)
    x = torch.randn(n_samples, len(weights), generator=generator)
    labels = (x.sum(dim=1) + 0.5 * torch.randn(n_samples, generator=generator) > 0).long()
    return Case(_layer(weights), x, labels, steps, lr)


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits.reshape(-1), labels.float())


def _train(
    model: nn.Module,
    x: Tensor,
    labels: Tensor,
    steps: int,
    lr: float,
    *,
    loss_of: _Loss = _cross_entropy,
    clear: bool = True,
    optimizer_of: Callable[..., torch.optim.Optimizer] = _SGD,
) -> None:
    """Train as the task says, or with the slip that is asked for."""
    optimizer = optimizer_of(model.parameters(), lr=lr)
    for _ in range(steps):
        if clear:
            optimizer.zero_grad()
        loss_of(model(x), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _solution(model: nn.Module, x: Tensor, labels: Tensor, steps: int, lr: float) -> None:
    _train(model, x, labels, steps, lr)


def _with(**slip: Any) -> Callable[..., None]:
    return partial(_train, **slip)


def _sum_of(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(
        logits.reshape(-1), labels.float(), reduction="sum"
    )


def _table(logits: Tensor, labels: Tensor) -> Tensor:
    pairs = logits.expand(len(logits), len(labels))
    return functional.binary_cross_entropy_with_logits(pairs, labels.float().expand_as(pairs))


def _other_steps(more: int) -> Callable[..., None]:
    return lambda model, x, labels, steps, lr: _train(model, x, labels, steps + more, lr)


def _over_samples(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(logits.reshape(-1), labels.float())


def _each_sample(model: nn.Module, x: Tensor, labels: Tensor, steps: int, lr: float) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(steps):
        for one, label in zip(x, labels, strict=True):
            optimizer.zero_grad()
            _cross_entropy(model(one), label.reshape(1)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def _nothing(model: nn.Module, x: Tensor, labels: Tensor, steps: int, lr: float) -> None:
    """Leave the model as it was."""


def _observe(call: Call) -> dict[str, Any]:
    model = call.arguments[0]
    weights = [parameter.detach().reshape(-1) for parameter in model.parameters()]
    return {"after the training, the vector of weights and bias": torch.cat(weights)}


FIT_CLASSIFIER = Exercise(
    name="fit_classifier",
    task=(
        "Write `fit_classifier(model, x, labels, steps, lr)`: that many steps of plain SGD on the "
        "mean binary cross-entropy. The model gives logits of shape (n, 1); labels are whole "
        "numbers of shape (n,). The model is trained in place."
    ),
    solution=_solution,
    cases=(
        _case([0.2, -0.4], n_samples=16, steps=10, lr=0.5),
        _case([1.5], n_samples=7, steps=4, lr=0.2),
        _case([0.1, 0.0, -2.0], n_samples=30, steps=20, lr=1.0),
    ),
    observe=_observe,
    may_change=("model",),
    praise=(
        "Same loop, another loss. Shapes and dtypes are all that a classifier asks of you in "
        "addition."
    ),
    mistakes=(
        Mistake(
            "still_squared",
            "The loss is still the mean squared error of the logit: a sample that is safely right, "
            "with a logit of 5, is pulled back towards 1.",
            like=_with(
                loss_of=lambda z, labels: functional.mse_loss(z.reshape(-1), labels.float())
            ),
        ),
        Mistake(
            "squared_probability",
            "This is the squared error of the *probability*. It trains, but hardly where the model "
            "is surely wrong (section 3).",
            like=_with(
                loss_of=lambda z, labels: functional.mse_loss(
                    torch.sigmoid(z).reshape(-1), labels.float()
                )
            ),
        ),
        Mistake(
            "sigmoid_twice",
            "A sigmoid is applied twice: `binary_cross_entropy_with_logits` has one inside. Hand "
            "it the logits.",
            like=_with(loss_of=lambda z, labels: _cross_entropy(torch.sigmoid(z), labels)),
        ),
        Mistake(
            "cross_entropy_of_one_output",
            "`cross_entropy` is for one logit per class. With a single output the softmax of one "
            "number is always 1: the loss is 0, whatever the model says, and a label of 1 is out "
            "of bounds.",
            raises="Target 1 is out of bounds",
            seen_in=lambda trial: not trial.source.mentions("nll_loss", "NLLLoss"),
        ),
        Mistake(
            "arguments_swapped",
            "The loss took the labels for logits: the logits come first, the labels second.",
            like=_with(
                loss_of=lambda z, labels: functional.binary_cross_entropy_with_logits(
                    labels.float(), z.reshape(-1)
                )
            ),
        ),
        Mistake(
            "softmax_of_one_output",
            "The weights are those from before, because the loss does not depend on them: the "
            "softmax of a single output is always 1. One output takes the *binary* cross-entropy.",
            like=_nothing,
            seen_in=lambda trial: trial.source.mentions(
                "cross_entropy", "CrossEntropyLoss", "softmax", "log_softmax", "Softmax"
            ),
        ),
        Mistake(
            "softmax_over_samples",
            "Logits of shape (n,) are to `cross_entropy` n classes of *one* sample, so the samples "
            "competed with each other. One output takes the *binary* cross-entropy.",
            like=_with(loss_of=_over_samples),
        ),
        Mistake(
            "whole_number_labels",
            "The labels are int64, and the binary cross-entropy does arithmetic with them: "
            "convert them with `.float()`.",
            raises="can't be cast to the desired output type Long|Found dtype Long",
        ),
        Mistake(
            "two_shapes",
            "What you hand to the loss has two shapes, and it refuses to guess how they belong "
            "together. `model(x)` has shape (n, 1), the labels (n,): bring both to one shape, as "
            "with `model(x)[:, 0]` or `labels[:, None]`.",
            raises="Target size .* must be the same as input size|Using a target size",
        ),
        Mistake(
            "every_pair",
            "(n, 1) against (n,) was stretched to a table of n × n: every logit was compared with "
            "every label, so that the model only learns how frequent each class is.",
            like=(
                _with(loss_of=_table),
                _with(
                    loss_of=lambda z, labels: functional.mse_loss(
                        z.expand(len(z), len(labels)), labels.float().expand(len(z), len(labels))
                    )
                ),
            ),
        ),
        Mistake(
            "logits_as_probabilities",
            "`binary_cross_entropy` takes probabilities, and got logits, which are not between 0 "
            "and 1. Take the one `with_logits`.",
            raises="all elements of input should be between 0 and 1",
        ),
        Mistake(
            "accumulates",
            "`zero_grad` is missing: each step was made with the sum of all gradients so far.",
            like=_with(clear=False),
        ),
        Mistake(
            "unchanged",
            "The weights are those from before: `backward` or `step` is missing, or `zero_grad` "
            "stands between them, or another model was trained: a copy, a new one. (Or the loss "
            "goes through `round()`, whose slope is 0 everywhere.)",
            like=_nothing,
        ),
        Mistake(
            "one_step",
            "Exactly one step was made: is part of the loop's body not indented, or is there a "
            "`return` in it?",
            like=lambda model, x, labels, steps, lr: _train(model, x, labels, 1, lr),
        ),
        Mistake(
            "one_too_few_or_too_many",
            "The number of steps is off by one. `range(steps)` makes exactly `steps` rounds, and "
            "`step` comes after `backward` in each.",
            like=(_other_steps(-1), _other_steps(1)),
        ),
        Mistake(
            "summed",
            "The loss was summed over the samples, so each step is n times as long.",
            like=_with(loss_of=_sum_of),
        ),
        Mistake(
            "swapped_classes",
            "The model was trained on the opposite labels.",
            like=_with(loss_of=lambda z, labels: _cross_entropy(z, 1 - labels)),
        ),
        Mistake(
            "adam",
            "This is Adam; the task asks for plain SGD.",
            like=tuple(_with(optimizer_of=each) for each in (torch.optim.Adam, torch.optim.AdamW)),
        ),
        Mistake(
            "momentum",
            "This is SGD with momentum; the task asks for plain SGD.",
            like=_with(optimizer_of=partial(torch.optim.SGD, momentum=0.9)),
        ),
        Mistake(
            "sample_by_sample",
            "A step was made for each sample. Hand the whole of `x` to the model in every step.",
            like=_each_sample,
        ),
        Mistake(
            "no_graph",
            "`backward` found no graph to go back through. A decision, as in `> 0.5`, has no slope "
            "(and `detach()` and `no_grad` cut the graph, and `requires_grad_(False)` freezes the "
            "weights): train on the logits.",
            raises="does not require grad and does not have a grad_fn",
        ),
        Mistake(
            "class_not_called",
            "`nn.BCEWithLogitsLoss` is a class: its brackets make the loss function, and that one "
            "is called with the tensors, as in `nn.BCEWithLogitsLoss()(..., ...)`.",
            raises="Boolean value of Tensor",
        ),
        Mistake(
            "own_rate",
            "The `lr` that your function is given plays no part in it: is another rate written "
            "into it, or was the optimizer made without one?",
            seen_in=lambda trial: trial.source.does_without("lr"),
        ),
        Mistake(
            "own_number_of_steps",
            "The `steps` that your function is given play no part in it: is a number of its own "
            "written into it?",
            seen_in=lambda trial: trial.source.does_without("steps"),
        ),
    ),
    hints=(
        "Only one line of the loop has to change: the loss. Which shapes and dtypes meet in it?",
        (
            "`F.binary_cross_entropy_with_logits(logits, labels)` wants both of one shape, and "
            "both as floats."
        ),
        (
            "In the loop: `loss = F.binary_cross_entropy_with_logits(model(x)[:, 0], "
            "labels.float())`."
        ),
    ),
)
