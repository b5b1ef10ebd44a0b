"""The predictions of chapter 02."""

from __future__ import annotations

from labkit.learn.prediction import Exact, MultipleChoice, Number

PREDICTIONS = (
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
            "6.0": ("That is the slope of `w * w`. One of the two factors looks like a constant."),
            "0.0": "Only one of the two factors was cut; the other leads to `w`.",
            "9.0": "That is the value. A cut leaves the value as it is.",
        },
    ),
)
