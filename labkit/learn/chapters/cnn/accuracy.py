"""Exercise 4 of chapter 08: the fraction of rows whose largest logit is at the label."""

from __future__ import annotations

import ast

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake


def _hits(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=1) == labels).float()


_SIX = torch.tensor(
    [[2.0, 1, 0, 0], [0, 3, 1, 0], [1, 0, 0, 4], [5, 1, 2, 0], [0, 1, 6, 2], [9, 1, 1, 1]]
)
_FIVE = torch.tensor([[1.0, -3, -2], [0.2, 0.1, 0.4], [3, 7, 5], [0.6, -0.5, 0.3], [-4, -6, -5]])
# On a square table, a comparison along the wrong dimension raises no error.
_FOUR = torch.tensor([[0.0, 9, 1, 2], [4, 1, 8, 0], [1, 2, 3, 7], [6, 3, 2, 1]])

ACCURACY = Exercise(
    name="accuracy",
    task=(
        "Write `accuracy(logits, labels)`: the fraction of the rows whose largest logit is at the "
        "label."
    ),
    solution=lambda logits, labels: _hits(logits, labels).mean(),
    cases=(
        Case(_SIX, torch.tensor([0, 1, 3, 2, 2, 1])),
        Case(_FIVE, torch.tensor([1, 2, 0, 1, 2])),
        Case(_FOUR, torch.tensor([1, 2, 3, 2])),
    ),
    praise=(
        "No softmax needed: it keeps the order, so the largest logit is the most probable class."
    ),
    mistakes=(
        Mistake(
            "down_the_columns",
            "`argmax(dim=0)` looks down the columns: for each class, which image has most of it. "
            "You want, for each image, which class.",
            like=lambda logits, labels: (logits.argmax(dim=0) == labels).float().mean(),
        ),
        Mistake(
            "no_dimension",
            "`argmax()` without a dimension gives one place in the whole table, as if it were a "
            "single long row. Say along which dimension: one answer for each row.",
            like=lambda logits, labels: (logits.argmax() == labels).float().mean(),
        ),
        Mistake(
            "logits_compared",
            "The logits themselves were compared with the labels. A label is the *place* of the "
            "right class in its row; which place has the largest logit?",
            like=lambda logits, labels: (logits == labels).float().mean(),
        ),
        Mistake(
            "threshold",
            "A threshold of a half belongs to two classes and one probability. With several "
            "classes the largest logit decides.",
            like=(
                lambda logits, labels: ((logits > 0.5) == labels).float().mean(),
                lambda logits, labels: ((logits > 0) == labels).float().mean(),
            ),
        ),
        Mistake(
            "values_compared",
            "The largest *values* were compared with the labels. `max(dim=1)` returns values and "
            "places; a label is a place.",
            like=lambda logits, labels: (logits.max(dim=1).values == labels).float().mean(),
        ),
        Mistake(
            "max_gives_two",
            "`max(dim=1)` returns two things, the values and their places. Take `.indices`, or use "
            "`argmax(dim=1)`.",
            raises="'bool' object has no attribute",
            seen_in=lambda trial: trial.source.calls("max", "sort", "topk"),
        ),
        Mistake(
            "mean_of_booleans",
            "`==` gives booleans, and PyTorch takes no mean of these. Turn them into numbers with "
            "`.float()`.",
            raises="could not infer output dtype",
        ),
        Mistake(
            "count",
            "This is the number of right ones; divide it by the number of rows.",
            like=lambda logits, labels: _hits(logits, labels).sum(),
        ),
        Mistake(
            "percent",
            "This is in percent; the task asks for a fraction from 0 to 1.",
            like=lambda logits, labels: 100 * _hits(logits, labels).mean(),
        ),
        Mistake(
            "error_rate",
            "This is the fraction that is wrong.",
            like=lambda logits, labels: 1 - _hits(logits, labels).mean(),
        ),
        Mistake(
            "whole_division",
            "A whole-number division (`//` or `int`) rounded the fraction down to 0.",
            like=lambda logits, labels: 0.0,
            seen_in=lambda trial: trial.source.has(ast.FloorDiv) or trial.source.calls("int"),
        ),
        Mistake(
            "divided_by_classes",
            "The number of right ones was divided by the number of *classes*. Divide by the number "
            "of rows.",
            like=lambda logits, labels: _hits(logits, labels).sum() / logits.shape[1],
        ),
        Mistake(
            "smallest",
            "This finds the *smallest* logit of each row.",
            like=lambda logits, labels: (logits.argmin(dim=1) == labels).float().mean(),
        ),
        Mistake(
            "every_pair",
            "Each answer was compared with *every* label: a column of shape (n, 1) and a row of "
            "shape (n,) broadcast to a table of n × n. Leave out `keepdim`, or what else added the "
            "dimension.",
            like=lambda logits, labels: (logits.argmax(dim=1) == labels[:, None]).float().mean(),
        ),
        Mistake(
            "first_row_only",
            "Only the first row is counted. (Is the `return` inside the loop?)",
            like=lambda logits, labels: _hits(logits, labels)[0] / len(labels),
        ),
        Mistake(
            "softmax_over_rows",
            "The softmax was taken over the rows, so that logits of different images compete. It "
            "is not needed at all: `argmax(dim=1)` of the logits is enough.",
            like=lambda logits, labels: _hits(logits.softmax(dim=0), labels).mean(),
        ),
        Mistake(
            "probability_of_the_label",
            "This is the mean probability that the label gets. Accuracy counts: an answer is right "
            "or wrong, however sure it was.",
            like=lambda logits, labels: logits.softmax(dim=1).gather(1, labels[:, None]).mean(),
        ),
        Mistake(
            "loss",
            "This is the loss. Accuracy counts the rows that are right.",
            like=torch.nn.functional.cross_entropy,
        ),
        Mistake(
            "not_averaged",
            "This says for each row whether it is right. The task asks for their fraction, one "
            "number.",
            like=_hits,
        ),
    ),
    hints=(
        "For each row: at which place is the largest number?",
        "`logits.argmax(dim=1)` gives one class for each row. Compare it with the labels.",
        "Return `(logits.argmax(dim=1) == labels).float().mean().item()`.",
    ),
)
