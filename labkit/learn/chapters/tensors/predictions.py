"""The predictions of chapter 01."""

from __future__ import annotations

from labkit.learn.pictures import Picture
from labkit.learn.pictures.picture import FAINT, PALETTE, Sheet
from labkit.learn.predictions import Choice, Exact, Place

_COUNT, _SIDE = 12, 44


def _strip() -> Picture:
    """Draw a storage of twelve places without what is in them."""
    sheet = Sheet()
    for place in range(_COUNT):
        sheet.box(place * _SIDE, 0, _SIDE, _SIDE, fill=PALETTE[0], opacity=0.12)
        sheet.text((place + 0.5) * _SIDE, _SIDE / 2 + 5, f"@{place}", anchor="middle", colour=FAINT)
    return sheet.finish("a storage of twelve places, from 0 to 11", margin=0)


PREDICTIONS = (
    Exact(
        "uint8_sum",
        "A `uint8` pixel holds 200. You brighten it by 100. Which number does the pixel hold now?",
        why=(
            "The bare number 100 does not change the tensor's dtype, and 300 does not fit into a "
            "byte. The count wraps around after 255, like a mileage counter: 300 - 256 = 44. The "
            "bright pixel became a dark one, without an error. The cure is to change the dtype "
            "first: `pixel.float() + 100`."
        ),
        reasons={
            "300": "300 needs nine bits, and the number 100 does not change the tensor's dtype.",
            "255": "Some image programs stop at 255. Tensors, like NumPy's arrays, wrap around.",
        },
    ),
    Exact(
        "transpose_stride",
        "What is the stride of `t.T`?",
        length=2,
        why=(
            "Not one number was moved: both tensors read the same strip. `t.T` only swapped the "
            "two jumps. That is why transposing a tensor of a billion numbers takes no time at all."
        ),
        reasons={
            "(4, 1)": "That is the stride of `t` itself. With it, both would read the same rows.",
            "(3, 1)": (
                "That would be so if the numbers had been moved into a new order. They were not."
            ),
        },
    ),
    Place(
        "place_in_strip",
        "`t.T` has stride (1, 4). Which place of the strip does `t.T[1, 2]` read? Click it.",
        picture=_strip,
        x=(-0.5, _COUNT - 0.5),
        y=(0.5, -0.5),
        cells=True,
        names=("place", ""),
        why=(
            "Index times stride, added up: 1 × 1 + 2 × 4 = 9. It is the same number that `t[2, 1]` "
            "reads: 2 × 4 + 1 × 1. Two tensors, two recipes, one place."
        ),
        reasons={
            "(6, 0)": "That is `t[1, 2]`: 1 × 4 + 2 × 1. `t.T` has its jumps the other way round.",
            "(5, 0)": "That is one jump of each kind: `t.T[1, 1]`. The 2 means two jumps of 4.",
            "(7, 0)": "That is `t[1, 3]`. Multiply each index by its own jump, 1 and 4.",
        },
    ),
    Exact(
        "sharing",
        "How many of the five share their storage with `t`?",
        why=(
            "Whatever can be described by a shape, a stride and an offset becomes a view. A list "
            "of indices can be anything (rows 0, 2, 2, 1), and no stride can say that: it copies. "
            "`t.T` laid flat has no stride either: `reshape` copies without a word.\n\n"
            "This leads to the bug that hides longest: a function that changes a view changes its "
            "caller's data."
        ),
        reasons={
            "5": (
                "A list of indices always copies; and a transposed tensor has no stride that "
                "reads it flat."
            ),
            "4": (
                "Two of them copy: a list of indices always does, and a transposed tensor has no "
                "stride that reads it flat."
            ),
            "2": "A column is a view too: it only needs another stride.",
        },
    ),
    Exact(
        "column_minus_row",
        "What is the shape of (4, 1) minus (4,)?",
        length=2,
        why=(
            "Aligned at the right, the 4 of the targets meets the 1 of the predictions. The "
            "result is a table of every prediction against every target."
        ),
        reasons={
            "(4, 1)": "Shapes are aligned at their end: the 4 of (4,) meets the 1 of (4, 1).",
        },
    ),
    Choice(
        "two_lists",
        "What is the shape of `t[[0, 2], [1, 3]]`?",
        options={
            "a": "(2, 2): rows 0 and 2 crossed with columns 1 and 3",
            "b": "(2,)",
            "c": "(4,): the same elements laid flat",
        },
        why=(
            "Lists of indices are read in pairs: (0, 1) and (2, 3). It looks odd here and is just "
            "what a classifier needs: row by row, the score of the right class.\n\n"
            "For rows crossed with columns, make the first list a column: then the two "
            "*broadcast* to (2, 2), by the rule of section 4."
        ),
        reasons={
            "a": "Two lists are read in pairs, not as rows and columns.",
            "c": "Two lists are read in pairs: (0, 1) and (2, 3). That is two elements.",
        },
    ),
    Exact(
        "bridge",
        "What is the tensor's first element at the end?",
        why=(
            "`+=` writes into the memory that both share. `array = array + 1` makes a *new* array "
            "and gives it the old name; the tensor still reads the old memory."
        ),
        reasons={
            "0": "The tensor reads the array's own memory, and `+= 1` wrote into it.",
            "2": "`array = array + 1` makes a new array and gives it the old name.",
        },
    ),
)
