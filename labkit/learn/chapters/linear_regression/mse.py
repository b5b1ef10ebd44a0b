"""Exercise 1 of chapter 03: the mean squared error, for targets of either shape."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Call, Case, Exercise, Mistake, as_tensor

_LOSS = "the loss"
_TRAINABLE = "`backward` gets from it to the prediction:"


def _case(predictions: list[float], targets: list[float], *, column: bool) -> Case:
    prediction = torch.tensor(predictions)[:, None].requires_grad_()
    target = torch.tensor(targets)
    return Case(prediction, target[:, None] if column else target)


def _errors(prediction: Tensor, target: Tensor) -> Tensor:
    return prediction.reshape(-1) - target.reshape(-1)


def _solution(prediction: Tensor, target: Tensor) -> Tensor:
    return (_errors(prediction, target) ** 2).mean()


def _observe(call: Call) -> dict[str, Any]:
    result = call.result
    return {
        _LOSS: result,
        _TRAINABLE: isinstance(result, Tensor) and _leads_to(call.arguments[0], result),
    }


def _leads_to(prediction: Tensor, result: Tensor) -> bool:
    if not result.requires_grad:
        return False
    (found,) = torch.autograd.grad(result.sum(), prediction, allow_unused=True)
    return found is not None


def _has_the_value(call: Call, expected: dict[str, Any]) -> bool:
    found = as_tensor(call.seen[_LOSS])
    return found is not None and torch.allclose(found.reshape(()), expected[_LOSS].double())


MSE = Exercise(
    name="mse",
    task=(
        "Write `mse(prediction, target)`: the mean squared error, as a tensor that `backward` can "
        "start from. The prediction has shape (n, 1), the target (n,) or (n, 1)."
    ),
    solution=_solution,
    cases=(
        _case([1.0, 3, 5, 9], [1.0, 2.5, 6, 8], column=False),
        _case([1.0, 3, 5, 9], [1.0, 2.5, 6, 8], column=True),
        _case([0.5, -1, 2, 4, 0, 1, 3], [2.0, -3, 1, 4.5, 1, 0, -2], column=False),
        _case([2.0, -4, 1], [0.0, 1, 3], column=True),
    ),
    observe=_observe,
    praise=(
        "Equal shapes first, then subtract. This one line prevents the most silent bug of "
        "regression."
    ),
    mistakes=(
        Mistake(
            "broadcast",
            "(n, 1) minus (n,) is a table of n × n: every prediction was compared with every "
            "target. No error, a plausible loss, and a model that learns the mean.",
            like=(
                lambda prediction, target: ((prediction - target) ** 2).mean(),
                lambda prediction, target: ((prediction - target) ** 2).mean(dim=0),
                lambda prediction, target: ((prediction - target.reshape(1, -1)) ** 2).mean(),
            ),
        ),
        Mistake(
            "only_one_shape",
            "Right for a target of shape (n,), wrong for one of shape (n, 1). Bring both to one "
            "shape, whatever they had.",
            like=lambda prediction, target: ((prediction - target[:, None]) ** 2).mean(),
        ),
        Mistake(
            "summed",
            "This is the sum. It grows with the number of samples, and so would the gradient: the "
            "learning rate would have to follow.",
            like=lambda prediction, target: (_errors(prediction, target) ** 2).sum(),
        ),
        Mistake(
            "half_of_the_sum",
            "This is half of the *sum*. Some books write it so; the task asks for the mean, whose "
            "size does not depend on the number of samples.",
            like=lambda prediction, target: (_errors(prediction, target) ** 2).sum() / 2,
        ),
        Mistake(
            "one_less",
            "The sum was divided by n - 1. That is for a variance around a mean that was estimated "
            "from the same numbers; here divide by n.",
            like=(
                lambda prediction, target: (
                    (_errors(prediction, target) ** 2).sum() / (len(prediction) - 1)
                ),
                lambda prediction, target: _errors(prediction, target).var(),
            ),
        ),
        Mistake(
            "absolute",
            "This is the mean absolute error. Large errors count for less in it than in the "
            "squared one.",
            like=lambda prediction, target: _errors(prediction, target).abs().mean(),
        ),
        Mistake(
            "signed",
            "The errors were not squared: one that is too high and one too low cancel.",
            like=(
                lambda prediction, target: _errors(prediction, target).mean(),
                lambda prediction, target: -_errors(prediction, target).mean(),
            ),
        ),
        Mistake(
            "doubled",
            "`* 2` doubles the errors, and then those that are too high and those too low cancel. "
            "The square is `** 2`.",
            like=(
                lambda prediction, target: 2 * _errors(prediction, target).mean(),
                lambda prediction, target: -2 * _errors(prediction, target).mean(),
            ),
        ),
        Mistake(
            "squared_last",
            "The errors were averaged (or added up) first, and the result was squared: those that "
            "are too high and those too low cancel before the square can count them.",
            like=(
                lambda prediction, target: _errors(prediction, target).mean() ** 2,
                lambda prediction, target: _errors(prediction, target).sum() ** 2,
            ),
        ),
        Mistake(
            "rooted",
            "This is a root. It has the target's unit and its minimum at the same place, but "
            "another gradient.",
            like=(
                lambda prediction, target: (_errors(prediction, target) ** 2).mean().sqrt(),
                lambda prediction, target: (_errors(prediction, target) ** 2).sum().sqrt(),
            ),
        ),
        Mistake(
            "halved",
            "This is half of the mean squared error. Some books write that half, so that the "
            "derivative loses its 2; PyTorch does not, and then the same learning rate makes "
            "steps of another size.",
            like=lambda prediction, target: (_errors(prediction, target) ** 2).mean() / 2,
        ),
        Mistake(
            "not_averaged",
            "The task is one number; this is one for each sample. `backward` would refuse it.",
            seen_in=lambda trial: all(
                call.result.numel() == len(call.arguments[0]) for call in trial.calls
            ),
        ),
        Mistake(
            "cut_from_the_graph",
            "The number is right, but it is cut off from the graph: after `item()`, `detach()`, "
            "`.data`, NumPy or a new `torch.tensor(...)`, `backward` has nothing to go back "
            "through, and no model can be trained on it.",
            seen_in=lambda trial: all(
                _has_the_value(call, expected)
                for call, expected in zip(trial.calls, trial.expected, strict=True)
            ),
        ),
        Mistake(
            "power_by_caret",
            "In Python `^` is not a power but a bitwise operation. A power is `**`.",
            raises=r"bitwise_xor|operand type\(s\) for \^",
        ),
        Mistake(
            "class_not_called",
            "`nn.MSELoss` is a class: its brackets make the loss function, and that one is called "
            "with the tensors, as in `nn.MSELoss()(..., ...)`.",
            raises="Boolean value of Tensor",
        ),
    ),
    hints=(
        "What is the shape of the difference? Print it.",
        "Make the shapes equal first: `reshape(-1)` turns both into (n,).",
        "Return `((prediction.reshape(-1) - target.reshape(-1)) ** 2).mean()`.",
    ),
)
