"""Exercise 5 of chapter 07: one step of Lion, an optimizer that knows signs only."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, calls

_Pair = tuple[Tensor, Tensor]


def _step(
    w: Tensor,
    gradient: Tensor,
    memory: Tensor,
    lr: float,
    *,
    blend: float = 0.9,
    fade: float = 0.99,
    signed: bool = True,
) -> _Pair:
    """Make a step as the task says, or with the slip that is asked for."""
    direction = blend * memory + (1 - blend) * gradient
    if signed:
        direction = direction.sign()
    return w - lr * direction, fade * memory + (1 - fade) * gradient


def _solution(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    return _step(w, gradient, memory, lr)


def _memory_first(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    memory = 0.99 * memory + 0.01 * gradient
    return w - lr * (0.9 * memory + 0.1 * gradient).sign(), memory


def _signs_apart(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    _, new_memory = _solution(w, gradient, memory, lr)
    return w - lr * (0.9 * memory.sign() + 0.1 * gradient.sign()), new_memory


def _sign_kept(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    new_w, _ = _solution(w, gradient, memory, lr)
    return new_w, 0.99 * memory + 0.01 * gradient.sign()


def _never_kept(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    return _solution(w, gradient, memory, lr)[0], memory


def _sums(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    return w - lr * (0.9 * memory + gradient).sign(), 0.99 * memory + gradient


def _over_its_size(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    blend = 0.9 * memory + 0.1 * gradient
    return w - lr * blend / blend.abs(), _solution(w, gradient, memory, lr)[1]


def _two_signs(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    up = 0.9 * memory + 0.1 * gradient > 0
    return torch.where(up, w - lr, w + lr), _solution(w, gradient, memory, lr)[1]


def _two_signs_or_equal(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    up = 0.9 * memory + 0.1 * gradient >= 0
    return torch.where(up, w - lr, w + lr), _solution(w, gradient, memory, lr)[1]


def _normed(w: Tensor, gradient: Tensor, memory: Tensor, lr: float) -> _Pair:
    direction = 0.9 * memory + 0.1 * gradient
    _, new_memory = _solution(w, gradient, memory, lr)
    return w - lr * direction / direction.norm(), new_memory


LION_STEP = Exercise(
    name="lion_step",
    task=(
        "Write `lion_step(w, gradient, memory, lr)`. The direction is the *sign* of 0.9 × memory + "
        "0.1 × gradient, and `w` goes `lr` against it. The new memory is 0.99 × memory + 0.01 × "
        "gradient. Return the new `(w, memory)`."
    ),
    solution=_solution,
    cases=(
        Case(torch.tensor([1.0, -2.0, 0.5]), torch.tensor([3.0, -0.01, 0.0]), torch.zeros(3), 0.1),
        Case(
            torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
            torch.tensor([[5.0, -0.5, 4.0], [-8.5, 0.2, -0.6]]),
            torch.tensor([[-0.4, 0.3, -2.0], [1.0, -0.1, 6.0]]),
            0.01,
        ),
        Case(torch.tensor(4.0), torch.tensor(-95.0), torch.tensor(10.0), 0.5),
        Case(torch.zeros(2), torch.tensor([-1.0, 1.0]), torch.tensor([3.0, -0.5]), 0.2),
    ),
    praise=(
        "An optimizer with one state per weight, half of Adam's memory, whose every step has the "
        "same length in every direction. Now let it race: the next cell makes a real "
        "`torch.optim.Optimizer` of your function."
    ),
    forbids=(
        calls(
            "_fused",
            modules=("torch.optim",),
            name="optimizer_used",
            message="This lets `torch.optim` do the step. Here you write its lines yourself.",
        ),
    ),
    mistakes=(
        Mistake(
            "sign_forgotten",
            "The direction has the right signs, but also its size. Lion takes the sign alone, so "
            "that every weight moves by exactly `lr`.",
            like=partial(_step, signed=False),
        ),
        Mistake(
            "signs_apart",
            "The signs were taken first and blended afterwards. Blend first, and then take one "
            "sign: a large gradient may outvote a small memory.",
            like=_signs_apart,
        ),
        Mistake(
            "memory_first",
            "The memory was updated before the step, so the gradient counts twice. The direction "
            "uses the *old* memory.",
            like=_memory_first,
        ),
        Mistake(
            "factors_swapped",
            "The two factors are the wrong way round: 0.9 in the direction, 0.99 in the memory.",
            like=partial(_step, blend=0.99, fade=0.9),
        ),
        Mistake(
            "one_factor",
            "The memory counts 0.99 in the direction here. There it counts 0.9; 0.99 is how slowly "
            "it fades.",
            like=partial(_step, blend=0.99),
        ),
        Mistake(
            "old_and_new_swapped",
            "In the direction the factors have changed places: the memory counts 0.9, and the new "
            "gradient 0.1.",
            like=partial(_step, blend=0.1),
        ),
        Mistake(
            "memory_of_one_step",
            "The step is right, but the memory is nearly the last gradient alone: 0.99 belongs to "
            "the old memory, and 0.01 to the gradient.",
            like=partial(_step, fade=0.01),
        ),
        Mistake(
            "sums",
            "The gradient goes in whole here. Its factor is 0.1 in the direction, and 0.01 in the "
            "memory.",
            like=_sums,
        ),
        Mistake(
            "rate_forgotten",
            "`lr` plays no part in the step: every weight moves by 1.",
            like=lambda w, gradient, memory, lr: _step(w, gradient, memory, 1.0),
        ),
        Mistake(
            "divided_by_itself",
            "A number divided by its own size is its sign, except for 0, where it is NaN: a weight "
            "without a gradient would be lost. `sign` gives 0 there.",
            like=_over_its_size,
        ),
        Mistake(
            "no_zero",
            "Where the blend is exactly 0 the weight moves here. Its sign is 0, so it should stay.",
            like=(_two_signs, _two_signs_or_equal),
        ),
        Mistake(
            "blend_kept",
            "The step is right, but what came back as memory is the blend, with 0.9 and 0.1. The "
            "memory is a mean of its own, which fades more slowly: 0.99 and 0.01.",
            like=partial(_step, fade=0.9),
        ),
        Mistake(
            "sign_kept",
            "The step is right, but the memory took in the sign of the gradient. It takes in the "
            "gradient itself.",
            like=_sign_kept,
        ),
        Mistake(
            "memory_not_updated",
            "The step is right, but the old memory came back: it never learns anything.",
            like=_never_kept,
        ),
        Mistake(
            "no_memory",
            "The direction is the sign of the gradient alone; the memory has no say in it.",
            like=partial(_step, blend=0.0),
        ),
        Mistake(
            "only_the_memory",
            "The direction is the sign of the memory alone; at the first step that is 0, and "
            "nothing moves. The gradient counts 0.1.",
            like=partial(_step, blend=1.0),
        ),
        Mistake(
            "normed",
            "The direction was divided by its length as a whole, so that large entries still count "
            "more. The sign treats every weight alike.",
            like=_normed,
        ),
        Mistake(
            "not_moved",
            "The memory is right, but `w` came back as it went in. `w - lr * direction` alone "
            "computes a new value and changes nothing: return it, or give it a name.",
            like=lambda w, *rest: (w, _solution(w, *rest)[1]),
        ),
        Mistake(
            "uphill",
            "`w` moved uphill: subtract.",
            like=lambda w, gradient, memory, lr: _step(w, gradient, memory, -lr),
        ),
        Mistake(
            "swapped",
            "Both tensors are right, but they come back as `(memory, w)`; the task says "
            "`(w, memory)`.",
            like=lambda w, gradient, memory, lr: _solution(w, gradient, memory, lr)[::-1],
        ),
        Mistake(
            "only_w",
            "Only `w` came back. The memory has to survive until the next step: return both.",
            like=lambda w, gradient, memory, lr: _solution(w, gradient, memory, lr)[0],
        ),
    ),
    hints=(
        "Two lines: one for the direction, which uses the old memory, and one for the new memory.",
        "`torch.sign(...)`, or `.sign()` on the blend of memory and gradient.",
        (
            "`direction = (0.9 * memory + 0.1 * gradient).sign()`; return `w - lr * direction` and "
            "`0.99 * memory + 0.01 * gradient`."
        ),
    ),
)
