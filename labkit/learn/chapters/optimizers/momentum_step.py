"""Exercise 1 of chapter 07: one step of SGD with momentum."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, calls

_Pair = tuple[Tensor, Tensor]
_Step = Callable[[Tensor, Tensor, Tensor, float, float], _Pair]


def _solution(w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> _Pair:
    velocity = momentum * velocity + gradient
    return w - lr * velocity, velocity


def _rate_inside(
    w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float
) -> _Pair:
    velocity = momentum * velocity + lr * gradient
    return w - velocity, velocity


def _rate_inside_downhill(
    w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float
) -> _Pair:
    velocity = momentum * velocity - lr * gradient
    return w + velocity, velocity


def _rate_inside_all(
    w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float
) -> _Pair:
    velocity = lr * (momentum * velocity + gradient)
    return w - velocity, velocity


def _mixed_signs(
    w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float
) -> _Pair:
    velocity = momentum * velocity - gradient
    return w - lr * velocity, velocity


def _not_kept(w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> _Pair:
    return w - lr * gradient + momentum * velocity, velocity


def _averaged(w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> _Pair:
    velocity = momentum * velocity + (1 - momentum) * gradient
    return w - lr * velocity, velocity


def _old_velocity(
    w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float
) -> _Pair:
    return w - lr * velocity, momentum * velocity + gradient


def _nesterov(w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> _Pair:
    velocity = momentum * velocity + gradient
    return w - lr * (gradient + momentum * velocity), velocity


def _plain(w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> _Pair:
    return w - lr * gradient, momentum * velocity + gradient


def _on_the_gradient(
    w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float
) -> _Pair:
    velocity = velocity + momentum * gradient
    return w - lr * velocity, velocity


def _never_fades(
    w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float
) -> _Pair:
    velocity = velocity + gradient
    return w - lr * velocity, velocity


def _other_sign(w: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> _Pair:
    velocity = momentum * velocity - gradient
    return w + lr * velocity, velocity


def _with_rate(rate: Callable[[float], float]) -> _Step:
    return lambda w, velocity, gradient, lr, momentum: _solution(
        w, velocity, gradient, rate(lr), momentum
    )


MOMENTUM_STEP = Exercise(
    name="momentum_step",
    task=(
        "Write `momentum_step(w, velocity, gradient, lr, momentum)`: one step of SGD with "
        "momentum, as PyTorch makes it. Return the new `(w, velocity)`."
    ),
    solution=_solution,
    cases=(
        Case(
            torch.tensor([1.0, -2.0]), torch.tensor([0.5, 0.0]), torch.tensor([2.0, -4.0]), 0.1, 0.9
        ),
        Case(torch.tensor(3.0), torch.tensor(-1.0), torch.tensor(0.25), 0.5, 0.8),
        Case(
            torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
            torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.5, 2.0]]),
            torch.tensor([[0.1, 0.2, 0.3], [-0.4, 0.0, 1.5]]),
            0.01,
            0.5,
        ),
    ),
    praise=(
        "The velocity first, then the step along it. With a momentum of 0 this is plain SGD, and "
        "`momentum_buffer` in `optimizer.state` is your `velocity`."
    ),
    forbids=(
        calls(
            "_fused",
            modules=("torch.optim",),
            name="optimizer_used",
            message=(
                "This lets `torch.optim.SGD` do the step. Here you write its two lines yourself."
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "averaged",
            "This velocity is a running *mean*: the new gradient counts `1 - momentum`. Adam "
            "works like that. PyTorch's SGD adds the whole gradient, which makes its steps up to "
            "`1 / (1 - momentum)` times as long.",
            like=_averaged,
        ),
        Mistake(
            "rate_inside",
            "The rate stands inside the velocity here, as some books write it. PyTorch multiplies "
            "by `lr` only at the step, so that a scheduler's new rate counts for the whole "
            "velocity at once.",
            like=(_rate_inside, _rate_inside_downhill, _rate_inside_all),
        ),
        Mistake(
            "velocity_not_kept",
            "The old velocity came back unchanged: it never takes in a gradient. Make the new "
            "velocity first, and let `w` follow it.",
            like=(
                _not_kept,
                lambda w, velocity, gradient, lr, momentum: (
                    _solution(w, velocity, gradient, lr, momentum)[0],
                    velocity,
                ),
            ),
        ),
        Mistake(
            "settings_swapped",
            "`lr` and `momentum` have changed places: `momentum` is how much of the old velocity "
            "is left, `lr` is how far `w` goes along the new one.",
            like=lambda w, velocity, gradient, lr, momentum: _solution(
                w, velocity, gradient, momentum, lr
            ),
        ),
        Mistake(
            "old_velocity",
            "The step was made with the velocity from before: the new gradient comes one step "
            "late. Update the velocity first.",
            like=_old_velocity,
        ),
        Mistake(
            "nesterov",
            "This is Nesterov's variant, which looks one step ahead along the velocity. The task "
            "asks for plain momentum.",
            like=_nesterov,
        ),
        Mistake(
            "velocity_unused",
            "The velocity is right, but `w` moved along the gradient alone: this is plain SGD with "
            "a velocity that nothing uses.",
            like=_plain,
        ),
        Mistake(
            "never_fades",
            "The old velocity counts in full: without the factor `momentum` it never fades, and "
            "the walk swings for good.",
            like=_never_fades,
        ),
        Mistake(
            "momentum_on_the_gradient",
            "`momentum` multiplies the gradient here. It belongs to the *old velocity*: that is "
            "what is carried over.",
            like=_on_the_gradient,
        ),
        Mistake(
            "uphill",
            "`w` moved uphill: the velocity is a sum of gradients, so it is subtracted.",
            like=_with_rate(lambda lr: -lr),
        ),
        Mistake(
            "mixed_signs",
            "The gradient is subtracted twice: once from the velocity, and with it from `w`. So "
            "`w` moves uphill. The velocity adds the gradient up, and `w` subtracts the velocity.",
            like=_mixed_signs,
        ),
        Mistake(
            "not_moved",
            "The velocity is right, but `w` came back as it went in. `w - lr * velocity` alone "
            "computes a new value and changes nothing: return it, or give it a name.",
            like=lambda w, velocity, gradient, lr, momentum: (
                w,
                _solution(w, velocity, gradient, lr, momentum)[1],
            ),
        ),
        Mistake(
            "other_sign",
            "`w` arrives at the right place, but your velocity points downhill. PyTorch keeps a "
            "sum of gradients, which points uphill, and subtracts it.",
            like=_other_sign,
        ),
        Mistake(
            "rate_forgotten",
            "The step has the full length of the velocity: `lr` plays no part in it.",
            like=_with_rate(lambda lr: 1.0),
        ),
        Mistake(
            "rate_twice",
            "The learning rate was applied twice: once is enough, where `w` moves.",
            like=_with_rate(lambda lr: lr * lr),
        ),
        Mistake(
            "swapped",
            "Both tensors are right, but they come back as `(velocity, w)`; the task says "
            "`(w, velocity)`.",
            like=lambda w, velocity, gradient, lr, momentum: _solution(
                w, velocity, gradient, lr, momentum
            )[::-1],
        ),
        Mistake(
            "only_w",
            "Only `w` came back. The velocity has to survive until the next step: return both.",
            like=lambda w, velocity, gradient, lr, momentum: _solution(
                w, velocity, gradient, lr, momentum
            )[0],
        ),
        Mistake(
            "one_for_all",
            "`.item()` works only for a tensor of one element. The same lines work for tensors of "
            "any shape if you leave it out.",
            raises="cannot be converted to Scalar",
        ),
        Mistake(
            "changed_in_place",
            "The function wrote into the caller's `velocity` (`*=`, `+=`, `mul_` work in place). "
            "A real optimizer does so to save memory; here, return a new tensor.",
            changes="velocity",
        ),
        Mistake(
            "moved_in_place",
            "The function wrote into the caller's `w`. A real optimizer does so; here, return a "
            "new tensor.",
            changes="w",
            seen_in=lambda trial: any(
                not call.case.build()[0].equal(call.arguments[0].detach()) for call in trial.calls
            ),
        ),
    ),
    hints=(
        "Two lines: the first makes the new velocity, the second makes the new `w` with it.",
        "The new velocity is a part of the old one, `momentum` of it, plus the gradient.",
        "`velocity = momentum * velocity + gradient`, then `return w - lr * velocity, velocity`.",
    ),
)
