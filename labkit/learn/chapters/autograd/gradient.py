"""Exercise 2 of chapter 02: ask for a gradient without leaving a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, Trial, close

_Function = Callable[[Tensor], Tensor]


def _bowl(x: Tensor) -> Tensor:
    return ((x - 1) ** 2).sum() + x.prod()


def _waves(x: Tensor) -> Tensor:
    return (x.sin() * x.flip(0)).sum()


def _used_before() -> tuple[_Function, Tensor]:
    used = torch.tensor([2.0, -1.0, 0.5], requires_grad=True)
    used.grad = torch.ones(3)
    return _bowl, used


def _solution(f: _Function, at: Tensor) -> Tensor:
    own = at.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(f(own), own)
    return found


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _some_are_none(trial: Trial) -> bool:
    return (
        not trial.source.never_returns
        and any(result is None for result in trial.results)
        and all(result is None or _is_tensor(result) for result in trial.results)
    )


def _has_accumulated(trial: Trial) -> bool:
    used = next(call for call, case in zip(trial.calls, _CASES, strict=True) if case is _USED)
    return trial.same(used.seen, _solution(*_used_before()) + 1)


def _is_near(trial: Trial) -> bool:
    near = close(atol=0.1, rtol=0.02)
    return all(near(call.seen, to) for call, to in zip(trial.calls, trial.expected, strict=True))


_USED = Case(make=_used_before, shown="an `at` that requires gradients and has a `.grad` already")
_CASES = (
    Case(_bowl, torch.tensor([2.0, -1.0, 0.5])),
    _USED,
    Case(_waves, torch.tensor([[0.3, -1.2], [2.0, 0.7]])),
)

GRADIENT = Exercise(
    name="gradient",
    task=(
        "Write `gradient(f, at)`: the gradient of `f` at the tensor `at`, which stays as it was."
    ),
    solution=_solution,
    cases=_CASES,
    praise=(
        "A leaf of its own for the question, and no other `.grad` is touched: this is how "
        "libraries ask for gradients."
    ),
    mistakes=(
        Mistake(
            "asked_about_another",
            "You ask for a gradient with respect to a tensor that `f` was not called with, so no "
            "path leads to it. Ask about the very tensor that you handed to `f`.",
            raises="One of the differentiated Tensors|have been used in the graph",
            seen_in=lambda trial: trial.source.calls("grad"),
        ),
        Mistake(
            "no_graph",
            "Nothing was recorded: the tensor that `f` was called with does not require gradients "
            "(or recording was switched off), so there is no graph to go back through.",
            raises="does not require grad",
        ),
        Mistake(
            "tuple",
            "`torch.autograd.grad` answers with a tuple, one gradient for each input asked about. "
            "Take its first.",
            seen_in=lambda trial: all(
                isinstance(result, tuple | list) and len(result) == 1 and _is_tensor(result[0])
                for result in trial.results
            ),
        ),
        Mistake(
            "backward_returned",
            "`backward` returns nothing: it writes into the `.grad` of the leaves. Call it, and "
            "then return the `.grad` of your tensor.",
            seen_in=lambda trial: (
                trial.source.returns_call("backward")
                and all(result is None for result in trial.results)
            ),
        ),
        Mistake(
            "flag_called",
            "`requires_grad` is a flag, True or False, and cannot be called. The method that sets "
            "it ends in an underscore: `requires_grad_()`.",
            raises="'bool' object is not callable",
        ),
        Mistake(
            "backward_not_called",
            "`.grad` is empty: it is `backward` that fills it, and it was not called (a method "
            "without round brackets is not called).",
            seen_in=lambda trial: (
                _some_are_none(trial) and not trial.source.calls("backward", "grad")
            ),
        ),
        Mistake(
            "not_a_leaf",
            "`None` came back for some tensors. If it was read from `.grad`: `backward` fills the "
            "`.grad` of leaves only, and a copy made from a tensor that requires gradients is no "
            "leaf. `detach()` first.",
            seen_in=_some_are_none,
        ),
        Mistake(
            "accumulated",
            "Right for a fresh tensor, wrong for one whose `.grad` held something before: "
            "`backward` adds to it. With a leaf of your own you begin at zero, and the caller's "
            "tensor stays as it was.",
            changes="at",
            seen_in=_has_accumulated,
        ),
        Mistake(
            "accumulated_in_a_copy",
            "A `deepcopy` of a tensor has its `.grad` as well, and `backward` adds to what is "
            "there. `at.detach().clone()` copies the numbers alone.",
            seen_in=_has_accumulated,
        ),
        Mistake(
            "box",
            "This is the last box of the graph, the `grad_fn` of the result. `backward` walks back "
            "from it; the gradient is then in the `.grad` of your tensor.",
            seen_in=lambda trial: all(
                isinstance(result, torch.autograd.graph.Node) for result in trial.results
            ),
        ),
        Mistake(
            "left_marks",
            "The caller's tensor was changed: it requires gradients now, or its `.grad` is "
            "another. Ask about a tensor of your own.",
            changes="at",
        ),
        Mistake(
            "value",
            "This is the value of `f`, not how fast it changes.",
            like=lambda f, at: f(at).detach(),
        ),
        Mistake(
            "place",
            "This is the place itself, not the gradient there.",
            like=lambda f, at: at.detach(),
        ),
        Mistake(
            "finite_differences",
            "Nearly: the numbers are off by a little, as those of finite differences are. They are "
            "a good test of a gradient; autograd gives it exactly, and in one pass for all "
            "elements.",
            seen_in=_is_near,
        ),
        Mistake(
            "emptied",
            "All zeros: `zero_()` writes into the very tensor that you are about to return. Leave "
            "the `.grad` of your own leaf as it is.",
            like=lambda f, at: torch.zeros_like(at).detach(),
            seen_in=lambda trial: trial.source.calls("zero_", "fill_"),
        ),
        Mistake(
            "sign",
            "The sign is turned round. To go downhill is the business of a step, later; this is "
            "the gradient.",
            like=lambda f, at: -_solution(f, at),
        ),
        Mistake(
            "doubled",
            "This is twice the gradient. Was `backward` called twice? It adds to `.grad` each "
            "time.",
            like=lambda f, at: 2 * _solution(f, at),
        ),
        Mistake(
            "step_taken",
            "This is the place after a step downhill. The task asks for the gradient alone.",
            like=lambda f, at: at.detach() - _solution(f, at),
        ),
        Mistake(
            "zero_grad_of_a_tensor",
            "`zero_grad` belongs to models and optimizers. A fresh leaf of your own has no "
            "gradient that would have to be cleared.",
            raises="'Tensor' object has no attribute 'zero_grad'",
        ),
        Mistake(
            "summed",
            "This is the sum of the gradient's elements. It has one for each element of `at`.",
            like=lambda f, at: _solution(f, at).sum(),
        ),
    ),
    hints=(
        "Make a leaf of your own that holds the same numbers, and ask about that one.",
        "`own = at.detach().clone().requires_grad_()` is such a leaf.",
        "With it: `f(own).backward()`, then return `own.grad`.",
    ),
)
