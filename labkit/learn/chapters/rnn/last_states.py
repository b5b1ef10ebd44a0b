"""Exercise 6 of chapter 09: each sequence's state at its own last step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake


def _case(lengths: list[int], time: int, units: int) -> Case:
    generator = torch.Generator().manual_seed(time)
    outputs = torch.randn(len(lengths), time, units, generator=generator)
    return Case(outputs, torch.tensor(lengths))


def _at(step_of: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the function that reads each sequence at this step."""
    return lambda outputs, lengths: outputs[torch.arange(len(lengths)), step_of(lengths)]


def _mean_of_own_steps(outputs: Tensor, lengths: Tensor) -> Tensor:
    return torch.stack([row[:length].mean(dim=0) for row, length in zip(outputs, lengths)])  # noqa: B905 - a row for each length


def _at_no_later_than_the_end(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Read one step too late, but inside the table, so that no error is raised."""
    return outputs[torch.arange(len(lengths)), lengths.clamp(max=outputs.shape[1] - 1)]


_last = _at(lambda lengths: lengths - 1)

LAST_STATES = Exercise(
    name="last_states",
    task=(
        "Write `last_states(outputs, lengths)`: `outputs` is padded, shape (n, time, units). "
        "Return each sequence's state at its own last step, shape (n, units)."
    ),
    solution=_last,
    cases=(
        _case([5, 2, 3], time=5, units=2),
        # As many sequences as steps: swapped indices raise no error.
        _case([1, 4, 2, 2], time=4, units=3),
        _case([6, 1], time=6, units=9),
    ),
    praise="The padding is still there, and no longer does any harm.",
    mistakes=(
        Mistake(
            "last_column",
            "This reads the last column, which is padding for every sequence that is shorter.",
            like=lambda outputs, lengths: outputs[:, -1],
        ),
        Mistake(
            "one_too_late",
            "A sequence of 5 steps has its last one at place 4: subtract 1 from the lengths.",
            like=(_at(lambda lengths: lengths), _at_no_later_than_the_end),
        ),
        Mistake(
            "one_too_early",
            "This reads the step before the last. A sequence of 5 steps has its last one at place "
            "4.",
            like=_at(lambda lengths: lengths - 2),
        ),
        Mistake(
            "counted_from_the_end",
            "A negative place counts from the end, and the padding is there: `-length` is not the "
            "last step of a sequence.",
            like=_at(lambda lengths: -lengths),
        ),
        Mistake(
            "every_pair",
            "`outputs[:, lengths - 1]` takes *all* those steps of *every* sequence. Give the "
            "sequence's number too: `torch.arange(len(lengths))`.",
            like=lambda outputs, lengths: outputs[:, lengths - 1],
        ),
        Mistake(
            "averaged",
            "This is the mean over all steps, the padding included.",
            like=lambda outputs, lengths: outputs.mean(dim=1),
        ),
        Mistake(
            "averaged_over_own_steps",
            "This is the mean over each sequence's own steps. The padding is left out, as it "
            "should be, but the task asks for the last state alone.",
            like=_mean_of_own_steps,
        ),
        Mistake(
            "largest",
            "This takes the largest value of each unit over time. The task asks for the state at "
            "one step.",
            like=lambda outputs, lengths: outputs.max(dim=1).values,
        ),
        Mistake(
            "shortest",
            "This reads all sequences where the shortest one ends. Each has an end of its own.",
            like=lambda outputs, lengths: outputs[:, int(lengths.min()) - 1],
        ),
        Mistake(
            "first_column",
            "This is the state after the first step, when nothing but the first input has been "
            "read.",
            like=lambda outputs, lengths: outputs[:, 0],
        ),
        Mistake(
            "time_first",
            "The two places are swapped: the first dimension is the sequence, the second is time.",
            like=lambda outputs, lengths: outputs[lengths - 1, torch.arange(len(lengths))],
        ),
        Mistake(
            "whole_sequences",
            "`outputs[lengths - 1]` takes whole *sequences*, as the first dimension is the "
            "sequence. Time is the second: `outputs[sequence, step]`.",
            like=lambda outputs, lengths: outputs[lengths - 1],
        ),
        Mistake(
            "all_steps_so_far",
            "This takes all steps of each sequence, so the pieces have different lengths. The task "
            "asks for the state at the last one alone: an index, not a slice.",
            raises="stack expects each tensor to be equal size",
        ),
        Mistake(
            "added_up",
            "This is the sum over all steps, the padding included. The task asks for the state at "
            "one step.",
            like=lambda outputs, lengths: outputs.sum(dim=1),
        ),
        Mistake(
            "transposed",
            "The states are right, but the table is on its side: (units, n), not (n, units).",
            like=lambda outputs, lengths: _last(outputs, lengths).T,
        ),
        Mistake(
            "one_long_row",
            "The states are right, but in one long row: `torch.cat` joins end to end. "
            "`torch.stack` puts one below the other.",
            like=lambda outputs, lengths: _last(outputs, lengths).flatten(),
        ),
        Mistake(
            "one_sequence",
            "This is the state of one sequence. The task asks for those of all, (n, units). (Is "
            "the `return` inside the loop?)",
            like=(
                lambda outputs, lengths: _last(outputs, lengths)[0],
                lambda outputs, lengths: _last(outputs, lengths)[-1],
            ),
        ),
        Mistake(
            "one_unit",
            "This is the first unit alone. Take all of them; with `gather`, which takes one number "
            "for each index, expand the index over all units first.",
            like=(
                lambda outputs, lengths: outputs.gather(1, (lengths - 1)[:, None, None]),
                lambda outputs, lengths: _last(outputs, lengths)[:, 0],
            ),
        ),
        Mistake(
            "sorted",
            "The states are right, but in the order of the lengths. Keep the order of the batch.",
            like=lambda outputs, lengths: _last(outputs, lengths)[lengths.argsort(descending=True)],
        ),
        Mistake(
            "last_unit",
            "This reads along the units. The index of the step belongs into the *second* place.",
            like=lambda outputs, lengths: outputs[:, :, -1],
        ),
        Mistake(
            "list_returned",
            "The states are right, but in a list. `torch.stack` makes one tensor of them.",
            seen_in=lambda trial: all(
                trial.same(torch.stack(list(call.result)), expected)
                for call, expected in zip(trial.calls, trial.expected, strict=True)
            ),
        ),
        Mistake(
            "time_still_there",
            "The states are right, but a dimension of size 1 is left, where time was: index with a "
            "number, or use `squeeze(1)`.",
            seen_in=lambda trial: all(
                call.result.dim() == 3 and trial.same(call.result.squeeze(1), expected)
                for call, expected in zip(trial.calls, trial.expected, strict=True)
            ),
        ),
    ),
    hints=(
        "For one sequence it is `outputs[i, lengths[i] - 1]`. Now for all at once.",
        "Indexing with two tensors of the same length takes pairs: one row and one step each.",
        "Return `outputs[torch.arange(len(lengths)), lengths - 1]`.",
    ),
)
