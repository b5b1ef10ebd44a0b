"""Exercise 3 of chapter 06: the accuracy of a model on batches of unequal size."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks import Call, Case, Exercise, Mistake

_FROZEN = "parameters that cannot be trained afterwards:"
Batches = Sequence[tuple[Tensor, Tensor]]


class Model(nn.Module):
    """A model that takes its inputs for logits in eval mode, and notes how it was called.

    Only a part of it depends on the mode, as in a network with dropout. Errors may show its name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Identity()
        self.scale = nn.Parameter(torch.ones(()))  # something that an answer may freeze
        self.modes: list[bool] = []
        self.recorded: list[bool] = []

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the inputs as logits; in training mode they are turned around."""
        self.modes.append(self.dropout.training)
        self.recorded.append(torch.is_grad_enabled() and not torch.is_inference_mode_enabled())
        return (inputs.flip(1) if self.dropout.training else inputs) * self.scale


def _case(
    n_classes: int, sizes: tuple[int, ...], wrong: tuple[int, ...], *, training: bool
) -> Case:
    """Return a case with this number of wrong answers in each batch."""

    def make() -> tuple[Any, ...]:
        generator = torch.Generator().manual_seed(sum(sizes))
        batches = []
        for size, n_wrong in zip(sizes, wrong, strict=True):
            logits = torch.randn(size, n_classes, generator=generator)
            labels = logits.argmax(dim=1)
            labels[:n_wrong] = (labels[:n_wrong] + 1) % n_classes
            batches.append((logits, labels))
        return Model().train(training), batches

    mode = "training" if training else "eval"
    shown = f"a model in {mode} mode and batches of {', '.join(map(str, sizes))} samples"
    return Case(make=make, shown=shown)


def _measure(
    model: nn.Module,
    batches: Batches,
    *,
    before: bool | None = False,
    after: bool | str | None = "as before",
    count: Callable[[list[int], list[int]], float] = lambda right, sizes: sum(right) / sum(sizes),
    guess: Callable[[Tensor], Tensor] = lambda logits: logits.argmax(dim=1),
    recording: bool = False,
) -> float:
    """Measure as the task says, or with the slip that is asked for."""
    was = model.training
    if before is not None:
        model.train(before)
    right, sizes = [], []
    with torch.set_grad_enabled(recording):
        for images, labels in batches:
            right.append(int((guess(model(images)) == labels).sum()))
            sizes.append(len(labels))
    if after is not None:
        model.train(was if after == "as before" else bool(after))
    return count(right, sizes)


def _mean_of_means(right: list[int], sizes: list[int]) -> float:
    return sum(r / size for r, size in zip(right, sizes, strict=True)) / len(sizes)


def _solution(model: nn.Module, batches: Batches) -> float:
    return _measure(model, batches)


def _slip(**options: Any) -> tuple[Callable[..., float], ...]:
    """Return a slip with each way to treat the mode and the graph, the right one first."""
    return tuple(
        lambda model, batches, after=after, recording=recording: _measure(
            model, batches, after=after, recording=recording, **options
        )
        for after in ("as before", True, None)
        for recording in (False, True)
    )


def _modes(**options: Any) -> tuple[Callable[..., float], ...]:
    return tuple(
        lambda model, batches, recording=recording: _measure(
            model, batches, recording=recording, **options
        )
        for recording in (False, True)
    )


def _observe(call: Call) -> dict[str, Any]:
    model = call.arguments[0]
    return {
        "the accuracy": call.result,
        "the value of `model.training` afterwards": str(model.dropout.training),
        "the number of forward passes that build a graph": sum(model.recorded),
        _FROZEN: not model.scale.requires_grad,
    }


EVALUATE = Exercise(
    name="evaluate",
    task=(
        "Write `evaluate(model, batches)`: the fraction of all samples that the model gets "
        "right, in eval mode and without a graph. Afterwards the model is in the mode in which "
        "it came."
    ),
    solution=_solution,
    cases=(
        _case(10, (8, 8, 3), (1, 0, 2), training=True),
        _case(4, (16, 1), (0, 1), training=True),
        _case(6, (5, 5, 5, 2), (0, 2, 1, 2), training=False),
    ),
    observe=_observe,
    may_change=("model",),
    praise=(
        "Right for every batch size, and it leaves no trace in the model. Few libraries do more."
    ),
    mistakes=(
        Mistake(
            "mode_put_back_too_soon",
            "Some batches were measured in eval mode, and some in training mode. Is the mode put "
            "back inside the loop? That belongs after it.",
            seen_in=lambda trial: all(
                len(set(call.arguments[0].modes)) == 2 for call in trial.calls[:2]
            ),
        ),
        Mistake(
            "never_in_eval_mode",
            "The model was measured in training mode, with its dropout at work. `model.eval()` "
            "first: it reaches every part of the model, and `model.training = False` does not.",
            seen_in=lambda trial: all(any(call.arguments[0].modes) for call in trial.calls[:2]),
        ),
        Mistake(
            "mean_of_means",
            "This is the mean of the batches' accuracies. In it, a sample of a small batch "
            "counts for more than one of a large batch.",
            like=_slip(count=_mean_of_means),
        ),
        Mistake(
            "last_batch",
            "This is the accuracy of the last batch. Each batch overwrites the one before.",
            like=_slip(count=lambda right, sizes: right[-1] / sizes[-1]),
        ),
        Mistake(
            "first_batch",
            "This is the accuracy of the first batch. Is there a `return` inside the loop?",
            like=_slip(count=lambda right, sizes: right[0] / sizes[0]),
        ),
        Mistake(
            "counted",
            "This is how many are right. The task asks for the fraction.",
            like=_slip(count=lambda right, sizes: sum(right)),
        ),
        Mistake(
            "divided_by_batches",
            "The number of right answers is divided by the number of batches. Divide by that "
            "of samples.",
            like=_slip(count=lambda right, sizes: sum(right) / len(sizes)),
        ),
        Mistake(
            "per_cent",
            "This is in per cent. The task asks for a fraction, from 0 to 1.",
            like=_slip(count=lambda right, sizes: 100 * sum(right) / sum(sizes)),
        ),
        Mistake(
            "wrong_ones",
            "This is the fraction that is *wrong*.",
            like=_slip(count=lambda right, sizes: 1 - sum(right) / sum(sizes)),
        ),
        Mistake(
            "other_dimension",
            "`argmax` looked down the columns, for the image with the largest logit of each "
            "class. Along `dim=1` it finds the class with the largest logit of each image.",
            like=_slip(guess=lambda logits: logits.argmax(dim=0)),
        ),
        Mistake(
            "one_for_all",
            "`argmax()` without `dim` finds *one* place in the whole batch, counted through all "
            "its numbers. With `dim=1` there is one for each image.",
            like=_slip(guess=torch.argmax),
        ),
        Mistake(
            "each_with_every",
            "With `keepdim=True` the guesses have shape (n, 1), the labels (n,). `==` broadcasts "
            "them and compares each guess with *every* label. Leave `keepdim` out.",
            like=_slip(guess=lambda logits: logits.argmax(dim=1, keepdim=True)),
        ),
        Mistake(
            "values_not_classes",
            "The largest logits themselves were compared with the labels. Their *places* are the "
            "classes: `argmax(dim=1)`, or the second of what `max(dim=1)` returns.",
            like=_slip(guess=lambda logits: logits.max(dim=1)[0]),
            seen_in=lambda trial: trial.source.calls("max", "amax", "topk"),
        ),
        Mistake(
            "softmax_over_the_batch",
            "The softmax was taken over the images of the batch (`dim=0`), so logits of different "
            "images were compared. Take it along `dim=1`, or leave it out.",
            like=_slip(guess=lambda logits: logits.softmax(dim=0).argmax(dim=1)),
        ),
        Mistake(
            "whole_numbers",
            "This is always 0 or 1: `//` divides whole numbers. A fraction needs `/`.",
            like=_slip(count=lambda right, sizes: sum(right) // sum(sizes)),
            seen_in=lambda trial: trial.source.has(ast.FloorDiv),
        ),
        Mistake(
            "one_for_each_batch",
            "A list came back, one accuracy for each batch. One number is asked for.",
            seen_in=lambda trial: all(isinstance(result, list) for result in trial.results),
        ),
        Mistake(
            "left_in_eval_mode",
            "The accuracy is right, but the model stays in eval mode, or its parts do. The next "
            "epoch would train without dropout, and nothing would say so. (Note `model.training` "
            "*before* `eval()`, and put it back with `model.train(...)`: that reaches the parts.)",
            like=_modes(after=None),
        ),
        Mistake(
            "always_training_mode",
            "The accuracy is right. But the model is in training mode afterwards, even if it "
            "came in eval mode: note `model.training` first, and put that back.",
            like=_modes(after=True),
        ),
        Mistake(
            "frozen",
            "The accuracy is right, but the parameters of the caller's model have "
            "`requires_grad = False` now: the next epoch could not train them.",
            seen_in=lambda trial: all(call.seen[_FROZEN] for call in trial.calls),
        ),
        Mistake(
            "builds_a_graph",
            "All is right, but each batch builds a graph that nobody needs. `with "
            "torch.no_grad():` around the loop saves its memory.",
            like=lambda model, batches: _measure(model, batches, recording=True),
        ),
    ),
    hints=(
        "Which three things have to be noted, set or switched off before the loop?",
        (
            "`was = model.training`, `model.eval()`, `with torch.no_grad():`. In the loop, add "
            "up two whole numbers: how many are right, and how many there are."
        ),
        (
            "`right += (model(images).argmax(dim=1) == labels).sum().item()`, `count += "
            "len(labels)`; after the loop `model.train(was)` and `return right / count`."
        ),
    ),
)
