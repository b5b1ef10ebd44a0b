"""Exercise 4 of chapter 09: the inputs and the targets of a network that predicts what follows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, close

_DIMENSIONS = 2


def _case(n: int, time: int) -> Case:
    generator = torch.Generator().manual_seed(time)
    return Case(torch.randint(27, (n, time), generator=generator))


def _inputs_and_targets(ids: Tensor) -> tuple[Tensor, Tensor]:
    return ids[:, :-1], ids[:, 1:]


def _same_whole_numbers(got: Any, expected: Any) -> bool:
    """Compare without tolerance for floats, which an embedding does not take."""
    return close()(got, expected) and not any("float" in str(part.dtype) for part in got)


TEACHER_FORCING = Exercise(
    name="teacher_forcing",
    task=(
        "Write `teacher_forcing(ids)`: `ids` are letters as numbers, shape (n, time). Return the "
        "inputs and the targets, each of shape (n, time - 1)."
    ),
    solution=_inputs_and_targets,
    same=_same_whole_numbers,
    cases=(
        _case(2, time=5),
        # As many rows as steps: a shift along the wrong dimension keeps the shape.
        _case(4, time=4),
        _case(1, time=9),
    ),
    praise="At every place the network reads one letter and has to predict the next.",
    mistakes=(
        Mistake(
            "swapped",
            "Inputs and targets are swapped: this network would learn to write backwards.",
            like=lambda ids: (ids[:, 1:], ids[:, :-1]),
        ),
        Mistake(
            "nothing_shifted",
            "The target is the letter that was just read. Such a network learns to copy, and its "
            "loss goes to 0: the target has to be one step *later*.",
            like=(
                lambda ids: (ids, ids),
                lambda ids: (ids[:, :-1], ids[:, :-1]),
                lambda ids: (ids[:, 1:], ids[:, 1:]),
            ),
        ),
        Mistake(
            "wrapped_around",
            "`roll` moves the letter that falls off at one end to the other end, so one pair in "
            "each row is wrong: there the target does not follow its input. Cut that pair off.",
            like=(
                lambda ids: (ids, torch.roll(ids, -1, dims=1)),
                lambda ids: (torch.roll(ids, 1, dims=1), ids),
            ),
        ),
        Mistake(
            "rows_shifted",
            "This pairs each *row* with the next row. Time is the second dimension.",
            like=lambda ids: (ids[:-1], ids[1:]),
        ),
        Mistake(
            "two_ahead",
            "The targets are two steps ahead: after each letter the network would have to skip "
            "one.",
            like=lambda ids: (ids[:, :-2], ids[:, 2:]),
        ),
        Mistake(
            "only_the_last_target",
            "There is one target for each row, the last letter. With teacher forcing *every* "
            "letter is a target, so each text teaches as often as it is long.",
            like=(lambda ids: (ids[:, :-1], ids[:, -1]), lambda ids: (ids[:, :-1], ids[:, -1:])),
        ),
        Mistake(
            "last_input_kept",
            "The last letter is among the inputs, and no target belongs to it: what follows it is "
            "unknown.",
            like=lambda ids: (ids, ids[:, 1:]),
        ),
        Mistake(
            "first_target_kept",
            "The first letter is among the targets, but no input comes before it.",
            like=lambda ids: (ids[:, :-1], ids),
        ),
        Mistake(
            "filled_up",
            "The last target is a 0 that is not in the text, so the network would learn that "
            "everything ends there. Leave the last input out.",
            like=lambda ids: (ids, torch.nn.functional.pad(ids[:, 1:], (0, 1))),
        ),
        Mistake(
            "one_column",
            "`ids[:, 1]` is a single column. With a colon, `ids[:, 1:]`, it is everything from "
            "there on.",
            like=(
                lambda ids: (ids[:, :-1], ids[:, 1]),
                lambda ids: (ids[:, -1], ids[:, 1:]),
                lambda ids: (ids[:, -1], ids[:, 1]),
            ),
        ),
        Mistake(
            "next_in_the_alphabet",
            "The target is the next letter of the *alphabet*. It should be the next letter of the "
            "row.",
            like=lambda ids: (ids[:, :-1], ids[:, :-1] + 1),
        ),
        Mistake(
            "halves",
            "The first half was paired with the second. Each input should be followed by its "
            "target at once, one step later.",
            like=(
                lambda ids: tuple(ids.chunk(2, dim=1)),
                lambda ids: (ids[:, : ids.shape[1] // 2], ids[:, ids.shape[1] // 2 :]),
            ),
        ),
        Mistake(
            "rows_joined",
            "The pairs are right, but all rows were joined into one. Keep the rows: the shape is "
            "(n, time - 1).",
            like=lambda ids: (ids[:, :-1].flatten(), ids[:, 1:].flatten()),
        ),
        Mistake(
            "one_hot",
            "The letters were turned into rows of 0 and 1. `nn.Embedding` and `cross_entropy` take "
            "the numbers as they are.",
            seen_in=lambda trial: all(
                any(part.dim() == _DIMENSIONS + 1 for part in result) for result in trial.results
            ),
        ),
        Mistake(
            "floats",
            "The shift is right, but the numbers became floats. They are places in a table, and "
            "`nn.Embedding` takes whole numbers only.",
            seen_in=lambda trial: all(
                close()(result, expected)
                for result, expected in zip(trial.results, trial.expected, strict=True)
            ),
        ),
        Mistake(
            "only_targets",
            "Only the targets came back. Return two tensors: `return inputs, targets`.",
            like=lambda ids: ids[:, 1:],
        ),
        Mistake(
            "only_inputs",
            "Only the inputs came back. Return two tensors: `return inputs, targets`.",
            like=lambda ids: ids[:, :-1],
        ),
    ),
    hints=(
        "Write down one row, say `. a d a .`, and below each letter the one that follows it.",
        "The inputs are all letters but the last, the targets all but the first.",
        "Return `ids[:, :-1], ids[:, 1:]`.",
    ),
)
