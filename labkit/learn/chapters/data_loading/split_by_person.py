"""Exercise 4 of chapter 05: a split that keeps relatives together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake

_Split = tuple[list[int], list[int]]
_Function = Callable[[list[int], list[int]], Any]


def _solution(person: list[int], kept: list[int]) -> _Split:
    training = [index for index, each in enumerate(person) if each not in kept]
    return training, [index for index, each in enumerate(person) if each in kept]


def _validating(choose: Callable[[list[int], list[int]], list[int]]) -> _Function:
    """Return a split with other samples for validation, and the rest for training."""

    def split(person: list[int], kept: list[int]) -> _Split:
        chosen = choose(person, kept)
        return [index for index in range(len(person)) if index not in chosen], chosen

    return split


def _blocks(person: list[int], kept: list[int]) -> list[int]:
    people = sorted(set(person))
    each = len(person) // len(people)
    return [each * people.index(one) + place for one in sorted(kept) for place in range(each)]


def _is_mask(values: Any) -> bool:
    if isinstance(values, Tensor):
        return values.dtype == torch.bool
    return len(values) > 0 and all(isinstance(value, bool) for value in values)


def _repeats(values: Any) -> bool:
    return len(set(values)) < len(values)


SPLIT_BY_PERSON = Exercise(
    name="split_by_person",
    task=(
        "Write `split_by_person(person, kept)`: the indices of the samples for training, and of "
        "those for validation, which are all samples of the people in `kept`."
    ),
    solution=_solution,
    cases=(
        Case([2, 0, 1, 0, 2, 1, 0, 2], [1, 2]),
        Case([7, 7, 5, 3, 5, 7, 3, 9, 9, 3], [9, 3]),
        Case([4, 1, 4, 0, 0, 1, 4, 3, 3, 2, 2, 0], [0, 4, 3]),
        Case([6, 2, 8, 2, 6, 6, 8, 2, 1, 1, 8, 1, 2, 6, 1, 8], [8, 1]),
    ),
    praise=(
        "Nobody is on both sides now. `GroupShuffleSplit` of scikit-learn does this and chooses "
        "the people too."
    ),
    mistakes=(
        Mistake(
            "swapped",
            "Both lists are right, but the people in `kept` are for *validation*, the second list.",
            like=lambda person, kept: _solution(person, kept)[::-1],
        ),
        Mistake(
            "people",
            "These are the numbers of people. The indices of their samples are asked for: "
            "`enumerate(person)` has both.",
            like=lambda person, kept: (
                [each for each in person if each not in kept],
                [each for each in person if each in kept],
            ),
        ),
        Mistake(
            "people_once",
            "These are the people, each once. A dataset is asked by the index of a *sample*.",
            like=lambda person, kept: (
                sorted({each for each in person if each not in kept}),
                sorted(set(kept)),
            ),
        ),
        Mistake(
            "kept_as_indices",
            "The numbers in `kept` were used as indices of samples. They are numbers of people: "
            "look for `person[index] in kept`.",
            like=(_validating(lambda _, kept: sorted(kept)), _validating(lambda _, kept: kept)),
        ),
        Mistake(
            "first_of_each",
            "Only the first sample of each kept person is there; `list.index` finds no more. The "
            "others are still among the training samples.",
            like=(
                _validating(lambda person, kept: sorted(person.index(one) for one in kept)),
                _validating(lambda person, kept: [person.index(one) for one in kept]),
            ),
        ),
        Mistake(
            "as_many_samples",
            "That keeps as many *samples* as there are people in `kept`, whoever they come from.",
            like=(
                _validating(lambda person, kept: list(range(len(person) - len(kept), len(person)))),
                _validating(lambda _, kept: list(range(len(kept)))),
            ),
        ),
        Mistake(
            "blocks",
            "This takes the samples of a person to stand next to each other, the same number for "
            "each. In these cases they are mixed.",
            like=_validating(_blocks),
        ),
        Mistake(
            "one_person",
            "Only one of the kept people is held back. `kept` is a list: use `in`.",
            like=(
                _validating(lambda person, kept: [i for i, p in enumerate(person) if p == kept[0]]),
                _validating(
                    lambda person, kept: [i for i, p in enumerate(person) if p == kept[-1]]
                ),
            ),
        ),
        Mistake(
            "all_for_training",
            "All samples are among the training samples, the kept people's as well. That is the "
            "leak.",
            like=lambda person, kept: (list(range(len(person))), _solution(person, kept)[1]),
        ),
        Mistake(
            "all_for_validation",
            "All samples are among the validation samples, those for training as well. That is a "
            "leak, too.",
            like=lambda person, kept: (_solution(person, kept)[0], list(range(len(person)))),
        ),
        Mistake(
            "one_list_under_two_names",
            "Both lists hold all samples. Are they one and the same? `a = b = []` makes a single "
            "list with two names; two lists are `a, b = [], []`.",
            like=lambda person, kept: (list(range(len(person))), list(range(len(person)))),
        ),
        Mistake(
            "counted_from_one",
            "These indices begin at 1. Python counts from 0, and so does a dataset.",
            like=lambda person, kept: tuple(
                [index + 1 for index in part] for part in _solution(person, kept)
            ),
        ),
        Mistake(
            "one_list_only",
            "One list came back. Two are asked for: `return training, validation`.",
            like=(
                lambda person, kept: _solution(person, kept)[0],
                lambda person, kept: _solution(person, kept)[1],
            ),
        ),
        Mistake(
            "index_of_the_person",
            "`person.index(...)` finds the *first* sample of a person, and finds it again for each "
            "of the others. `enumerate(person)` gives the index of every sample.",
            like=lambda person, kept: (
                [person.index(each) for each in person if each not in kept],
                [person.index(each) for each in person if each in kept],
            ),
        ),
        Mistake(
            "once_for_each_kept",
            "Some samples are in the training list more than once. Each was compared with every "
            "person in `kept`, one by one; `in` compares with all of them at once.",
            seen_in=lambda trial: all(
                _repeats(result[0]) and not _is_mask(result[0]) for result in trial.results
            ),
        ),
        Mistake(
            "first_sample_only",
            "Only the first sample was looked at. Is the `return` inside the loop?",
            like=lambda person, kept: (
                [index for index in _solution(person, kept)[0] if index == 0],
                [index for index in _solution(person, kept)[1] if index == 0],
            ),
        ),
        Mistake(
            "columns",
            "`nonzero()` gives a column, of shape (n, 1), and each index would be a tensor of its "
            "own. `nonzero()[:, 0]` is a row of numbers.",
            seen_in=lambda trial: all(
                isinstance(each, Tensor) and each.dim() == 2
                for result in trial.results
                for each in result
            ),
        ),
        Mistake(
            "pairs",
            "These are pairs of index and person, as `enumerate` makes them. Keep the index alone.",
            seen_in=lambda trial: all(
                isinstance(each, tuple)
                for result in trial.results
                for part in result
                for each in part
            ),
        ),
        Mistake(
            "masks",
            "These are True and False for each sample. Indices are asked for, as `Subset` takes "
            "them.",
            seen_in=lambda trial: all(
                _is_mask(each) for result in trial.results for each in result
            ),
        ),
        Mistake(
            "sets",
            "These are sets, and a set has no order. Return lists, as in `sorted(...)`.",
            seen_in=lambda trial: any(isinstance(e, set) for r in trial.results for e in r),
        ),
        Mistake(
            "person_by_person",
            "All the right samples, but in another order: one person after the other, or from the "
            "end. Go through the samples in their order and ask for each whose it is.",
            seen_in=lambda trial: all(
                [sorted(each) for each in result] == list(wanted)
                for result, wanted in zip(trial.results, trial.expected, strict=True)
            ),
        ),
    ),
    hints=(
        "Go through the samples one by one. What do you need to know of each?",
        "`for index, each in enumerate(person)` gives the index and whose sample it is.",
        "Append `index` to the list for validation if `each in kept`, else to that for training.",
    ),
)
