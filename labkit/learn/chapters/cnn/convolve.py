"""Exercise 2 of chapter 08: slide a kernel over an image by hand."""

from __future__ import annotations

import torch

from labkit.learn.chapters.cnn import convolve_ways as ways
from labkit.learn.chapters.cnn.windows import hangs_over, has_another_size, rows_cut_twice
from labkit.learn.checks import Case, Exercise, Mistake, Trial, as_tensor, calls

_FOUR = torch.tensor([[1.0, 2, 0, 1], [0, 3, 1, 2], [2, 1, 0, 1], [1, 0, 2, 3]])
_WIDE = torch.tensor([[2.0, 0, 1, 3, 1, 0], [1, 1, 0, 2, 0, 4], [0, 2, 5, 1, 1, 2]])
_SIZES_DIFFER = r"size of tensor a .* must match the size of tensor b"
_GENERATOR = torch.Generator().manual_seed(8)
_TALL = torch.randint(-3, 4, (7, 5), generator=_GENERATOR).float()
_ONE = torch.randint(0, 5, (5, 5), generator=_GENERATOR).float()

_CASES = (
    Case(_FOUR, torch.tensor([[1.0, -1], [2, 0]])),
    Case(_WIDE, torch.tensor([[0.0, 1], [-2, 3]])),
    Case(_TALL, torch.tensor([[1.0, 0, -1], [2, 1, -2], [0.5, 0, -1]])),
    Case(_ONE, torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])),
)


def _is_transposed_where_square(trial: Trial) -> bool:
    """Whether the map is transposed for the images that are square, and only they are right."""
    return all(
        trial.same(call.result, expected.T)
        for call, expected in zip(trial.calls, trial.expected, strict=True)
        if call.error is None
    ) and any(call.error is None for call in trial.calls)


def _are_cut_off(trial: Trial) -> bool:
    return all(
        not torch.as_tensor(call.result).is_floating_point()
        and trial.same(call.result, expected.trunc())
        for call, expected in zip(trial.calls, trial.expected, strict=True)
    )


CONVOLVE = Exercise(
    name="convolve",
    task=(
        "Write `convolve(image, kernel)`: the feature map of a grey image, without PyTorch's "
        "convolutions. Loops are welcome."
    ),
    solution=ways.convolved,
    cases=_CASES,
    praise="That is a convolution. `nn.Conv2d` does no more; it only does it a lot faster.",
    forbids=(
        calls(
            *("conv", "thnn_conv", "slow_conv", "mkldnn_convolution", "cudnn_convolution"),
            modules=("scipy.signal", "scipy.ndimage", "skimage"),
            name="convolution_called",
            message=(
                "Here a library slides for you. Do it by hand this once: cut out each window "
                "yourself, multiply, add up."
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "one_short",
            "The last row and the last column of places are missing. A kernel of k fits onto n "
            "pixels at n - k moves *plus* the place where it starts.",
            like=(ways.without_last, ways.last_left_at_zero),
        ),
        Mistake(
            "starts_at_one",
            "The first row and the first column of the map are still 0. Places are counted from "
            "0: `range(rows)` begins there, `range(1, rows)` leaves out the first.",
            like=ways.first_left_at_zero,
        ),
        Mistake(
            "rows_cut_twice",
            "`image[a:b][c:d]` cuts out rows, and then rows of these rows: the columns are never "
            "cut. Put both into one pair of brackets, `image[a:b, c:d]`.",
            raises=_SIZES_DIFFER,
            seen_in=rows_cut_twice,
        ),
        Mistake(
            "rows_for_columns",
            "The number of columns was taken from the rows. An image need not be square: the "
            "first size of its shape counts the rows, the second the columns.",
            like=(ways.square_loop(torch.mul), ways.square_loop(lambda one, other: other * one)),
        ),
        Mistake(
            "too_far",
            "The window hangs over the edge: there it has fewer pixels than the kernel has "
            "weights. Stop at the last place where it fits as a whole.",
            raises=f"{_SIZES_DIFFER}|IndexError",
            seen_in=hangs_over,
        ),
        Mistake(
            "window_of_another_size",
            "The window that is cut out has another size than the kernel. For every kernel it has "
            "to reach from `row` to `row + k`, with `k = len(kernel)`, and so for the columns.",
            raises=_SIZES_DIFFER,
            seen_in=has_another_size,
        ),
        Mistake(
            "row_and_column_swapped",
            "The map is written with row and column swapped. On a square image that turns it over; "
            "on any other, it runs out of places.",
            raises="IndexError",
            seen_in=_is_transposed_where_square,
        ),
        Mistake(
            "flipped",
            "This flips the kernel first, as a convolution in mathematics does. PyTorch does not: "
            "the top left weight meets the top left pixel of the window.",
            like=lambda image, kernel: ways.convolved(image, kernel.flip(0, 1)),
        ),
        Mistake(
            "transposed",
            "The kernel is turned over: its rows and columns have changed places.",
            like=lambda image, kernel: ways.convolved(image, kernel.T),
        ),
        Mistake(
            "map_transposed",
            "The map's rows and columns have changed places: the first index of a table is the "
            "row, counted from the top.",
            like=lambda image, kernel: ways.convolved(image, kernel).T,
        ),
        Mistake(
            "mean",
            "These are the means of the products. A convolution adds them up.",
            like=ways.of_products(lambda products: products.mean(dim=(2, 3))),
        ),
        Mistake(
            "largest",
            "This takes the largest product of each window. A convolution adds them up.",
            like=ways.of_products(lambda products: products.amax(dim=(2, 3))),
        ),
        Mistake(
            "not_multiplied",
            "These are the sums of the pixels alone: the kernel's weights play no part.",
            like=lambda image, kernel: ways.windows(image, kernel).sum(dim=(2, 3)),
        ),
        Mistake(
            "added_in_pairs",
            "Each pixel was *added* to its weight. Multiply them, and add up the products.",
            like=lambda image, kernel: (ways.windows(image, kernel) + kernel).sum(dim=(2, 3)),
        ),
        Mistake(
            "last_product_only",
            "Each place holds the last product of its window alone: `=` overwrites what was there "
            "before. `+=` adds to it.",
            like=ways.of_products(lambda products: products[:, :, -1, -1]),
        ),
        Mistake(
            "matrix_product",
            "`@` is a matrix product, rows times columns. Here each weight meets the one pixel "
            "under it: use `*`.",
            like=lambda image, kernel: (ways.windows(image, kernel) @ kernel).sum(dim=(2, 3)),
        ),
        Mistake(
            "same_window",
            "Every place of the map has the same number: the window does not move with the loops.",
            like=lambda image, kernel: torch.full_like(
                ways.convolved(image, kernel), float(ways.convolved(image, kernel)[0, 0])
            ),
        ),
        Mistake(
            "not_added",
            "The products are there, one table for each place, but they are not added up: the map "
            "has one number for each place.",
            like=ways.of_products(lambda products: products),
        ),
        Mistake(
            "first_row_only",
            "Only the first row of the map is filled in. (Is the `return` inside the outer loop?)",
            like=ways.first_row_only,
        ),
        Mistake(
            "not_reset",
            "The sum goes on from place to place. Begin again at 0 for each of them.",
            like=ways.running_total,
        ),
        Mistake(
            "cut_to_zero",
            "Where the answer is negative, this says 0: that is a ReLU. It comes after a "
            "convolution, as a layer of its own.",
            like=lambda image, kernel: ways.convolved(image, kernel).clamp(min=0),
        ),
        Mistake(
            "side_by_side",
            "The windows lie side by side, so that no pixel is in two of them. With stride 1 the "
            "kernel moves by *one* pixel at a time.",
            like=ways.side_by_side,
        ),
        Mistake(
            "one_long_row",
            "The numbers are right, but in one long row. The map is a table: "
            "`reshape(rows, columns)`.",
            like=lambda image, kernel: ways.convolved(image, kernel).flatten(),
        ),
        Mistake(
            "sizes_of_one_left",
            "The numbers are right, but the map has dimensions of size 1 in front, as for a batch. "
            "Its shape is (rows, columns).",
            like=(
                lambda image, kernel: ways.convolved(image, kernel)[None],
                lambda image, kernel: ways.convolved(image, kernel)[None, None],
            ),
        ),
        Mistake(
            "fractions_cut_off",
            "The map holds whole numbers, so everything behind the decimal point is lost. Make the "
            "table with `torch.zeros(rows, columns)`, which holds floats.",
            seen_in=_are_cut_off,
        ),
        Mistake(
            "one_place",
            "This is one number: the answer at a single place. (Is the `return` inside the loop?)",
            seen_in=lambda trial: all(
                (found := as_tensor(result)) is not None and found.numel() == 1
                for result in trial.results
            ),
        ),
        Mistake(
            "map_too_large",
            "The numbers are right, but the map is as large as the image, with zeros where the "
            "kernel does not fit. The map has only the places where it fits.",
            like=ways.with_border,
        ),
        Mistake(
            "padded",
            "A frame of zeros was put around the image. Without padding the map is smaller than "
            "the image.",
            like=(ways.framed, ways.cropped),
        ),
    ),
    hints=(
        "How many rows of places are there, and how many columns? Make a table of that size.",
        "At each place: `window = image[row:row + k, column:column + k]`.",
        (
            "Two loops over the rows and the columns of the map; in them "
            "`answers[row, column] = (window * kernel).sum()`."
        ),
    ),
)
