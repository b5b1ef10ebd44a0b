"""The predictions of chapter 01."""

from __future__ import annotations

from labkit.learn.pictures import Picture
from labkit.learn.pictures.picture import FAINT, PALETTE, Sheet
from labkit.learn.predictions import Choice, Curve, Exact, Place

_COUNT, _SIDE = 12, 44


def _strip() -> Picture:
    """Draw a storage of twelve places without what is in them."""
    sheet = Sheet()
    for place in range(_COUNT):
        sheet.box(place * _SIDE, 0, _SIDE, _SIDE, fill=PALETTE[0], opacity=0.12)
        # At the top, where the marks of the prediction and of the outcome leave it readable.
        sheet.text((place + 0.5) * _SIDE, 10, f"@{place}", size=11, anchor="middle", colour=FAINT)
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
    Curve(
        "counter",
        "What does the counter show (minus 16,777,200) while 1 is added forty times?",
        x=(1, 40),
        y=(0, 40),
        x_label="additions",
        y_label="counter - 16,777,200",
        near=0.05,
        far=0.15,
        why=(
            "Past 16,777,216 a `float32` can hold only every other whole number. Adding 1 "
            "lands halfway, is rounded back, and the counter stands still forever, without an "
            "error. So never count in `float32`, and do not be puzzled when a sum of many small "
            "numbers stops growing. (`float64` counts to 9,007,199,254,740,992.)"
        ),
        reasons={
            "falls": "It does not wrap around: that is what whole numbers such as `uint8` do.",
            "straight up": (
                "That would be a counter without limits. From 2 to the power of 24 on, 24 binary "
                "digits are too few for the ones."
            ),
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
            "From this comes the bug that hides longest: a function that changes a view changes "
            "the data of its caller."
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
        length=0,
        why=(
            "Aligned at the right, the 4 of the targets meets the 1 of the predictions. The "
            "result is a table of every prediction against every target."
        ),
        reasons={
            "(4,)": (
                "That would be four pairs. But (4, 1) has a second dimension, which meets the 4 "
                "and is stretched."
            ),
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
        "write_by_mask",
        "After `t[t > 5][0] = 99`, what is the largest number in `t`?",
        why=(
            "`t[t > 5]` is a copy: a mask can pick any elements, and no stride can describe that. "
            "So 99 was written into a copy that was gone a moment later: no error, no effect.\n\n"
            "To the left of `=` a mask does write: `t[t > 5] = 99`. But only as the *last* index. "
            "`t[t > 5][0]` first reads with the mask and then writes into what it got."
        ),
        reasons={
            "99": (
                "That would be so if `t[t > 5]` were a view. A mask can pick any elements, so it "
                "copies."
            ),
        },
    ),
    Exact(
        "mean_shape",
        "What is the shape of `scores.mean(dim=1)`?",
        length=0,
        why=(
            "The `dim` you name is the one that *disappears*: (2, 3, 4) without dimension 1 is "
            "(2, 4). The mean was taken over the 3 pupils; what is left is one number for each "
            "exam and subject. So `dim=0` of a table adds down the rows, and leaves one number per "
            "column."
        ),
        reasons={
            "(2, 1, 4)": "That is with `keepdim=True`. Without it the dimension is gone.",
            "(3,)": (
                "That keeps the dimension you name and loses the others. It is the other way round."
            ),
            "(3, 4)": "That is `dim=0`: dimensions are counted from 0.",
            "(2, 3)": "That is `dim=2` (or `dim=-1`). Dimensions are counted from 0.",
        },
    ),
    Exact(
        "at_product",
        "What is the top left number of `a @ b`?",
        why=(
            "`@` is the matrix product: row of `a` times column of `b`, added up. Top left: "
            "1 × 0 + 2 × 1 = 2. (`b` swaps the two columns of `a`.) `*` multiplies each element "
            "with its partner in the same place, and broadcasts."
        ),
        reasons={
            "0": "That is `a * b`, element by element: 1 × 0.",
            "1": "That is the top left of `a`. `b` swaps its columns.",
            "3": "That is `b @ a`: the order of the two matters.",
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
    Exact(
        "six_pairs",
        "In how many of the six pairs do NumPy and PyTorch give the same?",
        why=(
            "In none: they are two libraries with one idea in common.\n\n"
            "The *default dtype* differs, and so does *promotion*: int32 times float32 is float64 "
            "in NumPy and float32 in PyTorch. NumPy reads backwards with a negative stride; "
            "PyTorch has none, and refuses. Many large models are trained in `bfloat16`, which "
            "NumPy does not have. PyTorch takes no mean of whole numbers, as the result would be "
            "of another dtype. And `std` divides by n in NumPy, by n - 1 in PyTorch.\n\n"
            "There is more that six lines cannot show: an array is always in the CPU's memory, a "
            "tensor can be on any device."
        ),
        reasons={
            "6": "The names are the same, and so is the idea. What they give differs in each pair.",
            "5": "More than one of them differs: look at the dtypes as well.",
            "4": "More of them differ: look at the dtypes as well, and at the smallest one, `std`.",
        },
    ),
)
