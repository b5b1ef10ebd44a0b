"""The right way to slide a kernel over an image and usual wrong ones, for the check to compare."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Way = Callable[[Tensor, Tensor], Tensor]


def convolved(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the right map."""
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def windows(image: Tensor, kernel: Tensor) -> Tensor:
    """Return what is under the kernel at each place, shape (rows, columns, k, k)."""
    return image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)


def of_products(reduce: Callable[[Tensor], Tensor]) -> Way:
    """Return a wrong way to turn the products of each window into numbers."""
    return lambda image, kernel: reduce(windows(image, kernel) * kernel)


def without_last(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map without its last row and column."""
    return convolved(image, kernel)[:-1, :-1]


def last_left_at_zero(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map with zeros in its last row and column."""
    answers = convolved(image, kernel)
    answers[-1], answers[:, -1] = 0, 0
    return answers


def first_left_at_zero(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map with zeros in its first row and column."""
    answers = convolved(image, kernel)
    answers[0], answers[:, 0] = 0, 0
    return answers


def square_loop(multiply: Way) -> Way:
    """Return the loops of somebody who takes every image for a square."""

    def convolve(image: Tensor, kernel: Tensor) -> Tensor:
        k, n = len(kernel), len(image) - len(kernel) + 1
        answers = torch.zeros(n, n)
        for row in range(n):
            for column in range(n):
                window = image[row : row + k, column : column + k]
                answers[row, column] = multiply(window, kernel).sum()
        return answers

    return convolve


def first_row_only(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map with zeros below its first row."""
    answers = convolved(image, kernel)
    answers[1:] = 0
    return answers


def running_total(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the sums of all answers so far, place by place."""
    answers = convolved(image, kernel)
    return answers.flatten().cumsum(0).reshape(answers.shape)


def side_by_side(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map of windows that do not overlap."""
    return F.conv2d(image[None, None], kernel[None, None], stride=len(kernel))[0, 0]


def framed(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map of the image in a frame of one zero."""
    return F.conv2d(image[None, None], kernel[None, None], padding=1)[0, 0]


def cropped(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the part of that map that is as large as the image."""
    return framed(image, kernel)[: image.shape[0], : image.shape[1]]


def with_border(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the map in the top left corner of a table as large as the image."""
    answers = convolved(image, kernel)
    table = torch.zeros_like(image)
    table[: answers.shape[0], : answers.shape[1]] = answers
    return table
