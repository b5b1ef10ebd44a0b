# ruff: noqa: PLR2004 - the answers to exercises are numbers
"""The plan of chapter 03: a line's loss, gradient descent by hand and by PyTorch, scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.call_result import CallResult, try_out
from labkit.learn.chapters import Plan
from labkit.learn.chapters.linear_regression_predictions import PREDICTIONS
from labkit.learn.exercise import Exercise, Mistake

_X = torch.tensor([0.0, 1.0, 2.0, 4.0])
_Y = torch.tensor([1.0, 2.5, 6.0, 8.0])
_PREDICTED, _TARGET = (2 * _X + 1)[:, None], _Y
_W, _B, _RATE = 0.5, -1.0, 0.05
_INPUTS = torch.randn(12, 2, generator=torch.Generator().manual_seed(2))
_TARGETS = _INPUTS @ torch.tensor([[1.5], [-2.0]]) + 0.5
_STEPS = 8
_TRAIN = torch.randn(30, 3, generator=torch.Generator().manual_seed(3)) * torch.tensor([1.0, 9, 50])
_TEST = _TRAIN[:10] * 1.5 + 4


def _number(expected: Tensor) -> Callable[[tuple[CallResult, ...]], bool]:
    """Whether the first attempt gave this one number."""
    return lambda tries: (
        torch.as_tensor(tries[0].result).numel() == 1
        and abs(float(tries[0].result) - float(expected)) < 1e-4
    )


_MSE = Exercise(
    name="mse",
    task=(
        "Write `mse(prediction, target)`, for a prediction of shape (n, 1) and a target of "
        "shape (n,)."
    ),
    evaluate=lambda function: (
        try_out(function, _PREDICTED, _TARGET),
        try_out(function, _PREDICTED, _TARGET[:, None]),
    ),
    is_right=lambda tries: all(
        _number(((_PREDICTED[:, 0] - _TARGET) ** 2).mean())((attempt,)) for attempt in tries
    ),
    praise=(
        "Equal shapes first, then subtract. This one line prevents the most silent bug of "
        "regression."
    ),
    mistakes=(
        Mistake(
            "broadcast",
            _number(((_PREDICTED - _TARGET) ** 2).mean()),
            "(4, 1) minus (4,) is a table of 4 x 4: every prediction was compared with "
            "every target. No error, a plausible loss, and a model that learns the mean.",
        ),
        Mistake(
            "only_one_shape",
            lambda tries: (
                _number(((_PREDICTED[:, 0] - _TARGET) ** 2).mean())(tries)
                and not _number(((_PREDICTED[:, 0] - _TARGET) ** 2).mean())((tries[1],))
            ),
            "Right for a target of shape (n,), wrong for one of shape (n, 1). Bring both to "
            "one shape, whatever they had.",
        ),
        Mistake(
            "summed",
            _number(((_PREDICTED[:, 0] - _TARGET) ** 2).sum()),
            "This is the sum. It grows with the number of samples, and so would the "
            "gradient: the learning rate would have to follow.",
        ),
        Mistake(
            "absolute",
            _number((_PREDICTED[:, 0] - _TARGET).abs().mean()),
            "This is the mean absolute error. Large errors count for less in it than in the "
            "squared one.",
        ),
        Mistake(
            "signed",
            _number((_PREDICTED[:, 0] - _TARGET).mean()),
            "The errors were not squared: one that is too high and one too low cancel out.",
        ),
        Mistake(
            "rooted",
            _number(((_PREDICTED[:, 0] - _TARGET) ** 2).mean().sqrt()),
            "This is the root of it. It has the target's unit and the same lowest place, but "
            "another gradient.",
        ),
        Mistake(
            "not_averaged",
            lambda tries: torch.as_tensor(tries[0].result).numel() > 1,
            "One number was asked for; this is one for each sample. `backward` would refuse it.",
        ),
    ),
    hints=(
        "What shape has the difference? Print it.",
        "Make the shapes equal first: `reshape(-1)` turns both into (n,).",
        "Return `((prediction.reshape(-1) - target.reshape(-1)) ** 2).mean()`.",
    ),
)


def _hand_step(scale_w: Tensor, scale_b: Tensor) -> tuple[float, float]:
    return _W - _RATE * float(scale_w), _B - _RATE * float(scale_b)


_ERROR = _W * _X + _B - _Y
_SLOPES = (2 * (_ERROR * _X).mean(), 2 * _ERROR.mean())


def _new_pair(expected: tuple[float, float]) -> Callable[[CallResult], bool]:
    return lambda attempt: all(
        abs(float(got) - want) < 1e-4 for got, want in zip(attempt.result, expected, strict=True)
    )


def _one_after_the_other() -> tuple[float, float]:
    w, _ = _hand_step(*_SLOPES)
    return w, _B - _RATE * float(2 * (w * _X + _B - _Y).mean())


_STEP = Exercise(
    name="gradient_step",
    task=(
        "Write `gradient_step(w, b, x, y, lr)`: the new `(w, b)` after one step down the mean "
        "squared error."
    ),
    evaluate=lambda function: try_out(function, _W, _B, _X, _Y, _RATE),
    is_right=_new_pair(_hand_step(*_SLOPES)),
    praise="Both slopes at the old place, then one step along both: that is gradient descent.",
    mistakes=(
        Mistake(
            "uphill",
            _new_pair(_hand_step(-_SLOPES[0], -_SLOPES[1])),
            "This walks uphill: the gradient points to where the loss grows, so it is subtracted.",
        ),
        Mistake(
            "two_forgotten",
            _new_pair(_hand_step(_SLOPES[0] / 2, _SLOPES[1] / 2)),
            "Each step is half as long as it should be: the derivative of a square is *two* "
            "times the error.",
        ),
        Mistake(
            "summed",
            _new_pair(_hand_step(_SLOPES[0] * len(_X), _SLOPES[1] * len(_X))),
            "The slopes are sums over the samples; the loss is a mean. With more data the same "
            "rate would blow up.",
        ),
        Mistake(
            "x_forgotten",
            _new_pair(_hand_step(_SLOPES[1], _SLOPES[1])),
            "`w` was moved by the slope of `b`. How much the prediction changes with `w` "
            "depends on `x`.",
        ),
        Mistake(
            "one_after_the_other",
            _new_pair(_one_after_the_other()),
            "`b` was moved with a `w` that had moved already. Both slopes belong to the "
            "same place: compute them first, then move.",
        ),
        Mistake(
            "only_slopes",
            _new_pair((float(_SLOPES[0]), float(_SLOPES[1]))),
            "These are the slopes themselves. The step goes from the old values: `w - lr * slope`.",
        ),
    ),
    hints=(
        "Call the error `e = w * x + b - y`. The loss is the mean of `e ** 2`.",
        "The slope for `w` is the mean of `2 * e * x`; for `b` it is the mean of `2 * e`.",
        "Compute `dw` and `db` from the same `e`, then return `(w - lr * dw, b - lr * db)`.",
    ),
)


def _start() -> nn.Linear:
    """Make the same untrained layer each time, whatever the random state."""
    layer = nn.Linear(2, 1, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.2, 0.1]]))
        layer.bias.zero_()
    return layer


def _weights(layer: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().reshape(-1) for parameter in layer.parameters()])


def _trained(*, steps: int = _STEPS, clear: bool = True, factor: float = 1.0) -> Tensor:
    """Where plain SGD ends, with the slips asked for."""
    layer = _start()
    optimizer = torch.optim.SGD(layer.parameters(), lr=_RATE)
    for _ in range(steps):
        if clear:
            optimizer.zero_grad()
        loss = factor * nn.functional.mse_loss(layer(_INPUTS), _TARGETS)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return _weights(layer)


def _evaluate_training(function: Callable[..., Any]) -> CallResult | Tensor:
    attempt = try_out(function, _start(), _INPUTS, _TARGETS, _STEPS, _RATE)
    return attempt if attempt.error is not None else _weights(attempt.arguments[0])


def _ends_at(expected: Tensor) -> Callable[[Tensor], bool]:
    return lambda weights: torch.allclose(weights, expected, atol=1e-5)


_TRAIN_LOOP = Exercise(
    name="train",
    task=(
        "Write `train(model, x, y, steps, lr)`: that many steps of plain SGD on the mean "
        "squared error."
    ),
    evaluate=_evaluate_training,
    is_right=_ends_at(_trained()),
    praise="Forward, clear, backward, step: the four beats of every training loop in this course.",
    mistakes=(
        Mistake(
            "accumulates",
            _ends_at(_trained(clear=False)),
            "`zero_grad` is missing: `backward` adds to `.grad`, so each step was made with "
            "the sum of all gradients so far. The loss swings, and may blow up.",
        ),
        Mistake(
            "unchanged",
            _ends_at(_weights(_start())),
            "The weights are those from before. Either `step` or `backward` is missing, or "
            "`zero_grad` stands between them and wipes out what `backward` found.",
        ),
        Mistake(
            "one_step",
            _ends_at(_trained(steps=1)),
            "Exactly one step was made: is part of the loop's body not indented, or is there a "
            "`return` in it?",
        ),
        Mistake(
            "one_too_few",
            _ends_at(_trained(steps=_STEPS - 1)),
            "One step too few: this happens when `step` comes before `backward` in the loop.",
        ),
        Mistake(
            "summed",
            _ends_at(_trained(factor=float(len(_TARGETS)))),
            "The loss was summed over the samples: the gradient is twelve times as long, and "
            "so is each step.",
        ),
        Mistake(
            "uphill",
            _ends_at(_trained(factor=-1.0)),
            "This walks uphill: the loss has the wrong sign.",
        ),
    ),
    hints=(
        (
            "Make the optimizer once, before the loop. What are the four things that happen in "
            "each step?"
        ),
        (
            "Loss from `F.mse_loss(model(x), y)`; then `zero_grad()`, `backward()`, `step()`, in "
            "this order."
        ),
        (
            "`optimizer = torch.optim.SGD(model.parameters(), lr=lr)`, and in the loop: `loss = "
            "F.mse_loss(model(x), y)`; "
            "`optimizer.zero_grad()`; `loss.backward()`; `optimizer.step()`."
        ),
    ),
)


def _scaled(x: Tensor, by: Tensor, dim: int = 0) -> Tensor:
    keep = dim == 1
    return (x - by.mean(dim, keepdim=keep)) / by.std(dim, keepdim=keep)


def _both(train: Tensor, test: Tensor) -> Callable[[CallResult], bool]:
    def gives(attempt: CallResult) -> bool:
        got_train, got_test = attempt.result
        ratio = (len(_TRAIN) / (len(_TRAIN) - 1)) ** 0.5
        return any(
            torch.allclose(got_train, train * r, atol=1e-4)
            and torch.allclose(got_test, test * r, atol=1e-4)
            for r in (1.0, ratio)
        )

    return gives


_JOINT = torch.cat([_TRAIN, _TEST])
_SCALE = Exercise(
    name="scale_like_training",
    task=(
        "Write `scale_like_training(train, test)`: both tables scaled by the training table's "
        "columns."
    ),
    evaluate=lambda function: try_out(function, _TRAIN, _TEST),
    is_right=_both(_scaled(_TRAIN, _TRAIN), _scaled(_TEST, _TRAIN)),
    praise=(
        "The test rows are measured with the training rows' ruler, as rows of tomorrow will "
        "have to be."
    ),
    mistakes=(
        Mistake(
            "own_ruler",
            _both(_scaled(_TRAIN, _TRAIN), _scaled(_TEST, _TEST)),
            "The test table was scaled by its own mean: the same person gets other numbers, "
            "and a shift between the two tables, which you would want to see, is gone.",
        ),
        Mistake(
            "joint",
            _both(_scaled(_TRAIN, _JOINT), _scaled(_TEST, _JOINT)),
            "The means were taken over both tables: the test has leaked into the training.",
        ),
        Mistake(
            "rows",
            _both(_scaled(_TRAIN, _TRAIN, 1), _scaled(_TEST, _TEST, 1)),
            "Each row was scaled: one person's age, pressure and sugar share no mean worth taking.",
        ),
        Mistake(
            "only_training",
            _both(_scaled(_TRAIN, _TRAIN), _TEST),
            "The test table is unscaled: the model would see numbers of a size that it never met.",
        ),
        Mistake(
            "one_table",
            lambda attempt: isinstance(attempt.result, Tensor),
            "One table came back; two were asked for: `return scaled_train, scaled_test`.",
        ),
    ),
    hints=(
        "Which table may the mean and the standard deviation come from?",
        "Take `mean = train.mean(dim=0)` and `std = train.std(dim=0)` once, and use them twice.",
        "Return `(train - mean) / std, (test - mean) / std`.",
    ),
)

PLAN = Plan(
    title="Linear regression",
    predictions=PREDICTIONS,
    exercises=(_MSE, _STEP, _TRAIN_LOOP, _SCALE),
)
