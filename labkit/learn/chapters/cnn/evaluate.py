"""Exercise 5 of chapter 08: judge a model without touching it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks import Call, Case, Exercise, Mistake, Trial, as_tensor

_VALUE = "the accuracy"
_CALLED = "the model was called:"
_TRAINING = "it was in training mode then:"
_RECORDED = "autograd recorded the call:"
_AFTERWARDS = "it is in training mode afterwards:"
_KEPT = "its weights are as before:"
_TRAINABLE = "its weights can still be trained:"


class _Calls(list[tuple[bool, bool]]):
    """The mode of each call; a copy of the model has the same list."""

    def __deepcopy__(self, memo: object) -> _Calls:
        return self


class Model(nn.Module):
    """Gives class 1 to rows that are positive, else class 0, and records how it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = _Calls()
        # `model.training = False` reaches the model alone; `eval()` its layers, too.
        self.layer = nn.Identity()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        """Record the modes and return logits."""
        logits: Tensor = self.layer(torch.cat([-x, x], dim=1) * self.scale)
        self.calls.append((self.layer.training, logits.requires_grad))
        return logits


def _case(rows: list[float], labels: list[int]) -> Case:
    def make() -> tuple[nn.Module, Tensor, Tensor]:
        return Model().train(), torch.tensor(rows)[:, None], torch.tensor(labels)

    return Case(make=make, shown=f"a model with two classes and {len(rows)} rows")


def _solution(model: nn.Module, x: Tensor, y: Tensor) -> float:
    model.eval()
    with torch.no_grad():
        hits = model(x).argmax(dim=1) == y
    model.train()
    return float(hits.float().mean())


def _observe(call: Call) -> dict[str, Any]:
    model = call.arguments[0]
    return {
        _CALLED: bool(model.calls),
        _TRAINING: any(training for training, _ in model.calls),
        _RECORDED: any(recorded for _, recorded in model.calls),
        _AFTERWARDS: model.training and model.layer.training,
        _KEPT: bool((model.scale == 1).all()),
        _TRAINABLE: model.scale.requires_grad,
        _VALUE: call.result,
    }


def _all(trial: Trial, name: str, *, be: bool) -> bool:
    return all(call.seen[name] is be for call in trial.calls)


def _is_off_by(factor: float, offset: float, trial: Trial) -> bool:
    return all(
        trial.same({**call.seen, _VALUE: _number(call) * factor + offset}, expected)
        for call, expected in zip(trial.calls, trial.expected, strict=True)
    )


def _number(call: Call) -> float:
    found = as_tensor(call.seen[_VALUE])
    return float("nan") if found is None else float(found)


def _counts(trial: Trial) -> bool:
    return all(
        math.isclose(_number(call), expected[_VALUE] * len(call.arguments[2]), rel_tol=1e-5)
        for call, expected in zip(trial.calls, trial.expected, strict=True)
    )


def _averages_batches_of(size: int, trial: Trial) -> bool:
    """Whether each result is the mean of the accuracies of batches of this size."""
    return all(
        math.isclose(_number(call), _mean_of_batches(call.case, size), rel_tol=1e-5)
        for call in trial.calls
    )


def _mean_of_batches(case: Case, size: int) -> float:
    _, x, y = case.build()
    hits = ((x[:, 0] > 0) == y).float()
    return float(torch.stack([batch.mean() for batch in hits.split(size)]).mean())


EVALUATE = Exercise(
    name="evaluate",
    task=(
        "Write `evaluate(model, x, y)`: the accuracy in eval mode, without a graph; afterwards "
        "back to train mode."
    ),
    solution=_solution,
    cases=(
        _case([1.0, 2.0, 0.5, 3.0], [1, 1, 1, 0]),
        _case([-1.0, 2.0, -3.0, 1.0, -0.5, -2.0, 1.5, 4.0], [0, 1, 1, 1, 1, 0, 0, 0]),
        _case([1.0, -1.0, 2.0, -2.0, 3.0], [1, 1, 0, 1, 0]),
    ),
    observe=_observe,
    may_change=("model",),
    praise="Eval mode for the layers, `no_grad` for autograd, and the model handed back as it was.",
    mistakes=(
        Mistake(
            "no_grad_without_brackets",
            "`torch.no_grad` is called: `with torch.no_grad():`.",
            raises="context manager protocol|__enter__",
        ),
        Mistake(
            "mean_of_booleans",
            "`==` gives booleans, and PyTorch takes no mean of these. Turn them into numbers with "
            "`.float()`.",
            raises="could not infer output dtype",
        ),
        Mistake(
            "no_grad_of_the_model",
            "A model has no `no_grad`: recording is a matter of PyTorch, not of one model. Write "
            "`with torch.no_grad():` around the call.",
            raises="object has no attribute 'no_grad'",
        ),
        Mistake(
            "eval_misspelt",
            "The method is called `eval()`, and its counterpart `train()`.",
            raises="object has no attribute '(evaluate|evaluation|test|validate)'",
        ),
        Mistake(
            "never_called",
            "The model was never called: its answers on `x` are what is judged.",
            seen_in=lambda trial: _all(trial, _CALLED, be=False),
        ),
        Mistake(
            "in_train_mode",
            "The model was in training mode when it was called: BatchNorm would use this batch's "
            "own statistics, and take the test data into its running means; Dropout would go on "
            "dropping. (Is `eval` called, with its round brackets, and before the model?)",
            seen_in=lambda trial: _all(trial, _TRAINING, be=True),
        ),
        Mistake(
            "frozen",
            "Your function leaves the weights without `requires_grad`, so the next epoch could not "
            "train them. `torch.no_grad()` turns recording off for a few lines only.",
            seen_in=lambda trial: _all(trial, _TRAINABLE, be=False),
        ),
        Mistake(
            "weights_changed",
            "Your function changed the model's weights. To judge a model is to call it, no more.",
            seen_in=lambda trial: _all(trial, _KEPT, be=False),
        ),
        Mistake(
            "called_outside_no_grad",
            "`torch.no_grad()` has an effect only on the lines inside its block. Write "
            "`with torch.no_grad():`, and call the model in the lines indented below it.",
            seen_in=lambda trial: (
                _all(trial, _RECORDED, be=True)
                and trial.source.mentions("no_grad", "inference_mode")
            ),
        ),
        Mistake(
            "with_graph",
            "A graph was built for a backward pass that never comes: `eval()` does not prevent "
            "that, `torch.no_grad()` does.",
            seen_in=lambda trial: _all(trial, _RECORDED, be=True),
        ),
        Mistake(
            "left_in_eval",
            "The model was left in eval mode: the next epoch would train with frozen BatchNorm and "
            "no Dropout. (A line after `return` is never reached.)",
            seen_in=lambda trial: _all(trial, _AFTERWARDS, be=False),
        ),
        Mistake(
            "count",
            "The modes are right; the number is that of the right rows. Divide it by how many "
            "there are.",
            seen_in=_counts,
        ),
        Mistake(
            "percent",
            "The modes are right; the number is in percent, and the task asks for a fraction.",
            seen_in=lambda trial: _is_off_by(0.01, 0.0, trial),
        ),
        Mistake(
            "error_rate",
            "The modes are right; the number is the fraction of the *wrong* rows.",
            seen_in=lambda trial: _is_off_by(-1.0, 1.0, trial),
        ),
        Mistake(
            "means_averaged",
            "The means of several batches were averaged. The last batch is smaller and counts as "
            "much as the others: add up the right rows of all batches, and divide once by "
            "`len(y)`.",
            seen_in=lambda trial: any(_averages_batches_of(size, trial) for size in (2, 3, 4)),
        ),
        Mistake(
            "no_number",
            "The modes are right; what comes back is not one number, but one for each row: take "
            "the mean.",
            seen_in=lambda trial: all(
                result.shape == call.arguments[2].shape
                for call, result in zip(trial.calls, trial.results, strict=True)
            ),
        ),
    ),
    hints=(
        (
            "Two switches are needed: one for the layers, one for autograd. Which layers behave "
            "differently in training?"
        ),
        "`model.eval()` before, `with torch.no_grad():` around the call, `model.train()` after.",
        (
            "In the `with` block: `hits = model(x).argmax(dim=1) == y`. After it `model.train()`, "
            "then return `hits.float().mean().item()`."
        ),
    ),
)
