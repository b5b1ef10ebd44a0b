"""Exercise 2 of chapter 08: slide a kernel over an image by hand."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, as_tensor, names

_FOUR = torch.tensor([[1.0, 2, 0, 1], [0, 3, 1, 2], [2, 1, 0, 1], [1, 0, 2, 3]])
_WIDE = torch.tensor([[2.0, 0, 1, 3, 1, 0], [1, 1, 0, 2, 0, 4], [0, 2, 5, 1, 1, 2]])
_GENERATOR = torch.Generator().manual_seed(8)
_TALL = torch.randint(-3, 4, (7, 5), generator=_GENERATOR).float()
_ONE = torch.randint(0, 5, (5, 5), generator=_GENERATOR).float()

_CASES = (
    Case(_FOUR, torch.tensor([[1.0, -1], [2, 0]])),
    Case(_WIDE, torch.tensor([[0.0, 1], [-2, 3]])),
    Case(_TALL, torch.tensor([[1.0, 0, -1], [2, 1, -2], [0.5, 0, -1]])),
    Case(_ONE, torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])),
)


def _solution(image: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def _windows(image: Tensor, kernel: Tensor) -> Tensor:
    """Return what is under the kernel at each place, shape (rows, columns, k, k)."""
    return image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)


def _of_products(reduce: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a wrong way to turn the products of each window into numbers."""
    return lambda image, kernel: reduce(_windows(image, kernel) * kernel)


def _without_last(image: Tensor, kernel: Tensor) -> Tensor:
    return _solution(image, kernel)[:-1, :-1]


def _framed(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map of the image in a frame of one zero."""
    return F.conv2d(image[None, None], kernel[None, None], padding=1)[0, 0]


def _cropped(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the part of that map that is as large as the image."""
    return _framed(image, kernel)[: image.shape[0], : image.shape[1]]


def _with_border(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map in the top left corner of a table as large as the image."""
    answers = _solution(image, kernel)
    table = torch.zeros_like(image)
    table[: answers.shape[0], : answers.shape[1]] = answers
    return table


CONVOLVE = Exercise(
    name="convolve",
    task=(
        "Write `convolve(image, kernel)`: the feature map of a grey image, without PyTorch's "
        "convolutions. Loops are welcome."
    ),
    solution=_solution,
    cases=_CASES,
    praise="That is a convolution. `nn.Conv2d` does no more; it only does it a lot faster.",
    forbids=(
        names(
            *("conv2d", "Conv2d", "conv1d", "conv3d", "convolution", "unfold", "Unfold"),
            name="convolution_called",
            message=(
                "PyTorch slides for you here. Do it by hand this once: cut out each window "
                "yourself, multiply, add up."
            ),
        ),
    ),
    mistakes=(
        Mistake(
            "one_short",
            "The last row and the last column of places are missing. A kernel of k fits onto n "
            "pixels at n - k moves *plus* the place where it starts.",
            like=_without_last,
        ),
        Mistake(
            "too_far",
            "The window hangs over the edge: there it has fewer pixels than the kernel has "
            "weights. Stop at the last place where it fits as a whole.",
            raises=r"size of tensor a .* must match the size of tensor b|IndexError",
        ),
        Mistake(
            "flipped",
            "This flips the kernel first, as a convolution in mathematics does. PyTorch does not: "
            "the top left weight meets the top left pixel of the window.",
            like=lambda image, kernel: _solution(image, kernel.flip(0, 1)),
        ),
        Mistake(
            "transposed",
            "The kernel is turned over: its rows and columns have changed places.",
            like=lambda image, kernel: _solution(image, kernel.T),
        ),
        Mistake(
            "map_transposed",
            "The map's rows and columns have changed places: the first index of a table is the "
            "row, counted from the top.",
            like=lambda image, kernel: _solution(image, kernel).T,
        ),
        Mistake(
            "mean",
            "These are the means of the products. A convolution adds them up.",
            like=_of_products(lambda products: products.mean(dim=(2, 3))),
        ),
        Mistake(
            "largest",
            "This takes the largest product of each window. A convolution adds them up.",
            like=_of_products(lambda products: products.amax(dim=(2, 3))),
        ),
        Mistake(
            "not_multiplied",
            "These are the sums of the pixels alone: the kernel's weights play no part.",
            like=lambda image, kernel: _windows(image, kernel).sum(dim=(2, 3)),
        ),
        Mistake(
            "matrix_product",
            "`@` is a matrix product, rows times columns. Here each weight meets the one pixel "
            "under it: use `*`.",
            like=lambda image, kernel: (_windows(image, kernel) @ kernel).sum(dim=(2, 3)),
        ),
        Mistake(
            "same_window",
            "Every place of the map has the same number: the window does not move with the loops.",
            like=lambda image, kernel: torch.full_like(
                _solution(image, kernel), float(_solution(image, kernel)[0, 0])
            ),
        ),
        Mistake(
            "not_added",
            "The products are there, one table for each place, but they are not added up: the map "
            "has one number for each place.",
            like=_of_products(lambda products: products),
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
            like=_with_border,
        ),
        Mistake(
            "padded",
            "A frame of zeros was put around the image. Without padding the map is smaller than "
            "the image.",
            like=(_framed, _cropped),
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
