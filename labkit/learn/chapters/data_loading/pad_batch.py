"""Exercise 3 of chapter 05: a collate function that pads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from labkit.learn.checks import Case, Exercise, Mistake, Trial

_Samples = list[tuple[Tensor, int]]
_Batch = tuple[Tensor, Tensor, Tensor]
_PARTS = 3


def _case(*lengths: int) -> Case:
    generator = torch.Generator().manual_seed(len(lengths))
    return Case(
        [
            (torch.randint(1, 27, (length,), generator=generator), 10 * (place % 3) + place)
            for place, length in enumerate(lengths)
        ]
    )


def _solution(samples: _Samples) -> _Batch:
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    labels = torch.tensor([label for _, label in samples])
    return pad_sequence(sequences, batch_first=True), lengths, labels


def _with(change: Callable[[Tensor, Tensor, Tensor], Any]) -> Callable[[_Samples], Any]:
    return lambda samples: change(*_solution(samples))


def _left(samples: _Samples) -> _Batch:
    turned = [sequence.flip(0) for sequence, _ in samples]
    _, lengths, labels = _solution(samples)
    return pad_sequence(turned, batch_first=True).flip(1), lengths, labels


def _filled_with(value: int) -> Callable[[_Samples], _Batch]:
    def pad(samples: _Samples) -> _Batch:
        sequences = [sequence for sequence, _ in samples]
        return pad_sequence(sequences, batch_first=True, padding_value=value), *_solution(samples)[
            1:
        ]

    return pad


def _sorted(*, longest_first: bool) -> Callable[[_Samples], _Batch]:
    return lambda samples: _solution(
        sorted(samples, key=lambda sample: len(sample[0]), reverse=longest_first)
    )


def _samples_are_sorted(trial: Trial) -> bool:
    """Whether each call left its samples as they were, apart from their order."""
    return all(
        sorted(_labels(call.arguments)) == sorted(_labels(call.case.build()))
        and _lengths(call.arguments) in (sorted(_lengths(call.arguments)), _falling(call.arguments))
        and sorted(_lengths(call.arguments)) == sorted(_lengths(call.case.build()))
        for call in trial.calls
    )


def _labels(arguments: tuple[_Samples]) -> list[int]:
    return [label for _, label in arguments[0]]


def _lengths(arguments: tuple[_Samples]) -> list[int]:
    return [len(sequence) for sequence, _ in arguments[0]]


def _falling(arguments: tuple[_Samples]) -> list[int]:
    return sorted(_lengths(arguments), reverse=True)


def _part_is(part: int, *kinds: type) -> Callable[[Any], bool]:
    return lambda trial: any(isinstance(result[part], kinds) for result in trial.results)


def _is_wider(trial: Trial) -> bool:
    """Whether the padded tensor has more columns than the longest sequence, in some case."""
    widths = [
        (result[0].shape[1], wanted[0].shape[1])
        for result, wanted in zip(trial.results, trial.expected, strict=True)
    ]
    return any(got > wanted for got, wanted in widths) and all(g >= w for g, w in widths)


PAD_BATCH = Exercise(
    name="pad_batch",
    task=(
        "Write `pad_batch(samples)`: from a list of (sequence, label) make the padded sequences, "
        "their lengths and the labels, three tensors."
    ),
    solution=_solution,
    cases=(_case(3, 5, 1, 4), _case(2, 4), _case(4, 1, 6, 2, 3)),
    praise=(
        "Sequences of any length now come as one tensor, with the lengths beside them, so that a "
        "loss or a mean can leave the padding out."
    ),
    mistakes=(
        Mistake(
            "sorted_in_place",
            "Your function sorted the list of whoever called it. Leave `samples` as it is.",
            changes="samples",
            seen_in=_samples_are_sorted,
        ),
        Mistake(
            "stacked",
            "Tensors of different lengths cannot be stacked. Make a tensor of zeros of shape "
            "`(batch, longest)` first, or use `pad_sequence`.",
            raises="stack expects each tensor to be equal size",
        ),
        Mistake(
            "first_is_longest",
            "Your tensor is too narrow for one of the sequences: its width is a fixed number, or "
            "was taken from another sequence. Take the largest of all lengths.",
            raises=r"expanded size of the tensor|must match the existing size|shape mismatch",
        ),
        Mistake(
            "padded_on_the_left",
            "The padding comes before the sequences. It should come after them.",
            like=_left,
        ),
        Mistake(
            "time_first",
            "The padded tensor is turned: shape `(longest, batch)`. `pad_sequence` has a "
            "`batch_first`, which is False by default.",
            like=_with(lambda padded, lengths, labels: (padded.T, lengths, labels)),
        ),
        Mistake(
            "other_filling",
            "The padding is not zero. Every part of the program has to agree on it; here it is 0.",
            like=tuple(_filled_with(value) for value in (-1, -100, 1)),
        ),
        Mistake(
            "cut_to_the_shortest",
            "The sequences are cut to the shortest of the batch: their ends are lost. Pad the "
            "short ones instead.",
            like=(
                _with(lambda p, lengths, labels: (p[:, : lengths.min()], lengths, labels)),
                _with(
                    lambda p, lengths, labels: (
                        p[:, : lengths.min()],
                        lengths.min().expand(len(lengths)),
                        labels,
                    )
                ),
            ),
        ),
        Mistake(
            "sorted",
            "The batch is sorted by length. The task asks for the order of the samples; whoever "
            "calls you may rely on it.",
            like=(_sorted(longest_first=True), _sorted(longest_first=False)),
        ),
        Mistake(
            "padded_lengths",
            "The lengths are all the same: they were taken after padding. The real ones are lost.",
            like=_with(
                lambda padded, lengths, labels: (
                    padded,
                    torch.full_like(lengths, padded.shape[1]),
                    labels,
                )
            ),
        ),
        Mistake(
            "lengths_of_pairs",
            "All lengths are 2. A sample is a pair of sequence and label, and that is what was "
            "counted: take `len` of the sequence.",
            like=_with(lambda p, lengths, labels: (p, torch.full_like(lengths, 2), labels)),
        ),
        Mistake(
            "wider_than_needed",
            "The tensor is wider than the longest sequence. Only the longest of *this* batch "
            "counts, or there is padding that no one needs.",
            seen_in=_is_wider,
        ),
        Mistake(
            "a_mask",
            "In second place came a mask of True and False. It can be made from the lengths, and "
            "they are what is asked for.",
            seen_in=lambda trial: all(
                isinstance(result[1], Tensor) and result[1].dtype == torch.bool
                for result in trial.results
            ),
        ),
        Mistake(
            "swapped",
            "All three are right, but in another order: padded sequences, lengths, labels.",
            like=_with(lambda padded, lengths, labels: (padded, labels, lengths)),
        ),
        Mistake(
            "something_missing",
            "Three tensors are asked for: the padded sequences, the lengths, and the labels.",
            seen_in=lambda trial: all(
                isinstance(result, Tensor) or len(result) < _PARTS for result in trial.results
            ),
        ),
        Mistake(
            "not_padded",
            "In first place came a list of sequences. One tensor is asked for, of shape `(batch, "
            "longest)`.",
            seen_in=_part_is(0, list, tuple),
        ),
        Mistake(
            "lists",
            "The lengths or the labels are a list or a tuple. Put `torch.tensor(...)` around it: "
            "a collate function should return tensors, which can be moved to a device.",
            seen_in=lambda trial: (
                _part_is(1, list, tuple)(trial) or _part_is(2, list, tuple)(trial)
            ),
        ),
    ),
    hints=(
        "Take the samples apart first: a list of sequences, and a list of labels.",
        (
            "`torch.zeros(len(samples), longest, dtype=torch.int64)` has room for all; copy each "
            "sequence into the beginning of its row. Or look up `pad_sequence`."
        ),
        (
            "`pad_sequence(sequences, batch_first=True)` does the padding. Lengths and labels are "
            "`torch.tensor([...])` of a list."
        ),
    ),
)
