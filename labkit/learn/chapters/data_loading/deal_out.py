"""Exercise 1 of chapter 05: a batch sampler."""

# The learner's function takes `drop_last` in any way, so that of the solution does too.
# ruff: noqa: FBT001, FBT003

from __future__ import annotations

from collections.abc import Callable

from labkit.learn.checks import Case, Exercise, Mistake

_Batches = list[list[int]]


def _solution(order: list[int], batch_size: int, drop_last: bool) -> _Batches:
    batches = _cut(order, batch_size)
    return _full(batches, batch_size) if drop_last else batches


def _cut(order: list[int], batch_size: int) -> _Batches:
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def _full(batches: _Batches, batch_size: int) -> _Batches:
    return [batch for batch in batches if len(batch) == batch_size]


def _then(change: Callable[[_Batches], _Batches]) -> Callable[[list[int], int, bool], _Batches]:
    return lambda order, batch_size, drop_last: change(_solution(order, batch_size, drop_last))


def _always_popped(order: list[int], batch_size: int, drop_last: bool) -> _Batches:
    batches = _cut(order, batch_size)
    return batches[:-1] if drop_last else batches


def _empty_rest(order: list[int], batch_size: int, drop_last: bool) -> _Batches:
    batches = _full(_cut(order, batch_size), batch_size)
    rest = order[len(batches) * batch_size :]
    return batches if drop_last else [*batches, rest]


def _levelled(order: list[int], batch_size: int, drop_last: bool) -> _Batches:
    count = len(order) // batch_size if drop_last else -(-len(order) // batch_size)
    size = -(-len(order) // max(count, 1))
    return _cut(order, size)


def _count_of_batches(order: list[int], batch_size: int, drop_last: bool) -> _Batches:
    return _cut(order, max(1, -(-len(order) // batch_size)))


def _sliding(order: list[int], batch_size: int, drop_last: bool) -> _Batches:
    batches = [order[start : start + batch_size] for start in range(len(order))]
    return _full(batches, batch_size) if drop_last else batches


DEAL_OUT = Exercise(
    name="deal_out",
    task=(
        "Write `deal_out(order, batch_size, drop_last)`: the list of indices, cut into lists of "
        "`batch_size`; a smaller rest is a batch too, unless `drop_last` is True."
    ),
    solution=_solution,
    cases=(
        Case([3, 1, 4, 0, 5, 9, 2, 6, 8, 7], 4, False),
        Case([3, 1, 4, 0, 5, 9, 2, 6, 8, 7], 4, True),
        Case([5, 3, 4, 1, 2, 0], 3, True),
        Case([5, 3, 4, 1, 2, 0], 2, False),
        Case([11, 12, 10], 8, False),
        Case([4, 2, 0, 3, 1], 2, False),
    ),
    praise="That is all a batch sampler does, and you can pass yours to `DataLoader`.",
    mistakes=(
        Mistake(
            "never_dropped",
            "The smaller rest is always there. With `drop_last=True` it has to go.",
            like=lambda order, batch_size, drop_last: _cut(order, batch_size),
        ),
        Mistake(
            "always_dropped",
            "The smaller rest is never there. By default no sample may be lost: drop it only if "
            "`drop_last` is True.",
            like=lambda order, batch_size, drop_last: _full(_cut(order, batch_size), batch_size),
        ),
        Mistake(
            "turned_round",
            "`drop_last` works the wrong way round: the rest is dropped where it should stay.",
            like=lambda order, batch_size, drop_last: _solution(order, batch_size, not drop_last),
        ),
        Mistake(
            "full_one_dropped",
            "With `drop_last` the last batch is dropped even if it is full. Six cards in hands of "
            "three leave no rest.",
            like=_always_popped,
        ),
        Mistake(
            "empty_batch",
            "Where the indices divide evenly, an empty batch comes last.",
            like=_empty_rest,
        ),
        Mistake(
            "levelled",
            "The batches are levelled to similar sizes. Fill each to `batch_size` before the next "
            "one begins.",
            like=_levelled,
        ),
        Mistake(
            "number_of_batches",
            "`batch_size` is the size of a batch, not the number of batches.",
            like=(
                _count_of_batches,
                lambda order, batch_size, drop_last: [
                    order[start::batch_size] for start in range(batch_size)
                ],
            ),
        ),
        Mistake(
            "one_list_for_all",
            "All batches are one and the same list. `clear()` (or `del`) empties the batch that "
            "you have appended already, too: begin a new list for each batch, `hand = []`.",
            seen_in=lambda trial: any(
                len(batches) > 1 and batches[0] is batches[1] for batches in trial.results
            ),
        ),
        Mistake(
            "first_only",
            "Only the first batch came back. Is the `return` inside the loop?",
            like=_then(lambda batches: batches[:1]),
        ),
        Mistake(
            "last_index_lost",
            "A rest of one index is lost: `range` ends *before* its second argument, so that has "
            "to be `len(order)`, not one less.",
            like=lambda order, batch_size, drop_last: [
                batch
                for batch in _solution(order, batch_size, drop_last)
                if len(batch) > 1 or len(order) % batch_size != 1
            ],
        ),
        Mistake(
            "sliding",
            "The batches overlap: the start has to advance by `batch_size`, not by 1.",
            like=_sliding,
        ),
        Mistake(
            "own_order",
            "The batches do not have the indices of `order`, or not in its order: the sampler has "
            "shuffled already, and you only cut.",
            like=(
                _then(lambda batches: [sorted(batch) for batch in batches]),
                lambda order, batch_size, drop_last: _solution(
                    sorted(order), batch_size, drop_last
                ),
                lambda order, batch_size, drop_last: _solution(
                    list(range(len(order))), batch_size, drop_last
                ),
            ),
        ),
        Mistake(
            "flat",
            "One flat list came back. A list of lists is asked for, one for each batch.",
            like=(
                _then(lambda batches: [index for batch in batches for index in batch]),  # type: ignore[misc]
                _then(lambda batches: batches[0]),  # type: ignore[arg-type,return-value]
            ),
        ),
    ),
    hints=(
        "At which places of `order` does a batch begin? `range` takes a step.",
        "`order[start : start + batch_size]` is a batch; a slice may reach over the end.",
        (
            "Make all batches first. Then, if `drop_last`, look whether the last one is smaller "
            "than `batch_size`, and only then remove it."
        ),
    ),
)
