"""The plan of chapter 08: convolution, stride, padding, pooling, normalisation, receptive field."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.call_result import CallResult, try_out
from labkit.learn.chapters import Plan
from labkit.learn.chapters.cnn_predictions import PREDICTIONS
from labkit.learn.exercise import Exercise, Mistake

_SIZES = ((8, 3, 1, 0), (8, 3, 2, 1), (28, 5, 2, 0), (7, 2, 2, 0), (9, 3, 3, 2))


def _sizes(rule: Callable[[int, int, int, int], float]) -> Callable[[tuple[CallResult, ...]], bool]:
    expected = [rule(*case) for case in _SIZES]
    return lambda tries: [float(attempt.result) for attempt in tries] == expected


_OUTPUT_SIZE = Exercise(
    name="output_size",
    task=(
        "Write `output_size(n, kernel, stride, padding)`: the width that a convolution leaves "
        "of n pixels."
    ),
    evaluate=lambda function: tuple(try_out(function, *case) for case in _SIZES),
    is_right=_sizes(lambda n, k, s, p: (n + 2 * p - k) // s + 1),
    praise="Count the places where the kernel fits: that is all this formula does.",
    mistakes=(
        Mistake(
            "no_plus_one",
            _sizes(lambda n, k, s, p: (n + 2 * p - k) // s),
            "One too few each time: the kernel's first place counts too, before it has moved "
            "at all.",
        ),
        Mistake(
            "one_side",
            _sizes(lambda n, k, s, p: (n + p - k) // s + 1),
            "The padding was added on one side only; it is put on both.",
        ),
        Mistake(
            "no_stride",
            _sizes(lambda n, k, s, p: n + 2 * p - k + 1),
            "The stride plays no part here: with stride 2 only every other place is taken.",
        ),
        Mistake(
            "fraction",
            _sizes(lambda n, k, s, p: (n + 2 * p - k) / s + 1),
            "A place where the kernel hangs over the edge is not taken: round down, as `//` does.",
        ),
        Mistake(
            "rounded_up",
            _sizes(lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1),
            "This counts a last place where the kernel hangs over the edge. PyTorch rounds down.",
        ),
        Mistake(
            "no_padding",
            _sizes(lambda n, k, s, p: (n - k) // s + 1),
            "The padding is missing: it makes the image wider before the kernel starts.",
        ),
    ),
    hints=(
        "First without stride: in how many places does a kernel of 3 fit on a row of 8?",
        (
            "The padded row has `n + 2 * padding` pixels; the kernel can move by what is left "
            "beside it."
        ),
        "Return `(n + 2 * padding - kernel) // stride + 1`.",
    ),
)


_N_DIMENSIONS = 2  # of logits: (n, 10)


@dataclass(frozen=True)
class _Net:
    """What the check saw of a learner's network."""

    attempt: CallResult
    module: bool = False
    logits: Tensor | None = None
    raised: str = ""
    n_parameters: int = 0
    has_convolution: bool = False
    is_linear: bool = False


def _evaluate_net(function: Callable[[], Any]) -> _Net:
    attempt = try_out(function)
    net = attempt.result
    if not isinstance(net, nn.Module):
        return _Net(attempt)
    generator = torch.Generator().manual_seed(4)
    one, other = torch.rand(2, 5, 1, 8, 8, generator=generator)  # each (5, 1, 8, 8)
    net.eval()
    try:
        with torch.no_grad():
            logits = net(one)
            nothing = net(torch.zeros_like(one))
            added = net(one + other) - logits - net(other) + nothing
    except Exception as error:  # noqa: BLE001 - a learner's network may raise anything
        return _Net(attempt, module=True, raised=str(error))
    return _Net(
        attempt,
        module=True,
        logits=logits,
        n_parameters=sum(parameter.numel() for parameter in net.parameters()),
        has_convolution=any(isinstance(part, nn.Conv2d) for part in net.modules()),
        is_linear=bool(added.abs().max() < 1e-5),
    )


def _net_is_right(net: _Net) -> bool:
    return (
        net.logits is not None
        and net.logits.shape == (5, 10)
        and net.n_parameters <= 3000
        and net.has_convolution
        and not net.is_linear
        and not _sums_to_one(net)
        and not _is_log_softmax(net)
    )


def _sums_to_one(net: _Net) -> bool:
    if net.logits is None or net.logits.dim() != _N_DIMENSIONS:
        return False
    return bool((net.logits >= 0).all()) and torch.allclose(net.logits.sum(1), torch.ones(5))


def _is_log_softmax(net: _Net) -> bool:
    if net.logits is None or net.logits.dim() != _N_DIMENSIONS:
        return False
    return torch.allclose(net.logits.logsumexp(1), torch.zeros(5), atol=1e-5)


_SMALL_NET = Exercise(
    name="small_net",
    task=(
        "Write `small_net()`: a CNN from (n, 1, 8, 8) to ten logits, with at most 3,000 parameters."
    ),
    evaluate=_evaluate_net,
    is_right=_net_is_right,
    praise="Your own CNN. Put it in place of the chapter's model and watch it train.",
    mistakes=(
        Mistake(
            "not_built",
            lambda net: isinstance(net.attempt.result, (type, tuple | list)),
            "This returns the parts, or a class, not a model. Wrap the layers in "
            "`nn.Sequential(...)`.",
        ),
        Mistake(
            "flatten_missing",
            lambda net: net.logits is not None and net.logits.dim() == 4,
            "The output still has height and width. Flatten it before the last `nn.Linear`.",
        ),
        Mistake(
            "linear_does_not_fit",
            lambda net: "mat1 and mat2" in net.raised,
            "A `nn.Linear` expects another number of inputs than it gets: after flattening "
            "there are "
            "channels x height x width of them. Padding and pooling decide the height.",
        ),
        Mistake(
            "channels_do_not_fit",
            lambda net: "channels" in net.raised,
            "A convolution expects another number of channels than the layer before it gives. "
            "The image has one.",
        ),
        Mistake(
            "softmax_inside",
            _sums_to_one,
            "The outputs are probabilities: `cross_entropy` takes a softmax itself, so there would "
            "be two. Training still runs, but its gradients are small and the loss cannot get "
            "near 0.",
        ),
        Mistake(
            "log_softmax_inside",
            _is_log_softmax,
            "There is a log-softmax at the end. `cross_entropy` takes one itself; a second "
            "changes nothing "
            "and hides that these are no logits.",
        ),
        Mistake(
            "not_ten",
            lambda net: net.logits is not None and net.logits.shape != (5, 10),
            "The output does not have ten numbers for each image: one for each digit, 0 to 9.",
        ),
        Mistake(
            "no_convolution",
            lambda net: not net.has_convolution,
            "There is no `nn.Conv2d` in it.",
        ),
        Mistake(
            "no_nonlinearity",
            lambda net: net.is_linear,
            "Between its layers there is nothing but sums: such a stack is one linear layer, "
            "however deep. Add `nn.ReLU()`.",
        ),
        Mistake(
            "too_large",
            lambda net: net.n_parameters > 3000,
            "It works, but has more than 3,000 parameters. Most of them sit in the "
            "`nn.Linear`: pool "
            "once more, or take fewer channels.",
        ),
    ),
    hints=(
        (
            "Convolution, ReLU, pooling; once or twice; then flatten and one linear layer. What is "
            "left of 8 x 8 after pooling twice?"
        ),
        "Two poolings leave 2 x 2. With 16 channels that is 64 inputs to the last layer.",
        (
            "`nn.Conv2d(1, 8, 3, padding=1)`, `nn.ReLU()`, `nn.MaxPool2d(2)`, `nn.Conv2d(8, 16, 3, "
            "padding=1)`, `nn.ReLU()`, "
            "`nn.MaxPool2d(2)`, `nn.Flatten()`, `nn.Linear(64, 10)`, all in `nn.Sequential(...)`."
        ),
    ),
)

_LOGITS = torch.tensor(
    [[2.0, 1, 0, 0], [0, 3, 1, 0], [1, 0, 0, 4], [5, 1, 2, 0], [0, 1, 6, 2], [9, 1, 1, 1]]
)
_LABELS = torch.tensor([0, 1, 3, 2, 2, 1])


def _number(expected: float) -> Callable[[CallResult], bool]:
    return lambda attempt: abs(float(attempt.result) - expected) < 1e-4


_ACCURACY = Exercise(
    name="accuracy",
    task=(
        "Write `accuracy(logits, labels)`: the fraction of the rows whose largest logit is at "
        "the label."
    ),
    evaluate=lambda function: try_out(function, _LOGITS, _LABELS),
    is_right=_number(4 / 6),
    praise=(
        "No softmax needed: it keeps the order, so the largest logit is the most probable class."
    ),
    mistakes=(
        Mistake(
            "down_the_columns",
            lambda attempt: "must match" in str(attempt.error),
            "`argmax(dim=0)` looks down the columns: for each class, which image has most of it. "
            "You want, for each image, which class.",
        ),
        Mistake(
            "mean_of_booleans",
            lambda attempt: "could not infer output dtype" in str(attempt.error),
            "`==` gives booleans, and PyTorch takes no mean of these. Turn them into numbers "
            "with `.float()`.",
        ),
        Mistake(
            "count",
            _number(4),
            "This is the number of right ones; divide it by the number of rows.",
        ),
        Mistake(
            "percent",
            _number(400 / 6),
            "This is in percent; a fraction from 0 to 1 was asked for.",
        ),
        Mistake(
            "error_rate",
            _number(2 / 6),
            "This is the fraction that is wrong.",
        ),
        Mistake(
            "whole_division",
            _number(0),
            "A whole-number division (`//` or `int`) rounded the fraction down to 0, or values "
            "were compared with labels.",
        ),
    ),
    hints=(
        "For each row: at which place is the largest number?",
        "`logits.argmax(dim=1)` gives one class for each row. Compare it with the labels.",
        "Return `(logits.argmax(dim=1) == labels).float().mean().item()`.",
    ),
)


class _CallRecordingModel(nn.Module):
    """A model that records the mode of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[bool, bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        """Record the mode and return logits with class 1 for every row."""
        self.calls.append((self.training, torch.is_grad_enabled()))
        return torch.tensor([0.0, 1.0]).expand(len(x), 2).clone().requires_grad_()


def _evaluate_evaluation(function: Callable[..., Any]) -> CallResult:
    return try_out(
        function, _CallRecordingModel().train(), torch.zeros(4, 1), torch.tensor([1, 1, 1, 0])
    )


def _call(attempt: CallResult) -> tuple[bool, bool]:
    """Whether the first forward pass was in training mode, and whether it kept a graph."""
    return attempt.arguments[0].calls[0]  # type: ignore[no-any-return]


_EVALUATE = Exercise(
    name="evaluate",
    task=(
        "Write `evaluate(model, x, y)`: the accuracy in eval mode, without a graph; afterwards "
        "back to train mode."
    ),
    evaluate=_evaluate_evaluation,
    is_right=lambda attempt: (
        _call(attempt) == (False, False)
        and attempt.arguments[0].training
        and _number(0.75)(attempt)
    ),
    praise="Eval mode for the layers, `no_grad` for autograd, and the model handed back as it was.",
    mistakes=(
        Mistake(
            "never_called",
            lambda attempt: attempt.error is None and not attempt.arguments[0].calls,
            "The model was never called.",
        ),
        Mistake(
            "in_train_mode",
            lambda attempt: _call(attempt)[0],
            "The model was in training mode: BatchNorm would use this batch's own statistics, "
            "and take "
            "the test data into its running means; Dropout would go on dropping.",
        ),
        Mistake(
            "with_graph",
            lambda attempt: _call(attempt)[1],
            "A graph was built for a backward pass that never comes: `eval()` does not prevent "
            "that, "
            "`torch.no_grad()` does.",
        ),
        Mistake(
            "left_in_eval",
            lambda attempt: not attempt.arguments[0].training,
            "The model was left in eval mode: the next epoch would train with frozen BatchNorm "
            "and no Dropout.",
        ),
        Mistake(
            "not_a_fraction",
            lambda attempt: not _number(0.75)(attempt),
            "The modes are right; the number is not the fraction of right rows.",
        ),
    ),
    hints=(
        (
            "Two switches are needed: one for the layers, one for autograd. Which layers behave "
            "otherwise in training?"
        ),
        "`model.eval()` before, `with torch.no_grad():` around the call, `model.train()` after.",
        (
            "In the `with` block: `hits = model(x).argmax(dim=1) == y`. After it `model.train()`, "
            "then return `hits.float().mean().item()`."
        ),
    ),
)

PLAN = Plan(
    title="Convolutional networks",
    predictions=PREDICTIONS,
    exercises=(_OUTPUT_SIZE, _SMALL_NET, _ACCURACY, _EVALUATE),
)
