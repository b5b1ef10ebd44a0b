"""Exercise 5 of chapter 06: when to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from labkit.learn.checks import Case, Exercise, Mistake

Losses = Sequence[float]


def _stop(
    losses: Losses,
    patience: int,
    *,
    more: int = 0,
    equal_counts: bool = False,
    compared_with: Literal["best", "previous", "first"] = "best",
    resets: bool = True,
    first: int = 0,
) -> tuple[int, int]:
    """Walk through the epochs as the task says, or with the slip that is asked for."""
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        reference = {"best": losses[best], "previous": losses[epoch - 1], "first": losses[0]}
        loss = losses[epoch]
        improved = loss < reference[compared_with] or (
            equal_counts and loss == reference[compared_with]
        )
        if loss < losses[best] or (equal_counts and loss == losses[best]):
            best = epoch
        waited = (0 if resets else waited) if improved else waited + 1
        if waited >= patience + more:
            return best + first, epoch + first
    return best + first, len(losses) - 1 + first


def _solution(losses: Losses, patience: int) -> tuple[int, int]:
    return _stop(losses, patience)


def _overall(losses: Losses, patience: int) -> tuple[int, int]:
    return min(range(len(losses)), key=losses.__getitem__), _stop(losses, patience)[1]


def _never_stops(losses: Losses, patience: int) -> tuple[int, int]:
    return min(range(len(losses)), key=losses.__getitem__), len(losses) - 1


def _from_the_overall_best(losses: Losses, patience: int) -> tuple[int, int]:
    best = min(range(len(losses)), key=losses.__getitem__)
    return best, min(best + patience, len(losses) - 1)


def _first_counted(losses: Losses, patience: int) -> tuple[int, int]:
    lowest, best, waited = losses[0], 0, 0
    for epoch, loss in enumerate(losses):
        lowest, best, waited = (loss, epoch, 0) if loss < lowest else (lowest, best, waited + 1)
        if waited == patience:
            return best, epoch
    return best, len(losses) - 1


def _with_losses(losses: Losses, patience: int) -> tuple[float, int]:
    best, stop = _stop(losses, patience)
    return losses[best], stop


def _pair(change: Callable[[int, int], tuple[int, ...] | int]) -> Callable[..., object]:
    return lambda losses, patience: change(*_stop(losses, patience))


EARLY_STOP = Exercise(
    name="early_stop",
    task=(
        "Write `early_stop(losses, patience)`: `losses` has the validation loss after each "
        "epoch. Training stops after the epoch in which the loss has not fallen below its "
        "lowest value for `patience` epochs in a row. Return two epochs, counted from 0: that "
        "of the lowest loss until then, and that of the stop (the last one, if it never comes "
        "to that)."
    ),
    solution=_solution,
    cases=(
        Case([2.0, 1.0, 1.2, 1.3, 0.5, 0.4], 2),
        Case([2.0, 1.5, 1.6, 1.2, 1.3, 1.25, 1.26, 1.1, 0.9], 3),
        Case([1.0, 0.8, 0.8, 0.8, 0.8, 0.7, 0.75], 3),
        Case([3.0, 2.0, 1.0, 0.9], 2),
        Case([1.0, 1.5, 1.4, 1.3, 1.2, 0.9], 3),
        Case([2.0, 1.9, 2.1, 1.8, 2.2, 1.7, 1.75], 2),
        Case([2.0, 1.0, 1.5, 1.6, 1.7, 1.8], 2),
    ),
    praise="Stop late enough to be sure, and return to the best. That is early stopping.",
    mistakes=(
        Mistake(
            "sees_the_future",
            "The best epoch comes after the stop: training never got there. Only the losses "
            "until the stop are known.",
            like=_overall,
        ),
        Mistake(
            "never_stops",
            "This looks at all epochs and never stops early.",
            like=_never_stops,
        ),
        Mistake(
            "from_the_overall_best",
            "The lowest of *all* losses was found first, and the patience counted from there. In "
            "training nobody knows yet what comes later: go through the epochs one by one.",
            like=_from_the_overall_best,
        ),
        Mistake(
            "first_epoch_counted",
            "The first epoch was counted as one without a new best. It is the first best: begin "
            "below any loss, with `float('inf')`, or with the second epoch.",
            like=_first_counted,
        ),
        Mistake(
            "highest",
            "This follows the *highest* loss: `<` finds a lower one.",
            like=lambda losses, patience: _stop([-loss for loss in losses], patience),
        ),
        Mistake(
            "compared_with_the_previous",
            "Each loss was compared with the epoch before. A loss that falls a little, but "
            "stays above the lowest so far, is no new best.",
            like=(lambda losses, patience: _stop(losses, patience, compared_with="previous"),),
        ),
        Mistake(
            "compared_with_the_first",
            "Each loss was compared with the first one. Compare it with the lowest so far.",
            like=lambda losses, patience: _stop(losses, patience, compared_with="first"),
        ),
        Mistake(
            "not_in_a_row",
            "All epochs without a new best were counted. They have to come in a row: a new "
            "best sets the count back to 0.",
            like=lambda losses, patience: _stop(losses, patience, resets=False),
        ),
        Mistake(
            "one_too_late",
            "It stops one epoch too late: with a patience of 2, the second epoch without a new "
            "best is the last.",
            like=lambda losses, patience: _stop(losses, patience, more=1),
        ),
        Mistake(
            "one_too_early",
            "It stops one epoch too early.",
            like=lambda losses, patience: _stop(losses, patience, more=-1),
        ),
        Mistake(
            "equal_is_better",
            "An equal loss was taken for a better one. It has to fall *below* the lowest value.",
            like=lambda losses, patience: _stop(losses, patience, equal_counts=True),
        ),
        Mistake(
            "swapped",
            "These are the right two epochs, the wrong way round: first the best, then the stop.",
            like=_pair(lambda best, stop: (stop, best)),
        ),
        Mistake(
            "counted_from_one",
            "These epochs are counted from 1. The task counts from 0, as Python does.",
            like=lambda losses, patience: _stop(losses, patience, first=1),
        ),
        Mistake(
            "loss_not_epoch",
            "The first number is the lowest loss. The task asks for its epoch.",
            like=_with_losses,
        ),
        Mistake(
            "only_one",
            "Only one number came back. Return both: `return best, epoch`.",
            like=(_pair(lambda best, stop: best), _pair(lambda best, stop: stop)),
        ),
    ),
    hints=(
        "What do you have to remember from one epoch to the next? Two numbers are enough.",
        (
            "Remember the best epoch. How long you have waited is then the distance from it to "
            "the epoch at hand."
        ),
        (
            "`if losses[epoch] < losses[best]: best = epoch`, then `if epoch - best >= "
            "patience: return best, epoch`; after the loop `return best, len(losses) - 1`."
        ),
    ),
)
