"""The plan of chapter 02: the graph, the chain rule, leaves, accumulation, cuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.call_result import CallResult, try_out
from labkit.learn.chapters import Plan
from labkit.learn.exercise import Exercise, Mistake
from labkit.learn.prediction import Exact, MultipleChoice, Number

_W, _X, _Y = 2.5, 3.0, 5.0
_OFF = _W * _X - _Y


def _gives(expected: float) -> Callable[[CallResult], bool]:
    return lambda attempt: abs(float(attempt.result) - expected) < 1e-5


_SLOPE = Exercise(
    name="slope",
    task=(
        "Write `slope(w, x, y)`: the derivative of `(w * x - y) ** 2 + 0.1 * w ** 2` along `w`, "
        "by hand."
    ),
    evaluate=lambda function: try_out(function, _W, _X, _Y),
    is_right=_gives(2 * _OFF * _X + 0.2 * _W),
    praise="Along each path the local slopes multiply; where paths meet, the products add up.",
    mistakes=(
        Mistake(
            "one_path",
            _gives(2 * _OFF * _X),
            "Only the first use of `w` was followed. It is used twice, so two paths lead to it, "
            "and their slopes add up.",
        ),
        Mistake(
            "inner_forgotten",
            _gives(2 * _OFF + 0.2 * _W),
            "The square's slope is there, but not that of what is squared: `w * x` grows by `x` "
            "when `w` grows by one.",
        ),
        Mistake(
            "two_forgotten",
            _gives(_OFF * _X + 0.1 * _W),
            "The slope of a square is *two* times what is squared.",
        ),
        Mistake(
            "multiplied",
            _gives(2 * _OFF * _X * 0.2 * _W),
            "The two paths were multiplied. Slopes multiply *along* a path and add up where "
            "paths meet.",
        ),
        Mistake(
            "value",
            _gives(_OFF**2 + 0.1 * _W**2),
            "This is the loss itself. How fast does it change when `w` changes?",
        ),
    ),
    hints=(
        "Draw the two paths from `w` to the loss: one through the square, one through the decay.",
        "Along the first: the slope of the square is `2 * (w * x - y)`, that of `w * x` is `x`.",
        "Return `2 * (w * x - y) * x + 0.2 * w`.",
    ),
)


def _bowl(x: Tensor) -> Tensor:
    return ((x - 1) ** 2).sum() + x.prod()


_AT = torch.tensor([2.0, -1.0, 0.5])
_TRUE = 2 * (_AT - 1) + torch.tensor([-0.5, 1.0, -2.0])


def _used_before() -> Tensor:
    used = _AT.clone().requires_grad_()
    used.grad = torch.ones(3)
    return used


@dataclass(frozen=True)
class _GradientCall:
    """One call of a learner's `gradient`, and whether the argument is unchanged."""

    attempt: CallResult
    untouched: bool


def _evaluate_gradient(function: Callable[..., Any]) -> tuple[_GradientCall, _GradientCall]:
    plain = try_out(function, _bowl, _AT)
    used = try_out(function, _bowl, _used_before())
    plain_after, used_after = plain.arguments[1], used.arguments[1]
    return (
        _GradientCall(plain, not plain_after.requires_grad and plain_after.grad is None),
        _GradientCall(used, used_after.grad is not None and bool((used_after.grad == 1).all())),
    )


def _returns(call: _GradientCall, expected: Tensor) -> bool:
    result = call.attempt.result
    return isinstance(result, Tensor) and torch.allclose(result, expected)


def _raised(calls: tuple[_GradientCall, ...], words: str) -> bool:
    return any(words in str(one.attempt.error) for one in calls)


_GRADIENT = Exercise(
    name="gradient",
    task=(
        "Write `gradient(f, at)`: the gradient of `f` at the tensor `at`, which stays as it was."
    ),
    evaluate=_evaluate_gradient,
    is_right=lambda calls: all(_returns(one, _TRUE) and one.untouched for one in calls),
    praise=(
        "A leaf of its own for the question, and nobody else's `.grad` is touched: this is how "
        "libraries ask for gradients."
    ),
    mistakes=(
        Mistake(
            "no_graph",
            lambda calls: _raised(calls, "does not require grad"),
            "Nothing was recorded: `at` does not require gradients, so `f(at)` has no graph to "
            "go back through.",
        ),
        Mistake(
            "tuple",
            lambda calls: isinstance(calls[0].attempt.result, tuple),
            "`torch.autograd.grad` answers with a tuple, one gradient for each input asked "
            "about. Take its first.",
        ),
        Mistake(
            "not_a_leaf",
            lambda calls: calls[0].attempt.error is None and calls[0].attempt.result is None,
            "`None` came back. If it was read from `.grad`: `backward` fills the `.grad` of "
            "leaves only, and a copy made from a tensor that requires gradients is no leaf.",
        ),
        Mistake(
            "accumulated",
            lambda calls: _returns(calls[0], _TRUE) and _returns(calls[1], _TRUE + 1),
            "Right for a fresh tensor, wrong for one whose `.grad` held something before: "
            "`backward` adds to it.",
        ),
        Mistake(
            "left_marks",
            lambda calls: (
                all(_returns(one, _TRUE) for one in calls)
                and not all(one.untouched for one in calls)
            ),
            "The gradient is right, but the caller's tensor was changed: it requires gradients "
            "now, or its `.grad` is another. Ask about a tensor of your own.",
        ),
    ),
    hints=(
        "Make a leaf of your own that holds the same numbers, and ask about that one.",
        "`own = at.detach().clone().requires_grad_()` is such a leaf.",
        "With it: `f(own).backward()`, then return `own.grad`.",
    ),
)


@dataclass(frozen=True)
class _Pair:
    """A learner's consistency loss, and which parameters got gradients."""

    attempt: CallResult
    student: bool
    teacher: bool


_BATCH = torch.tensor([[1.0, -2.0], [0.5, 3.0], [2.0, 1.0]])


def _network(weights: tuple[float, float]) -> nn.Linear:
    layer = nn.Linear(2, 1, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([weights]))
        layer.bias.zero_()
    return layer


_STUDENT, _TEACHER = _network((0.5, -1.0)), _network((1.0, 0.25))


def _evaluate_consistency(function: Callable[..., Any]) -> _Pair:
    attempt = try_out(function, _STUDENT, _TEACHER, _BATCH)
    if isinstance(attempt.result, Tensor) and attempt.result.requires_grad:
        attempt.result.sum().backward()  # type: ignore[no-untyped-call]
    student, teacher = attempt.arguments[:2]
    return _Pair(attempt, _learns(student), _learns(teacher))


def _learns(layer: nn.Linear) -> bool:
    return layer.weight.grad is not None and bool(layer.weight.grad.any())


def _difference() -> Tensor:
    with torch.no_grad():
        student, teacher = (_BATCH @ layer.weight.T for layer in (_STUDENT, _TEACHER))
        return student - teacher


def _mean_of_squares(pair: _Pair) -> bool:
    return torch.allclose(pair.attempt.result, (_difference() ** 2).mean())


_CONSISTENCY = Exercise(
    name="consistency",
    task=(
        "Write `consistency(student, teacher, x)`: the mean squared difference of their outputs, "
        "from which only the student learns."
    ),
    evaluate=_evaluate_consistency,
    is_right=lambda pair: _mean_of_squares(pair) and pair.student and not pair.teacher,
    praise=(
        "The value is the same with or without the cut; only who learns from it differs. Target "
        "networks, distillation and contrastive learning all rest on this line."
    ),
    mistakes=(
        Mistake(
            "both_learn",
            lambda pair: _mean_of_squares(pair) and pair.student and pair.teacher,
            "The teacher gets gradients too: it would move towards its student, and the two "
            "meet at any answer at all.",
        ),
        Mistake(
            "nobody_learns",
            lambda pair: _mean_of_squares(pair) and not pair.attempt.result.requires_grad,
            "Nobody learns: the whole loss was computed without a graph. Only the teacher's "
            "output must be cut.",
        ),
        Mistake(
            "wrong_one",
            lambda pair: _mean_of_squares(pair) and pair.teacher and not pair.student,
            "The cut is at the student's output: the teacher learns from its student here.",
        ),
        Mistake(
            "number",
            lambda pair: isinstance(pair.attempt.result, float),
            "A plain number came back: `item()` takes the value out of the graph, and nothing "
            "can be learned from it.",
        ),
        Mistake(
            "summed",
            lambda pair: torch.allclose(pair.attempt.result, (_difference() ** 2).sum()),
            "This is the sum; the mean was asked for.",
        ),
    ),
    hints=(
        "Which of the two outputs must look like a constant to autograd?",
        (
            "`teacher(x).detach()` has the same values and no past. So has an output that was "
            "computed under `torch.no_grad()`."
        ),
        "Return `((student(x) - teacher(x).detach()) ** 2).mean()`.",
    ),
)

_START, _GRAD, _RATE = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 4.0]), 0.1


def _weight() -> Tensor:
    weight = _START.clone().requires_grad_()
    weight.grad = _GRAD.clone()
    return weight


def _is_at(attempt: CallResult, expected: Tensor) -> bool:
    return torch.allclose(attempt.arguments[0].detach(), expected)


def _cleared(attempt: CallResult) -> bool:
    grad = attempt.arguments[0].grad
    return grad is None or not grad.any()


_STEPPED = _START - _RATE * _GRAD
_STEP = Exercise(
    name="step",
    task=(
        "Write `step(w, lr)`: move the leaf `w` against its `.grad`, in place, and clear the "
        "`.grad`."
    ),
    evaluate=lambda function: try_out(function, _weight(), _RATE),
    is_right=lambda attempt: (
        attempt.error is None
        and _is_at(attempt, _STEPPED)
        and _cleared(attempt)
        and attempt.arguments[0].requires_grad
    ),
    praise="That is `optimizer.step()` and `optimizer.zero_grad()` of plain SGD, whole.",
    mistakes=(
        Mistake(
            "recorded",
            lambda attempt: "in-place" in str(attempt.error),
            "Autograd refuses: changing a leaf in place would be part of the graph that leads "
            "back to this leaf. Say `with torch.no_grad():` around the change.",
        ),
        Mistake(
            "new_tensor",
            lambda attempt: attempt.error is None and _is_at(attempt, _START),
            "The caller's `w` is where it was. `w = w - ...` makes a new tensor and gives it the "
            "name `w` inside your function only; `w -= ...` changes the tensor itself.",
        ),
        Mistake(
            "uphill",
            lambda attempt: _is_at(attempt, _START + _RATE * _GRAD),
            "This walks uphill: the gradient points to where the loss grows.",
        ),
        Mistake(
            "not_cleared",
            lambda attempt: _is_at(attempt, _STEPPED) and not _cleared(attempt),
            "The step is right, but the old gradient is still there: the next `backward` would "
            "add to it.",
        ),
        Mistake(
            "frozen",
            lambda attempt: _is_at(attempt, _STEPPED) and not attempt.arguments[0].requires_grad,
            "The step is right, but `w` no longer requires gradients: it has made its last step.",
        ),
    ),
    hints=(
        "The change must be in place, and autograd must not record it.",
        "Inside `with torch.no_grad():` write `w -= lr * w.grad`.",
        "And then `w.grad = None`, or `w.grad.zero_()`.",
    ),
)

PLAN = Plan(
    title="Autograd",
    predictions=(
        Exact(
            "boxes",
            "How many operations does autograd note down for `((w * x + b - y) ** 2).mean()`?",
            reasons={
                "1": (
                    "One line of Python, but each `*`, `+`, `-`, `**` and `mean` is an operation "
                    "of its own."
                ),
                "4": "`mean` is one as well: it has a derivative like any other.",
                "7": (
                    "That counts the two leaves, `w` and `b`. They are where the graph ends, no "
                    "operations."
                ),
            },
        ),
        Number(
            "two_paths",
            "What is the slope of `(2 * w + w) ** 2` along `w`, at w = 3?",
            near=0.001,
            reasons={
                "18.0": "That is the slope along the sum. What does the sum gain when `w` grows?",
                "36.0": "That is the path through `2 * w` alone. `w` enters a second time.",
                "81.0": "That is the value, not the slope.",
            },
        ),
        MultipleChoice(
            "empty_grad",
            "Which of the three has `.grad` None after `backward`?",
            reasons={
                "a": "`w` is a leaf that requires gradients: just what `backward` fills.",
                "b": (
                    "`scale` was made by hand and requires gradients, so it is a leaf. That it "
                    "holds one number only makes no difference."
                ),
            },
        ),
        Number(
            "second_backward",
            "After the first `backward`, `w.grad` is 6. What is it after the second?",
            near=0.001,
            reasons={
                "6.0": "That would be so if `backward` wrote the gradient. It adds.",
                "36.0": "Gradients of two calls are added, not multiplied.",
                "0.0": "Nothing clears `.grad` but you, or the optimizer's `zero_grad`.",
            },
        ),
        Number(
            "cut_square",
            "What is the slope of `w * w.detach()` at w = 3?",
            near=0.001,
            reasons={
                "6.0": (
                    "That is the slope of `w * w`. One of the two factors looks like a constant."
                ),
                "0.0": "Only one of the two factors was cut; the other leads to `w`.",
                "9.0": "That is the value. A cut leaves the value as it is.",
            },
        ),
    ),
    exercises=(_SLOPE, _GRADIENT, _CONSISTENCY, _STEP),
)
