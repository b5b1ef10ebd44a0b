"""Exercise 2 of chapter 07: one step of Adam."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, calls, close

_Three = tuple[Tensor, Tensor, Tensor]


def _step(
    w: Tensor,
    gradient: Tensor,
    first: Tensor,
    second: Tensor,
    step: int,
    lr: float,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    corrects: tuple[bool, bool] = (True, True),
    shift: int = 0,
    root: Callable[[Tensor], Tensor] = lambda second: second.sqrt() + 1e-8,
    square: Callable[[Tensor], Tensor] = torch.square,
    stores_corrected: bool = False,
    correction: Callable[[float, int], float] = lambda beta, step: 1 - beta**step,
) -> _Three:
    """Make a step as the task says, or with the slip that is asked for."""
    first = betas[0] * first + (1 - betas[0]) * gradient
    second = betas[1] * second + (1 - betas[1]) * square(gradient)
    count = step + shift
    first_hat = first / correction(betas[0], count) if corrects[0] else first
    second_hat = second / correction(betas[1], count) if corrects[1] else second
    w = w - lr * first_hat / root(second_hat)
    return (w, first_hat, second_hat) if stores_corrected else (w, first, second)


def _solution(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    return _step(w, gradient, first, second, step, lr)


def _old_moments(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    new_w = w - lr * (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    _, new_first, new_second = _solution(w, gradient, first, second, step, lr)
    return new_w, new_first, new_second


def _shortcut(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    _, first, second = _solution(w, gradient, first, second, step, lr)
    rate = lr * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
    return w - rate * first / (second.sqrt() + 1e-8), first, second


def _weights_swapped(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    first, second = 0.1 * first + 0.9 * gradient, 0.001 * second + 0.999 * gradient**2
    ratio = (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    return w - lr * ratio, first, second


def _sums(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    first = 0.9 * first + gradient
    second = 0.999 * second + gradient**2
    step_of_w = (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    return w - lr * step_of_w, first, second


def _rmsprop(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    _, new_first, new_second = _solution(w, gradient, first, second, step, lr)
    root = (new_second / (1 - 0.999**step)).sqrt() + 1e-8
    return w - lr * gradient / root, new_first, new_second


def _one_correction(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    _, first, second = _solution(w, gradient, first, second, step, lr)
    correction = 1 - 0.9**step
    return w - lr * (first / correction) / ((second / correction).sqrt() + 1e-8), first, second


def _square_of_the_mean(
    w: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int, lr: float
) -> _Three:
    first = 0.9 * first + 0.1 * gradient
    second = 0.999 * second + 0.001 * first**2
    ratio = (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    return w - lr * ratio, first, second


ADAM_STEP = Exercise(
    name="adam_step",
    task=(
        "Write `adam_step(w, gradient, first, second, step, lr)`: one step of Adam with betas 0.9 "
        "and 0.999 and an epsilon of 1e-8; `step` counts from 1. Return the new "
        "`(w, first, second)`."
    ),
    solution=_solution,
    cases=(
        Case(
            torch.tensor([1.0, -2.0, 0.5]),
            torch.tensor([0.5, -20.0, 2e-8]),
            torch.zeros(3),
            torch.zeros(3),
            1,
            0.1,
        ),
        Case(
            torch.tensor([[0.0, 1.0], [2.0, 3.0]]),
            torch.tensor([[1.0, -0.5], [0.0, 2.0]]),
            torch.tensor([[0.4, 0.1], [0.0, -1.0]]),
            torch.tensor([[0.3, 0.02], [0.0, 0.5]]),
            7,
            0.05,
        ),
        Case(
            torch.tensor(4.0),
            torch.tensor(-3.0),
            torch.tensor(0.2),
            torch.tensor(1.5),
            400,
            0.5,
        ),
    ),
    same=close(atol=2e-5),
    praise=(
        "Two running means, each divided by what it still lacks, and a step of mean over root. "
        "At step 1 that is the gradient over its own size: a step of exactly one rate, whatever "
        "the gradient."
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
            "not_corrected",
            "The bias correction is missing. Both means start at 0, and early on they are far too "
            "small: the first mean by a factor of 10, the root of the second by about 30, so that "
            "the first steps are three times too long.",
            like=partial(_step, corrects=(False, False)),
        ),
        Mistake(
            "second_not_corrected",
            "Only the first mean was corrected. The second starts at 0 too: divide it by "
            "`1 - 0.999 ** step`, or the first step is more than 30 rates long.",
            like=partial(_step, corrects=(True, False)),
        ),
        Mistake(
            "first_not_corrected",
            "Only the second mean was corrected. The first starts at 0 too: divide it by "
            "`1 - 0.9 ** step`.",
            like=partial(_step, corrects=(False, True)),
        ),
        Mistake(
            "corrected_returned",
            "The step is right, but the *corrected* means came back. They are for this step only: "
            "if the next step builds on them, they are corrected twice. Return the plain ones.",
            like=partial(_step, stores_corrected=True),
        ),
        Mistake(
            "multiplied",
            "The correction *multiplies* by `1 - beta ** step`, which makes the means smaller "
            "still. Divide.",
            like=partial(_step, correction=lambda beta, step: 1 / (1 - beta**step)),
        ),
        Mistake(
            "step_left_out",
            "The correction divides by `1 - beta` at every step. It fades with time: "
            "`1 - beta ** step`.",
            like=partial(_step, correction=lambda beta, step: 1 - beta),
        ),
        Mistake(
            "one_correction_for_both",
            "Both means were corrected with 0.9. The second one has a beta of 0.999, and its own "
            "correction: `1 - 0.999 ** step`.",
            like=_one_correction,
        ),
        Mistake(
            "power_of_the_difference",
            "The power belongs to the beta alone: `1 - beta ** step`, not `(1 - beta) ** step`.",
            like=partial(_step, correction=lambda beta, step: (1 - beta) ** step),
        ),
        Mistake(
            "epsilon_scaled",
            "Both corrections were moved into the rate, as a shortcut in the paper has it. Then "
            "the epsilon is added to the *uncorrected* root, and counts up to 30 times as much. "
            "Correct the second mean first, take its root, and add the epsilon to that.",
            like=_shortcut,
        ),
        Mistake(
            "other_beta",
            "The second mean has another beta. It is 0.999 in the task, so that it looks back over "
            "a thousand steps.",
            like=(partial(_step, betas=(0.9, 0.9)), partial(_step, betas=(0.9, 0.99))),
        ),
        Mistake(
            "old_and_new_swapped",
            "The factors of a running mean have changed places: 0.9 belongs to the old mean, and "
            "0.1 to the new gradient.",
            like=_weights_swapped,
        ),
        Mistake(
            "rate_forgotten",
            "`lr` plays no part in the step.",
            like=lambda w, gradient, first, second, step, lr: _step(
                w, gradient, first, second, step, 1.0
            ),
        ),
        Mistake(
            "other_order",
            "All three are right, but they come back in another order; the task says `(w, first, "
            "second)`.",
            like=(
                lambda *given: tuple(_solution(*given)[place] for place in (1, 2, 0)),
                lambda *given: tuple(_solution(*given)[place] for place in (0, 2, 1)),
            ),
        ),
        Mistake(
            "no_root",
            "The step divides by the second mean itself, not by its square root. Then a gradient "
            "ten times as large makes a step a *tenth* as long.",
            like=partial(_step, root=lambda second: second + 1e-8),
        ),
        Mistake(
            "epsilon_inside",
            "The epsilon stands inside the root, where it counts as 1e-4. Add it after the root: "
            "it only keeps the division away from 0.",
            like=partial(_step, root=lambda second: (second + 1e-8).sqrt()),
        ),
        Mistake(
            "epsilon_forgotten",
            "Where the gradient has always been 0 this divides 0 by 0, and the weight becomes NaN. "
            "The epsilon is there for that; it is missing, or outside the brackets.",
            like=partial(_step, root=torch.sqrt),
        ),
        Mistake(
            "square_of_the_mean",
            "The second mean takes in the square of the *first mean*. It is a mean of the squared "
            "gradient.",
            like=_square_of_the_mean,
        ),
        Mistake(
            "not_squared",
            "The second mean is one of the *squared* gradient; here the gradient itself went in.",
            like=partial(_step, square=lambda gradient: gradient),
        ),
        Mistake(
            "absolute",
            "The second mean is one of the *squared* gradient; here its absolute value went in.",
            like=partial(_step, square=torch.abs),
        ),
        Mistake(
            "betas_swapped",
            "The two betas are the wrong way round: 0.9 belongs to the first mean, 0.999 to the "
            "second.",
            like=partial(_step, betas=(0.999, 0.9)),
        ),
        Mistake(
            "sums",
            "The new gradient goes in whole here. In a running mean it counts `1 - beta`.",
            like=_sums,
        ),
        Mistake(
            "counts_from_zero",
            "The correction uses `step + 1`, but `step` counts from 1 already.",
            like=partial(_step, shift=1),
        ),
        Mistake(
            "step_minus_one",
            "The correction uses `step - 1`. At the first step that divides by 0: `step` counts "
            "from 1 already.",
            like=partial(_step, shift=-1),
        ),
        Mistake(
            "no_first_mean",
            "The step follows the gradient of this batch alone. That is RMSprop with a correction; "
            "in Adam the first mean stands above the root.",
            like=_rmsprop,
        ),
        Mistake(
            "old_moments",
            "The step was made with the means from before. Update them first.",
            like=_old_moments,
        ),
        Mistake(
            "not_moved",
            "Both means are right, but `w` came back as it went in. A line such as `w - lr * ...` "
            "alone computes a new value and changes nothing: give it a name, and return it.",
            like=lambda w, *rest: (w, *_solution(w, *rest)[1:]),
        ),
        Mistake(
            "means_not_kept",
            "The step is right, but the two means came back as they went in: the next step would "
            "know nothing of this gradient. Return the new ones.",
            like=lambda w, gradient, first, second, step, lr: (
                _solution(w, gradient, first, second, step, lr)[0],
                first,
                second,
            ),
        ),
        Mistake(
            "uphill",
            "`w` moved uphill: subtract.",
            like=lambda w, gradient, first, second, step, lr: _step(
                w, gradient, first, second, step, -lr
            ),
        ),
        Mistake(
            "only_w",
            "Only `w` came back. Without its two means the next step starts from nothing: return "
            "`(w, first, second)`.",
            like=lambda w, gradient, first, second, step, lr: _solution(
                w, gradient, first, second, step, lr
            )[0],
        ),
    ),
    hints=(
        "Four stages: update both running means, correct both, divide, step.",
        (
            "A running mean is `beta * old + (1 - beta) * new`; what is new is the gradient for "
            "the first mean, and its square for the second. The correction divides by "
            "`1 - beta ** step`."
        ),
        (
            "`first = 0.9 * first + 0.1 * gradient`, `second = 0.999 * second + 0.001 * "
            "gradient**2`; then `w - lr * (first / (1 - 0.9**step)) / "
            "((second / (1 - 0.999**step)).sqrt() + 1e-8)`."
        ),
    ),
)
