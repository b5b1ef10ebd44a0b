"""The predictions of chapter 01."""

from __future__ import annotations

from labkit.learn.prediction import Exact, MultipleChoice

PREDICTIONS = (
    Exact(
        "uint8_sum",
        "What is 200 + 100 in dtype uint8?",
        reasons={
            "300": ("300 needs nine bits, and the number 100 does not change the tensor's dtype."),
            "255": ("Some image programs stop at 255. Tensors, like NumPy's arrays, wrap around."),
        },
    ),
    Exact(
        "transpose_stride",
        "What is the stride of `t.T`?",
        reasons={
            "(4, 1)": (
                "That is the stride of `t` itself. If it stayed, the two would read the same rows."
            ),
            "(3, 1)": (
                "That would be so if the numbers had been moved into a new order. They were not."
            ),
        },
        length=2,
    ),
    Exact(
        "sharing",
        "How many of the five share their storage with `t`?",
        reasons={
            "4": (
                "A list of indices always copies; and a transposed tensor has no stride "
                "that reads it flat."
            ),
            "5": (
                "A list of indices always copies; and a transposed tensor has no stride "
                "that reads it flat."
            ),
            "2": "A column is a view too: it only needs another stride.",
        },
    ),
    Exact(
        "column_minus_row",
        "What shape has (4, 1) minus (4,)?",
        reasons={
            "(4, 1)": "Shapes are aligned at their end: the 4 of (4,) meets the 1 of (4, 1).",
        },
        length=2,
    ),
    MultipleChoice(
        "two_lists",
        "What shape has `t[[0, 2], [1, 3]]`?",
        reasons={
            "a": "Two lists are read in pairs, not as rows and columns.",
            "c": "Two lists are read in pairs: (0, 1) and (2, 3). That is two elements.",
        },
    ),
    Exact(
        "bridge",
        "What is the tensor's first element at the end?",
        reasons={
            "0": "The tensor reads the array's own memory, and `+= 1` wrote into it.",
            "2": "`array = array + 1` makes a new array and gives it the old name.",
        },
    ),
)
