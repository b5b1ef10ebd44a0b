"""Exercise 1 of chapter 04: the binary cross-entropy from logits, also for very large ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from labkit.learn.checks import Call, Case, Exercise, Mistake, Trial, as_tensor, calls

_LOSS = "the loss"
_GRADIENT = "the gradient of the loss with respect to the logits"

_SMALL = 9.0
"""Below it, a sigmoid is not rounded to 0 or 1."""

Function = Callable[[Tensor, Tensor], Tensor]


def _case(logits: list[float], labels: list[int], shape: tuple[int, ...] = (-1,)) -> Case:
    leaf = torch.tensor(logits).reshape(shape).requires_grad_()
    return Case(leaf, torch.tensor(labels, dtype=torch.float32).reshape(shape))


def _each(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.softplus(logits) - logits * labels


def _naive(logits: Tensor, labels: Tensor) -> Tensor:
    return _of_probabilities(torch.sigmoid(logits), labels)


def _of_probabilities(p: Tensor, labels: Tensor) -> Tensor:
    return -(labels * p.log() + (1 - labels) * (1 - p).log())


def _mean_of(each: Function) -> Function:
    return lambda logits, labels: each(logits, labels).mean()


def _observe(call: Call) -> dict[str, Any]:
    loss = call.result
    seen: dict[str, Any] = {_LOSS: loss}
    if isinstance(loss, Tensor) and loss.numel() == 1 and loss.requires_grad:
        (seen[_GRADIENT],) = torch.autograd.grad(loss.sum(), call.arguments[0], allow_unused=True)
    else:
        seen[_GRADIENT] = None
    return seen


def _losses(trial: Trial) -> list[float]:
    found = [as_tensor(call.seen[_LOSS]) for call in trial.calls]
    numbers = [each.item() for each in found if each is not None]
    if len(numbers) < len(found):
        raise TypeError("something else than a number came back: no loss of any size")
    return numbers


def _right_number_without_graph(trial: Trial) -> bool:
    wanted = [expected[_LOSS].item() for expected in trial.expected]
    without = all(call.seen[_GRADIENT] is None for call in trial.calls)
    return without and all(
        math.isclose(got, want, rel_tol=1e-3, abs_tol=1e-4)
        for got, want in zip(_losses(trial), wanted, strict=True)
    )


def _fails_for_large(trial: Trial, failed: Callable[[float, float], bool]) -> bool:
    """Whether each loss is right where all logits are small, and wrong in one way elsewhere."""
    for call, got, expected in zip(trial.calls, _losses(trial), trial.expected, strict=True):
        wanted = expected[_LOSS].item()
        if call.arguments[0].abs().max() < _SMALL:
            if not math.isclose(got, wanted, rel_tol=1e-2):
                return False
        elif not failed(got, wanted):
            return False
    return True


def _is_capped(trial: Trial) -> bool:
    return _fails_for_large(trial, lambda got, wanted: got < wanted - 0.1)


def _is_not_finite(trial: Trial) -> bool:
    return _fails_for_large(trial, lambda got, wanted: not math.isfinite(got))


BCE = Exercise(
    name="bce",
    task=(
        "Write `bce(logits, labels)`: the mean binary cross-entropy, as a tensor that `backward` "
        "can start from. Both have the same shape, labels are 0.0 or 1.0. It must be right for a "
        "logit of 200 as well, with a finite gradient. Don't call PyTorch's own binary "
        "cross-entropy."
    ),
    solution=_mean_of(_each),
    cases=(
        _case([2.0, -1.0, 0.5, 3.0], [1, 0, 0, 1]),
        _case([0.2, -0.7, 1.5, -2.5, 0.1, 4.0], [0, 0, 1, 1, 1, 0], (6, 1)),
        _case([200.0, -200.0, 1.0], [0, 1, 1]),
        _case([30.0, 90.0, -150.0, -3.0, 120.0], [1, 0, 0, 1, 0]),
    ),
    observe=_observe,
    praise=(
        "Stable at any size, with a gradient that never vanishes where the model is surely wrong. "
        "This is what `binary_cross_entropy_with_logits` does for you."
    ),
    forbids=(
        calls(
            "binary_cross_entropy",
            name="library_function",
            message=(
                "That is PyTorch's own. Write it from simpler parts: `exp`, `log1p`, `clamp`, "
                "`abs`, or `F.softplus`."
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "through_the_sigmoid",
            "Right for small logits, and `inf` or `nan` for large ones. A sigmoid of 20 is already "
            "exactly 1.0 in float32 (one of 40 is in float64), so `log(1 - p)` is the logarithm of "
            "0. Never form the probability: start from the logit.",
            seen_in=lambda trial: _is_not_finite(trial) and trial.source.mentions("sigmoid"),
        ),
        Mistake(
            "exponential_overflows",
            "`exp(200)` is `inf` in float32, so `log(1 + exp(z))` is `inf` as well. The exponent "
            "must never be positive: `exp(-abs(z))` is safe.",
            like=lambda logits, labels: ((1 + logits.exp()).log() - logits * labels).mean(),
        ),
        Mistake(
            "abs_forgotten",
            "`exp(-z)` stands there without an `abs`: for a negative logit its exponent is "
            "positive, and `max(z, 0)` has not taken `z` out of that logarithm.",
            like=lambda logits, labels: (
                logits.clamp(min=0) - logits * labels + (-logits).exp().log1p()
            ).mean(),
        ),
        Mistake(
            "rest_forgotten",
            "Right where a logit is large, too small near 0: what is missing beside `max(z, 0) - "
            "z * y` is the logarithm of `1 + exp(-abs(z))`.",
            like=lambda logits, labels: (logits.clamp(min=0) - logits * labels).mean(),
        ),
        Mistake(
            "not_finite",
            "Right for small logits, and `inf` or `nan` for large ones. Either an exponential "
            "overflows, as `exp(200)` does, or a probability was rounded to exactly 0 or 1 and its "
            "logarithm is infinite. No exponent may ever be positive, and the probability is never "
            "needed.",
            seen_in=_is_not_finite,
        ),
        Mistake(
            "capped",
            "No `inf` any more, but also not the right value: for a logit of 200 on the wrong side "
            "the loss is 200. A clamp (or a small epsilon inside the logarithm) caps the loss, "
            "and where it does so the gradient is 0: the model is never corrected there.",
            seen_in=_is_capped,
        ),
        Mistake(
            "summed",
            "This is the sum over the samples. The task asks for the mean.",
            like=lambda logits, labels: _each(logits, labels).sum(),
        ),
        Mistake(
            "not_averaged",
            "This is one loss for each sample. `backward` needs a single number: take the mean.",
            seen_in=lambda trial: all(
                call.result.shape == call.arguments[0].shape for call in trial.calls
            ),
        ),
        Mistake(
            "negative",
            "The sign is turned round: this is the log-likelihood, which you would want to be "
            "large. The loss is its negative.",
            like=(
                lambda logits, labels: -_each(logits, labels).mean(),
                lambda logits, labels: -_naive(logits, labels).mean(),
            ),
        ),
        Mistake(
            "one_minus",
            "The minus sign holds for the first term only. Put round brackets around the sum of "
            "both, with the sign in front.",
            like=(
                lambda logits, labels: (
                    (1 - labels) * functional.logsigmoid(-logits)
                    - labels * functional.logsigmoid(logits)
                ).mean(),
                lambda logits, labels: (
                    (1 - labels) * (1 - torch.sigmoid(logits)).log()
                    - labels * torch.sigmoid(logits).log()
                ).mean(),
            ),
        ),
        Mistake(
            "labels_swapped",
            "The two classes are swapped: for a label of 1 the loss must fall as the logit grows.",
            like=(
                lambda logits, labels: _each(logits, 1 - labels).mean(),
                lambda logits, labels: _naive(logits, 1 - labels).mean(),
                lambda logits, labels: _each(-logits, labels).mean(),
            ),
        ),
        Mistake(
            "one_term",
            "Only the samples of class 1 count here. For a label of 0 the second term, "
            "`log(1 - p)`, has to be there too; otherwise the model learns to say 1 to everything.",
            like=(
                lambda logits, labels: -(labels * functional.logsigmoid(logits)).mean(),
                lambda logits, labels: -(labels * torch.sigmoid(logits).log()).mean(),
            ),
        ),
        Mistake(
            "sigmoid_twice",
            "A sigmoid is applied twice: the logits were squashed to between 0 and 1 first, and "
            "those values were then taken for logits.",
            like=lambda logits, labels: _each(torch.sigmoid(logits), labels).mean(),
        ),
        Mistake(
            "logits_as_probabilities",
            "The logits were used as if they were probabilities: the logarithm of a negative "
            "number is `nan`. They lie anywhere between minus and plus infinity.",
            like=_mean_of(_of_probabilities),
        ),
        Mistake(
            "squared",
            "This is the squared error of the probability. Its gradient vanishes for samples that "
            "are surely wrong, as in section 3.",
            like=lambda logits, labels: ((torch.sigmoid(logits) - labels) ** 2).mean(),
        ),
        Mistake(
            "other_base",
            "This is the logarithm to base 2 or 10. The loss is measured with the natural one.",
            like=(
                lambda logits, labels: (_each(logits, labels) / math.log(2)).mean(),
                lambda logits, labels: (_naive(logits, labels) / math.log(2)).mean(),
                lambda logits, labels: (_each(logits, labels) / math.log(10)).mean(),
                lambda logits, labels: (_naive(logits, labels) / math.log(10)).mean(),
            ),
        ),
        Mistake(
            "cut_from_the_graph",
            "The number is right, but it is cut off from the graph, so `backward` has nothing to "
            "go back through. Stay with tensors: no `item()`, `detach()`, `no_grad`, NumPy, `math` "
            "or a new `torch.tensor(...)`.",
            seen_in=_right_number_without_graph,
        ),
        Mistake(
            "math_module",
            "The functions of `math` take one number. For tensors there is `torch.log`, "
            "`torch.exp` and so on.",
            raises="only one element tensors can be converted|only length-1 arrays",
        ),
        Mistake(
            "one_truth_value",
            "Python's `max` and `if` want a single truth value. Element by element, "
            "`logits.clamp(min=0)` is the larger of the logit and 0, and `torch.where` chooses.",
            raises="Boolean value of Tensor with more than one value is ambiguous",
        ),
        Mistake(
            "max_over_a_dimension",
            "`torch.max(logits, 0)` takes the 0 for a *dimension*, and gives its largest value and "
            "where that is. The larger of each logit and 0 is `logits.clamp(min=0)`.",
            raises="return_types.max",
        ),
    ),
    hints=(
        (
            "For a label of 1 the loss is `-log(sigmoid(z))`, for a label of 0 it is "
            "`-log(1 - sigmoid(z))`. Write the second as `log(1 + exp(z))`, and the first as "
            "`log(1 + exp(z)) - z`. So the label only decides whether `z` is subtracted."
        ),
        (
            "`log(1 + exp(z))` overflows for large z. Take z out of the logarithm where it is "
            "positive: it is `max(z, 0) + log(1 + exp(-abs(z)))`. `torch.log1p(a)` is "
            "`log(1 + a)`; `F.softplus(z)` does all of it."
        ),
        (
            "Return `(logits.clamp(min=0) - logits * labels + "
            "torch.log1p(torch.exp(-logits.abs()))).mean()`."
        ),
    ),
)
