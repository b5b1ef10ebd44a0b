"""Exercise 2 of chapter 03: one step of gradient descent by hand."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, autograd

_Pair = tuple[float, float]


def _slopes(w: float, b: float, x: Tensor, y: Tensor) -> _Pair:
    error = w * x + b - y
    return float((2 * error * x).mean()), float((2 * error).mean())


def _solution(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    dw, db = _slopes(w, b, x, y)
    return w - lr * dw, b - lr * db


def _uphill(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    return _solution(w, b, x, y, -lr)


def _half(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    return _solution(w, b, x, y, lr / 2)


def _summed(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    return _solution(w, b, x, y, lr * len(x))


def _without_rate(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    return _solution(w, b, x, y, 1.0)


def _without_x(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    _, db = _slopes(w, b, x, y)
    return w - lr * db, b - lr * db


def _one_after_the_other(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    dw, _ = _slopes(w, b, x, y)
    _, db = _slopes(w - lr * dw, b, x, y)
    return w - lr * dw, b - lr * db


def _the_other_way_round(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    _, db = _slopes(w, b, x, y)
    dw, _ = _slopes(w, b - lr * db, x, y)
    return w - lr * dw, b - lr * db


def _moved(
    w: float, b: float, x: Tensor, y: Tensor, lr: float, *, of_w: float = 1, of_b: float = 1
) -> _Pair:
    """Move by a part of each step."""
    dw, db = _slopes(w, b, x, y)
    return w - of_w * lr * dw, b - of_b * lr * db


def _product_of_means(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    _, db = _slopes(w, b, x, y)
    return w - lr * db * float(x.mean()), b - lr * db


def _without_intercept(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    dw, db = _slopes(w, 0.0, x, y)
    return w - lr * dw, b - lr * db


def _steps_only(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    dw, db = _slopes(w, b, x, y)
    return -lr * dw, -lr * db


def _swapped(w: float, b: float, x: Tensor, y: Tensor, lr: float) -> _Pair:
    new_w, new_b = _solution(w, b, x, y, lr)
    return new_b, new_w


GRADIENT_STEP = Exercise(
    name="gradient_step",
    task=(
        "Write `gradient_step(w, b, x, y, lr)`: the new `(w, b)` after one step down the mean "
        "squared error, by hand, without autograd."
    ),
    solution=_solution,
    cases=(
        Case(0.5, -1.0, torch.tensor([0.0, 1, 2, 4]), torch.tensor([1.0, 2.5, 6, 8]), 0.05),
        Case(-2.0, 0.25, torch.tensor([1.0, -1, 3]), torch.tensor([0.5, 2, -1]), 0.1),
        Case(
            1.5, 3.0, torch.tensor([2.0, 0, 1, -2, 5, 1]), torch.tensor([4.0, 1, 0, 2, 2, 7]), 0.01
        ),
    ),
    praise=(
        "Both slopes at the old place, then one step along both: that is all of gradient descent."
    ),
    forbids=(
        autograd(
            "This takes the slopes from autograd. That works, and section 6 does it; here you "
            "write the two slopes yourself, once: they are in section 2."
        ),
    ),
    mistakes=(
        Mistake(
            "uphill",
            "This walks uphill: the gradient points to where the loss grows, so it is subtracted. "
            "(If you subtract it already, look at the sign of the error.)",
            like=(_uphill, partial(_moved, of_w=-0.5, of_b=-0.5)),
        ),
        Mistake(
            "one_uphill",
            "One of the two goes uphill: both slopes are subtracted, each from its own number.",
            like=(partial(_moved, of_w=-1), partial(_moved, of_b=-1)),
        ),
        Mistake(
            "two_forgotten",
            "Each step is half as long as it should be: the derivative of a square is *two* times "
            "what is squared.",
            like=_half,
        ),
        Mistake(
            "one_two_forgotten",
            "One of the two slopes lacks its *two*: it stands before the error in both.",
            like=(partial(_moved, of_w=0.5), partial(_moved, of_b=0.5)),
        ),
        Mistake(
            "b_stays",
            "`b` comes back as it was given: it has a slope, too, the mean of `2 * error`.",
            like=partial(_moved, of_b=0),
        ),
        Mistake(
            "w_stays",
            "`w` comes back as it was given: it has a slope, too, the mean of `2 * error * x`.",
            like=partial(_moved, of_w=0),
        ),
        Mistake(
            "summed",
            "The slopes are sums over the samples; the loss is a mean. With more data the same "
            "rate would blow up.",
            like=(_summed, lambda w, b, x, y, lr: _summed(w, b, x, y, lr / 2)),
        ),
        Mistake(
            "rate_forgotten",
            "The step has the full length of the gradient: `lr` plays no part in it.",
            like=_without_rate,
        ),
        Mistake(
            "x_forgotten",
            "`w` was moved by the slope of `b`. How much the prediction changes with `w` depends "
            "on `x`.",
            like=_without_x,
        ),
        Mistake(
            "one_after_the_other",
            "One parameter had moved already when the slope of the other was computed. Both slopes "
            "belong to the same place: compute them first, then move.",
            like=(_one_after_the_other, _the_other_way_round),
        ),
        Mistake(
            "product_of_means",
            "The errors and `x` were averaged apart and then multiplied. The mean of the products "
            "is another number: multiply sample by sample, then take the mean.",
            like=_product_of_means,
        ),
        Mistake(
            "intercept_forgotten",
            "The error lacks `b`: the line says `w * x + b`.",
            like=_without_intercept,
        ),
        Mistake(
            "only_slopes",
            "These are the slopes themselves. The step goes from the old values: `w - lr * slope`.",
            like=lambda w, b, x, y, lr: _slopes(w, b, x, y),
        ),
        Mistake(
            "only_the_change",
            "This is how far to go, not where you arrive: add it to the old `w` and `b`.",
            like=_steps_only,
        ),
        Mistake(
            "swapped",
            "The two numbers are right but come back as `(b, w)`; the task says `(w, b)`.",
            like=_swapped,
        ),
        Mistake(
            "only_w",
            "Only `w` came back. The step moves both: return `new_w, new_b`.",
            like=lambda w, b, x, y, lr: _solution(w, b, x, y, lr)[0],
        ),
        Mistake(
            "not_averaged",
            "A number for each sample came back. The slopes are means over the samples: two "
            "numbers, whatever the size of `x`.",
            seen_in=lambda trial: all(
                result[0].shape == call.arguments[2].shape
                for call, result in zip(trial.calls, trial.results, strict=True)
            ),
        ),
    ),
    hints=(
        "Call the error `e = w * x + b - y`. The loss is the mean of `e ** 2`.",
        "The slope for `w` is the mean of `2 * e * x`; for `b` it is the mean of `2 * e`.",
        "Compute `dw` and `db` from the same `e`, then return `(w - lr * dw, b - lr * db)`.",
    ),
)
