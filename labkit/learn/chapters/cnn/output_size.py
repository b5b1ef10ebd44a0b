"""Exercise 1 of chapter 08: the width of the map that a convolution leaves."""

from __future__ import annotations

import math

from labkit.learn.checks import Case, Exercise, Mistake, whole

_FORMULA_CASES = (
    (8, 3, 1, 0),
    (8, 3, 2, 1),
    (28, 5, 2, 0),
    (7, 2, 2, 0),
    (9, 3, 3, 2),
    # The kernel's last place ends at the border, so that `+ 1` inside the division is too late.
    (9, 3, 2, 0),
    (13, 5, 4, 3),
)

OUTPUT_SIZE = Exercise(
    name="output_size",
    task=(
        "Write `output_size(n, kernel, stride, padding)`: how wide is the map that a convolution "
        "makes of a row of `n` pixels?"
    ),
    solution=lambda n, kernel, stride, padding: (n + 2 * padding - kernel) // stride + 1,
    cases=tuple(Case(*case) for case in _FORMULA_CASES),
    praise="Count the places where the kernel fits: that is all this formula does.",
    mistakes=(
        Mistake(
            "no_plus_one",
            "One too few each time: the kernel's first place counts too, before it has moved at "
            "all.",
            like=lambda n, kernel, stride, padding: (n + 2 * padding - kernel) // stride,
        ),
        Mistake(
            "plus_one_too_early",
            "The 1 is inside the division. The kernel *moves* as often as the stride fits into "
            "what is left beside it; its first place is added to that count afterwards.",
            like=lambda n, kernel, stride, padding: (n + 2 * padding - kernel + 1) // stride,
        ),
        Mistake(
            "one_side",
            "The padding was added on one side only; it is put on both.",
            like=lambda n, kernel, stride, padding: (n + padding - kernel) // stride + 1,
        ),
        Mistake(
            "no_stride",
            "The stride plays no part here: with stride 2 only every other place is taken.",
            like=lambda n, kernel, stride, padding: n + 2 * padding - kernel + 1,
        ),
        Mistake(
            "rounded_up",
            "This counts a last place where the kernel hangs over the edge. PyTorch rounds down.",
            like=lambda n, kernel, stride, padding: (
                math.ceil((n + 2 * padding - kernel) / stride) + 1
            ),
        ),
        Mistake(
            "rounded",
            "This rounds to the nearest number, and so counts some places where the kernel hangs "
            "over the edge. Round down, as `//` does.",
            like=lambda n, kernel, stride, padding: round((n + 2 * padding - kernel) / stride) + 1,
        ),
        Mistake(
            "fraction",
            "A place where the kernel hangs over the edge is not taken: round down, as `//` does.",
            like=lambda n, kernel, stride, padding: (n + 2 * padding - kernel) / stride + 1,
        ),
        Mistake(
            "no_padding",
            "The padding is missing: it makes the image wider before the kernel starts.",
            like=lambda n, kernel, stride, padding: (n - kernel) // stride + 1,
        ),
        Mistake(
            "padding_subtracted",
            "The padding was subtracted. It makes the image wider.",
            like=lambda n, kernel, stride, padding: (n - 2 * padding - kernel) // stride + 1,
        ),
        Mistake(
            "kernel_forgotten",
            "The kernel's own width plays no part here: near the right edge it no longer fits.",
            like=(
                lambda n, kernel, stride, padding: (n + 2 * padding) // stride,
                lambda n, kernel, stride, padding: (n + 2 * padding) // stride + 1,
                lambda n, kernel, stride, padding: (n + 2 * padding - 1) // stride + 1,
            ),
        ),
        Mistake(
            "brackets_missing",
            "Division comes before addition and subtraction: here only the kernel is divided by "
            "the stride. Put round brackets around what the kernel can move.",
            like=lambda n, kernel, stride, padding: n + 2 * padding - kernel // stride + 1,
        ),
        Mistake(
            "both_sides",
            "The width is right, but it came back with the height. The task asks for one number, "
            "the width of a row.",
            like=lambda n, kernel, stride, padding: 2 * ((n + 2 * padding - kernel) // stride + 1,),
        ),
        Mistake(
            "not_whole",
            "A width is a whole number of pixels: these are fractions.",
            seen_in=lambda trial: (
                all(math.isfinite(result) for result in trial.results)
                and not all(whole(result) for result in trial.results)
            ),
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
