"""Exercise 2 of chapter 06: one epoch, and its mean loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.chapters.training_loop import epochs
from labkit.learn.checks import Call, Case, Exercise, Mistake

_HAS_GRAPH = "a graph behind the result:"


class Model(nn.Linear):
    """A layer that notes in which mode it was called; errors may show its name."""

    modes: tuple[bool, ...] = ()

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits."""
        self.modes = (*self.modes, self.training)
        return super().forward(inputs)


def _model(n_in: int, n_classes: int) -> nn.Module:
    """Return the same untrained layer each time, in eval mode, whatever the random state."""
    layer = Model(n_in, n_classes, device="meta").to_empty(device="cpu")
    generator = torch.Generator().manual_seed(n_in)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(n_classes, n_in, generator=generator))
        layer.bias.zero_()
    return layer.eval()


def _case(n_in: int, n_classes: int, sizes: tuple[int, ...], *, lr: float, momentum: float) -> Case:
    def make() -> tuple[Any, ...]:
        generator = torch.Generator().manual_seed(sum(sizes))
        batches = [
            (
                torch.randn(size, n_in, generator=generator),
                torch.randint(0, n_classes, (size,), generator=generator),
            )
            for size in sizes
        ]
        model = _model(n_in, n_classes)
        return model, torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum), batches

    shown = f"batches of {', '.join(map(str, sizes))} samples, and SGD with a rate of {lr}"
    return Case(make=make, shown=shown)


def _observe(call: Call) -> dict[str, Any]:
    model, loss = call.arguments[0], call.result
    weights = torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()])
    return {
        "the mean loss": loss,
        "the vector of weights after the epoch": weights,
        "training mode in every batch:": all(model.modes),
        _HAS_GRAPH: isinstance(loss, Tensor) and loss.requires_grad,
    }


def _both(**slip: Any) -> tuple[Callable[..., float], ...]:
    """Return a slip in training mode, and in the mode in which the model came."""
    return partial(epochs.train, **slip), partial(epochs.train, mode=None, **slip)


TRAIN_EPOCH = Exercise(
    name="train_epoch",
    task=(
        "Write `train_epoch(model, optimizer, batches)`: train with cross entropy for one "
        "epoch, one step per batch, in training mode. Return the mean loss *per sample* of the "
        "epoch, as a number."
    ),
    solution=epochs.solution,
    cases=(
        _case(4, 3, (8, 8, 3), lr=0.1, momentum=0.0),
        _case(6, 10, (16, 5), lr=0.05, momentum=0.9),
        _case(3, 2, (4, 4, 4, 1), lr=0.3, momentum=0.5),
    ),
    observe=_observe,
    may_change=("model", "optimizer"),
    praise="This function trains nearly any classifier. You will meet it in every project.",
    mistakes=(
        Mistake(
            "not_cleared",
            "`zero_grad` is not called in the loop: each step follows the sum of the gradients of "
            "all batches so far.",
            like=_both(clear="never"),
        ),
        Mistake(
            "copied_model",
            "You trained a copy of the model. The optimizer holds the parameters of the model that "
            "was handed in, and those have not moved.",
            like=_both(step=False),
            seen_in=lambda trial: trial.source.calls("deepcopy"),
        ),
        Mistake(
            "cleared_too_late",
            "No weight has moved, though `step` may have been called. Is `backward` missing, or "
            "does it come after `step`? Or does `zero_grad` stand between the two, and wipe out "
            "what `step` needs?",
            like=(*_both(clear="between"), *_both(backward=False), *_both(step=False)),
        ),
        Mistake(
            "one_step_per_epoch",
            "The weights are those after a single step, with the gradients of all batches "
            "added up. Is `step` outside the loop?",
            like=epochs.one_step,
        ),
        Mistake(
            "step_after_the_loop",
            "`step` stands after the loop. `zero_grad` has cleared the gradients of all batches "
            "but the last by then, so there is one step, with the last batch alone.",
            like=epochs.last_batch_only,
        ),
        Mistake(
            "first_batch_only",
            "Only the first batch was used. Is there a `return` inside the loop?",
            like=(epochs.one_batch,),
        ),
        Mistake(
            "mean_of_means",
            "The training is right. The loss is the mean of the batches' means, in which a "
            "sample of a small batch counts for more than one of a large batch.",
            like=_both(average="batches"),
        ),
        Mistake(
            "last_loss",
            "The training is right. The loss that you return is that of the last batch alone.",
            like=_both(average="last"),
        ),
        Mistake(
            "summed",
            "The training is right. The losses were added up, and not divided by the number of "
            "samples.",
            like=(*_both(average="sum"), *_both(average="sum of batches")),
        ),
        Mistake(
            "divided_by_batches",
            "The training is right, and the sum too: it counts samples. So it has to be "
            "divided by the number of samples, not of batches.",
            like=_both(average="mixed"),
        ),
        Mistake(
            "not_weighted",
            "The training is right. The loss is divided by the number of samples, but each batch "
            "was added only once, whatever its size: multiply its mean by `len(labels)` first.",
            like=_both(average="not weighted"),
        ),
        Mistake(
            "measured_afterwards",
            "The training is right. The loss that you return was computed *after* the step, or "
            "after the epoch: a second forward pass for each batch. Take the loss that you have "
            "anyway, the one that `backward` started from.",
            like=(epochs.after_each_step, epochs.after_the_epoch),
        ),
        Mistake(
            "summed_over_the_batch",
            'The gradients are those of a sum over the batch (`reduction="sum"`, or a mean times '
            "`len(labels)` in front of `backward`): a step gets longer with the size of its batch. "
            "Call `backward` on the mean, which `cross_entropy` gives by default.",
            like=epochs.summed,
        ),
        Mistake(
            "one_batch_of_all",
            "All batches were joined into one, with a single step. The task is one step for each "
            "batch.",
            like=epochs.joined,
        ),
        Mistake(
            "own_optimizer",
            "You made a new optimizer. The one that was handed in, with its rate and its momentum, "
            "is never used.",
            seen_in=lambda trial: trial.source.calls("SGD", "Adam", "AdamW", "RMSprop"),
        ),
        Mistake(
            "softmax_first",
            "There is a softmax in front of `cross_entropy`, which takes one itself.",
            like=_both(loss_of=epochs.softmax_first),
        ),
        Mistake(
            "keeps_the_graph",
            "The loss that you return still has its graph. A sum of such losses keeps the "
            "graphs of *all* batches in memory until the epoch ends. `loss.item()` is the "
            "number alone.",
            seen_in=lambda trial: any(call.seen[_HAS_GRAPH] for call in trial.calls),
        ),
        Mistake(
            "not_in_training_mode",
            "Weights and loss are right, for this model. But it came in eval mode, and was in it "
            "for some batches at least: dropout and batch norm would have been asleep. "
            "`model.train()` in front of the loop wakes them.",
            like=partial(epochs.train, mode=None),
        ),
        Mistake(
            "one_for_each_batch",
            "A list came back, with one loss for each batch. One number is asked for.",
            seen_in=lambda trial: all(isinstance(result, list) for result in trial.results),
        ),
        Mistake(
            "more_than_the_loss",
            "Several things came back. The task asks for the mean loss alone; the model has been "
            "trained in place, and whoever called you has it already.",
            seen_in=lambda trial: all(isinstance(result, tuple) for result in trial.results),
        ),
        Mistake(
            "loss_object_not_made",
            "`nn.CrossEntropyLoss` is a class. Make an object of it first, `criterion = "
            "nn.CrossEntropyLoss()`, and call that: `criterion(logits, labels)`.",
            raises="Boolean value of Tensor",
            seen_in=lambda trial: trial.source.calls("CrossEntropyLoss"),
        ),
        Mistake(
            "classes_not_logits",
            "The loss takes the logits, a score for each class. `argmax` has put one class in "
            "their place, and there is no slope in that to follow.",
            raises="floating point|scalar type|0D or 1D target|Long|grad|Dimension out of range",
            seen_in=lambda trial: trial.source.calls("argmax"),
        ),
        Mistake(
            "swapped",
            "`cross_entropy` takes the logits first, then the labels.",
            raises=(
                "expected scalar type Long|expected floating point|Expected floating point "
                "type|0D or 1D target|not implemented for 'Long'|Dimension out of range"
            ),
        ),
    ),
    hints=(
        "Five lines per batch, as in section 3. What has to happen once, before the first batch?",
        (
            "`loss` is the mean over one batch. What do you multiply it by, so that the sum "
            "over the batches is the sum over all samples?"
        ),
        (
            "Before the loop `model.train()`, `total, count = 0.0, 0`. In it, after the step: "
            "`total += loss.item() * len(labels)` and `count += len(labels)`. Then `total / "
            "count`."
        ),
    ),
)
