"""Exercise 4 of chapter 02: the step of an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Call, Case, Exercise, Mistake


def _case(values: list[Any], gradient: list[Any], lr: float) -> Case:
    weight = torch.tensor(values, requires_grad=True)
    weight.grad = torch.tensor(gradient)
    return Case(weight, lr)


def _step(
    change: Callable[[Tensor, float], Tensor], *, clear: bool = True, freeze: bool = False
) -> Callable[[Tensor, float], None]:
    """Return the function that subtracts this change, with the slips that are asked for."""

    def step(w: Tensor, lr: float) -> None:
        with torch.no_grad():
            w -= change(_gradient_of(w), lr)
        if clear:
            w.grad = None
        if freeze:
            w.requires_grad = False

    return step


def _gradient_of(w: Tensor) -> Tensor:
    assert w.grad is not None
    return w.grad


def _observe(call: Call) -> dict[str, Any]:
    w = call.arguments[0]
    return {
        "after the call, `w`": w.detach().clone(),
        "its gradient is cleared:": w.grad is None or not bool(w.grad.any()),
        "`w` requires gradients:": w.requires_grad,
    }


STEP = Exercise(
    name="step",
    task=(
        "Write `step(w, lr)`: move the leaf `w` against its `.grad`, in place, and clear the "
        "`.grad`."
    ),
    solution=_step(lambda gradient, lr: lr * gradient),
    cases=(
        _case([1.0, -2.0], [0.5, 4.0], 0.1),
        _case([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[1.0, -1.0, 2.0], [0.5, 3.0, -4.0]], 0.5),
        _case([2.0], [-3.0], 0.01),
    ),
    observe=_observe,
    may_change=("w",),
    praise="That is `optimizer.step()` and `optimizer.zero_grad()` of plain SGD, complete.",
    mistakes=(
        Mistake(
            "weights_zeroed",
            "`w.zero_()` would set the weights themselves to 0. What has to be cleared is "
            "`w.grad`.",
            raises="leaf Variable that requires grad .* in-place",
            seen_in=lambda trial: trial.source.calls_on("w", "zero_"),
        ),
        Mistake(
            "recorded",
            "Autograd refuses: changing a leaf in place would be part of the graph that leads back "
            "to this leaf. Say `with torch.no_grad():` around the change.",
            raises="leaf Variable that requires grad .* in-place",
        ),
        Mistake(
            "cleared_first",
            "`w` did not move, and its gradient is gone: it was cleared before the step could use "
            "it, or there is no step. First move `w`, then clear.",
            like=_step(lambda gradient, lr: 0 * gradient),
        ),
        Mistake(
            "another_w",
            "`w = ...` gives the name `w` to another tensor, which has no `.grad`; from there on "
            "the caller's `w` is out of reach. `w -= ...` changes the tensor itself.",
            raises="'NoneType'",
            seen_in=lambda trial: trial.source.renames("w"),
        ),
        Mistake(
            "gradient_of_a_view",
            "`w.data` and `w.detach()` are other tensors, on the same numbers. They have no "
            "`.grad`: that is in `w.grad`.",
            raises="'NoneType'",
            seen_in=lambda trial: trial.source.mentions("w.data.grad", "w.detach().grad"),
        ),
        Mistake(
            "cleared_before_it_was_read",
            "The gradient was set to `None` before the step could use it: first move `w`, then "
            "clear.",
            raises="'NoneType'",
        ),
        Mistake(
            "new_tensor",
            "The caller's `w` is where it was. A line such as `w = w - ...` makes a new tensor and "
            "gives it the name `w` inside your function only; `w -= ...` changes the tensor "
            "itself.",
            like=_step(lambda gradient, lr: 0 * gradient, clear=False),
        ),
        Mistake(
            "rate_forgotten",
            "The step has the full length of the gradient: `lr` plays no part in it.",
            like=(
                _step(lambda gradient, lr: gradient),
                _step(lambda gradient, lr: gradient, clear=False),
            ),
        ),
        Mistake(
            "gradient_forgotten",
            "Every element moved by `lr`, whatever its gradient is: the step is `lr` *times* the "
            "gradient.",
            like=(
                _step(torch.full_like),
                _step(torch.full_like, clear=False),
            ),
        ),
        Mistake(
            "uphill",
            "This walks uphill: the gradient points to where the loss grows.",
            like=(
                _step(lambda gradient, lr: -lr * gradient),
                _step(lambda gradient, lr: -lr * gradient, clear=False),
            ),
        ),
        Mistake(
            "only_the_sign",
            "Each element moved by `lr`, up or down: only the sign of the gradient counts here. "
            "The step is `lr` times the gradient. (Adam's first step looks like this.)",
            like=(
                _step(lambda gradient, lr: lr * gradient.sign()),
                _step(lambda gradient, lr: lr * gradient.sign(), clear=False),
            ),
        ),
        Mistake(
            "divided_by_the_rate",
            "The gradient was divided by `lr`. It is multiplied by it: a smaller rate makes a "
            "smaller step.",
            like=(
                _step(lambda gradient, lr: gradient / lr),
                _step(lambda gradient, lr: gradient / lr, clear=False),
            ),
        ),
        Mistake(
            "twice",
            "The step is twice as long as it should be: was `w` moved twice?",
            like=(
                _step(lambda gradient, lr: 2 * lr * gradient),
                _step(lambda gradient, lr: 2 * lr * gradient, clear=False),
            ),
        ),
        Mistake(
            "not_cleared",
            "The step is right, but the old gradient is still there: the next `backward` would add "
            "to it. (Is `zero_` called, with its round brackets?)",
            like=_step(lambda gradient, lr: lr * gradient, clear=False),
        ),
        Mistake(
            "frozen",
            "The step is right, but `w` no longer requires gradients: it has made its last step.",
            like=_step(lambda gradient, lr: lr * gradient, freeze=True),
        ),
        Mistake(
            "gradient_set_to_a_number",
            "A `.grad` is a tensor or `None`, never a plain number: `w.grad = None`, or "
            "`w.grad.zero_()`.",
            raises="assigned grad expected to be a Tensor",
        ),
        Mistake(
            "zero_grad_of_a_tensor",
            "`zero_grad` belongs to models and optimizers. A tensor's gradient is cleared with "
            "`w.grad = None` or `w.grad.zero_()`.",
            raises="'Tensor' object has no attribute 'zero_grad'",
        ),
    ),
    hints=(
        "The change must be in place, and autograd must not record it.",
        "Inside `with torch.no_grad():` write `w -= lr * w.grad`.",
        "And then `w.grad = None`, or `w.grad.zero_()`.",
    ),
)
