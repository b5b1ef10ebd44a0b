"""Exercise 2 of chapter 01: change a corner of an image, not the original."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, Trial


def _brighten(*where: Any) -> Callable[[Tensor], Tensor]:
    """Return the function that adds 1 at this index."""

    def brighten(image: Tensor) -> Tensor:
        bright = image.clone()
        bright[where] += 1
        return bright

    return brighten


def _set_to_one(image: Tensor) -> Tensor:
    bright = image.clone()
    bright[:2, :2] = 1
    return bright


def _times_two(image: Tensor) -> Tensor:
    bright = image.clone()
    bright[:2, :2] *= 2
    return bright


def _is_another_image(trial: Trial) -> bool:
    """Whether the pixels of an image that was given are others after the call."""
    images = [(call.case.build()[0], call.arguments[0]) for call in trial.calls]
    return any(not torch.equal(before, after.detach()) for before, after in images)


BRIGHTEN_CORNER = Exercise(
    name="brighten_corner",
    task=(
        "Write `brighten_corner(image)`: a new image whose top left 2 × 2 pixels are one larger. "
        "The old image stays as it is."
    ),
    solution=_brighten(slice(2), slice(2)),
    cases=(
        Case(torch.arange(20.0).reshape(4, 5)),
        Case(torch.full((3, 3), 0.5)),
        Case(torch.arange(12.0).reshape(6, 2) / 10),
    ),
    praise="A new image, and the old one is untouched: no storage is shared between the two.",
    mistakes=(
        Mistake(
            "writes_through",
            "The image that was given has changed: a slice is a view, and what is added to a view "
            "lands in the storage they share. A second name for the image (`bright = image`) is "
            "no copy either.",
            changes="image",
            seen_in=_is_another_image,
        ),
        Mistake(
            "rows_twice",
            "The two top rows were brightened over their whole width: `[:2][:2]` takes rows, and "
            "of those, rows again.",
            like=_brighten(slice(2)),
        ),
        Mistake(
            "columns_only",
            "The two left columns were brightened over their whole height: give both slices, rows "
            "and columns.",
            like=_brighten(slice(None), slice(2)),
        ),
        Mistake(
            "diagonal",
            "Only two pixels changed: two lists are read in pairs, here (0, 0) and (1, 1), not as "
            "rows and columns.",
            like=_brighten([0, 1], [0, 1]),
        ),
        Mistake(
            "one_pixel",
            "A single pixel changed. Two rows and two columns are the slices `:2` and `:2`: they "
            "end *before* 2.",
            like=(_brighten(0, 0), _brighten(1, 1), _brighten(slice(1), slice(1))),
        ),
        Mistake(
            "other_corner",
            "This is another corner: rows count from the top, columns from the left, both from 0.",
            like=(
                _brighten(slice(-2, None), slice(-2, None)),
                _brighten(slice(2), slice(-2, None)),
                _brighten(slice(-2, None), slice(2)),
            ),
        ),
        Mistake(
            "three_by_three",
            "Three rows and three columns changed. A slice ends before the number after the colon.",
            like=_brighten(slice(3), slice(3)),
        ),
        Mistake(
            "only_the_corner",
            "This is the corner alone; the task asks for the whole image.",
            like=lambda image: image[:2, :2] + 1,
        ),
        Mistake(
            "everything",
            "The whole image got brighter.",
            like=lambda image: image + 1,
        ),
        Mistake(
            "set_to_one",
            "The corner was set to 1, whatever it was before. The task is to *add* 1 to it.",
            like=_set_to_one,
        ),
        Mistake(
            "doubled",
            "The corner was multiplied. The task is to *add* 1 to it.",
            like=_times_two,
        ),
        Mistake(
            "nothing",
            "This is the image as it came in. Either the old one was returned in place of the new "
            "one, or the sum was made and then lost: `+=` writes it into the new image.",
            like=lambda image: image.clone(),
        ),
    ),
    hints=(
        "What has to happen before the first write, so that the old image stays?",
        "`image.clone()` has a storage of its own. Which one index takes two rows and two columns?",
        "`bright = image.clone()`, then `bright[:2, :2] += 1`, then return `bright`.",
    ),
)
