"""The predictions of chapter 03."""

from __future__ import annotations

from labkit.learn.prediction import MultipleChoice, Number

PREDICTIONS = (
    Number(
        "loss_at_zero",
        "What is the mean squared error of w = 0, b = 0?",
        near=0.01,
        reasons={
            "4.0": "That is the mean of the errors. They are squared before they are averaged.",
            "84.0": "That is the sum of the squares; the mean divides it by four.",
            "16.0": (
                "That is the square of the mean error. Each error is squared by itself, first."
            ),
        },
    ),
    MultipleChoice(
        "four_percent_more",
        "What does a learning rate of 0.24 do, where 0.23 works?",
        reasons={
            "a": (
                "Speed rises with the rate only up to a sharp edge, and the edge lies "
                "between the two."
            ),
            "b": (
                "Beyond the edge each swing is larger than the one before, and nothing "
                "holds it back."
            ),
        },
    ),
    MultipleChoice(
        "line_at_four",
        "What does the trained layer predict at x = 4?",
        reasons={
            "a": (
                "Along the valley's floor each step is a small part of what is left, "
                "so it comes ever nearer and does not arrive."
            ),
            "c": (
                "A line fitted to points that lie on a line goes on where they end. "
                "What is off is only what the walk had not finished."
            ),
        },
    ),
    MultipleChoice(
        "scaled_columns",
        "Same rate, same steps: does scikit-learn's scaled table do as well as the "
        "standardised one?",
        reasons={
            "a": (
                "Its columns are equal in size, but tiny: with a standard deviation of 0.048 "
                "each gradient is tiny too."
            ),
            "c": (
                "Smaller inputs make smaller gradients, so each step gets less far, not further."
            ),
        },
    ),
)
