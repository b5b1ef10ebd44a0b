"""Exercise 3 of chapter 01: the differences of all pairs, without a loop."""

from __future__ import annotations

import torch

from labkit.learn.checks import Case, Exercise, Mistake, loops

ALL_DIFFERENCES = Exercise(
    name="all_differences",
    task=(
        "Write `all_differences(a, b)`: the table of all `a[i] - b[j]`, one row for each of `a`, "
        "without a loop."
    ),
    solution=lambda a, b: a[:, None] - b,
    cases=(
        Case(torch.tensor([1.0, 4, 9]), torch.tensor([2.0, 7])),
        Case(torch.tensor([1.0, 2, 4, 8]), torch.tensor([0.0, 1, -3, 5])),
        Case(torch.tensor([3.25]), torch.tensor([1.0, 2, 3, 4, 5])),
    ),
    praise=(
        "(n, 1) and (m,) broadcast to (n, m). Exercise 5 finds distances between all pairs of "
        "points the same way."
    ),
    forbids=(
        loops(
            "There is a loop in it (a comprehension is one, too). It works, and takes a step of "
            "Python for every number. Broadcasting makes the whole table in one operation.",
            sizes=(Case(torch.ones(2), torch.ones(3)), Case(torch.ones(20), torch.ones(30))),
        ),
    ),
    mistakes=(
        Mistake(
            "no_new_dimension",
            "Shapes (n,) and (m,) clash in the last dimension. One of them has to be turned into a "
            "column.",
            like=(lambda a, b: a - b, lambda a, b: a[None] - b),
        ),
        Mistake(
            "both_columns",
            "Both are columns now, (n, 1) and (m, 1), and clash along the first dimension. Only "
            "one of them may be turned.",
            like=lambda a, b: a[:, None] - b[:, None],
        ),
        Mistake(
            "transposed",
            "The numbers are right but the table is on its side: here each row belongs to one "
            "of `b`.",
            like=lambda a, b: a - b[:, None],
        ),
        Mistake(
            "sign",
            "The shape is right; the sign is that of `b - a`.",
            like=lambda a, b: b - a[:, None],
        ),
        Mistake(
            "sign_and_transposed",
            "This is the table of `b[j] - a[i]`, with one row for each of `b`.",
            like=lambda a, b: b[:, None] - a,
        ),
        Mistake(
            "absolute",
            "These are distances, without a sign. The task asks for the differences.",
            like=lambda a, b: (a[:, None] - b).abs(),
        ),
        Mistake(
            "squared",
            "These are the squares of the differences. The task asks for the differences.",
            like=lambda a, b: (a[:, None] - b) ** 2,
        ),
        Mistake(
            "whole_numbers",
            "The digits after the point were cut off. The differences of `float32` numbers are "
            "`float32`, too: leave their dtype as it is.",
            like=lambda a, b: (a[:, None] - b).long(),
        ),
        Mistake(
            "flattened",
            "The numbers are right, but in a single row: the task asks for a table of shape "
            "(n, m).",
            like=lambda a, b: (a[:, None] - b).flatten(),
        ),
        Mistake(
            "products",
            "This is the table of all *products*. (`torch.outer` multiplies.)",
            like=torch.outer,
        ),
        Mistake(
            "sums",
            "This is the table of all *sums*.",
            like=lambda a, b: a[:, None] + b,
        ),
    ),
    hints=(
        "The result has shape (3, 2). Which shapes of `a` and `b` broadcast to it?",
        "`a[:, None]` has shape (3, 1): None adds a dimension of size 1.",
        "Return `a[:, None] - b`.",
    ),
)
