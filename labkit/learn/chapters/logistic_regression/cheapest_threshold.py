"""Exercise 4 of chapter 04: the threshold with the lowest cost on a set of samples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake

CUTS = torch.arange(1, 100) / 100

Costs = Callable[[Tensor, Tensor, float, float], Tensor]
Answer = Callable[[Tensor, Tensor, float, float], object]


def _case(n_samples: int, miss: float, alarm: float, seed: int) -> Case:
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(n_samples, generator=generator) < 0.4).long()
    logits = 1.6 * (2 * labels - 1) + 1.8 * torch.randn(n_samples, generator=generator)
    return Case(torch.sigmoid(logits), labels, miss, alarm)


_LOWEST = Case(torch.tensor([0.035, 0.905, 0.605, 0.805]), torch.tensor([1, 1, 1, 0]), 5.0, 1.0)
_HIGHEST = Case(torch.tensor([0.985, 0.995, 0.405]), torch.tensor([0, 1, 0]), 5.0, 1.0)
"""The first threshold is the cheapest, and the last one."""
_BEYOND = Case(torch.tensor([0.995, 0.405, 0.205]), torch.tensor([0, 0, 1]), 1.0, 5.0)
"""A threshold of 1 would be cheaper than any that is asked for."""


def _costs(probabilities: Tensor, labels: Tensor, miss: float, alarm: float) -> Tensor:
    """Return the cost at each cut, shape (99,)."""
    flagged = probabilities > CUTS[:, None]  # (99, n)
    missed = (~flagged & (labels == 1)).sum(dim=1)
    false_alarms = (flagged & (labels == 0)).sum(dim=1)
    return missed * miss + false_alarms * alarm


def _first_lowest(costs: Costs) -> Answer:
    def answer(probabilities: Tensor, labels: Tensor, miss: float, alarm: float) -> float:
        return CUTS[costs(probabilities, labels, miss, alarm).argmin()].item()

    return answer


def _hits_cost(probabilities: Tensor, labels: Tensor, miss: float, alarm: float) -> Tensor:
    flagged = probabilities > CUTS[:, None]
    return (flagged & (labels == 1)).sum(dim=1) * miss + (flagged & (labels == 0)).sum(
        dim=1
    ) * alarm


def _among(cuts: Tensor) -> Answer:
    """Return an answer that looks at other thresholds."""

    def answer(probabilities: Tensor, labels: Tensor, miss: float, alarm: float) -> float:
        flagged = probabilities > cuts[:, None]
        missed = (~flagged & (labels == 1)).sum(dim=1)
        costs = missed * miss + (flagged & (labels == 0)).sum(dim=1) * alarm
        return cuts[costs.argmin()].item()

    return answer


def _last_lowest(probabilities: Tensor, labels: Tensor, miss: float, alarm: float) -> float:
    costs = _costs(probabilities, labels, miss, alarm)
    return CUTS[(costs == costs.min()).nonzero()[-1, 0]].item()


CHEAPEST_THRESHOLD = Exercise(
    name="cheapest_threshold",
    task=(
        "Write `cheapest_threshold(probabilities, labels, miss, alarm)`: of the thresholds 0.01, "
        "0.02, ..., 0.99 return the one with the lowest total cost on these samples; the smallest, "
        "if several are equally cheap. A sample is flagged where its probability is larger than "
        "the threshold; each missed 1 costs `miss`, each false alarm costs `alarm`."
    ),
    solution=_first_lowest(_costs),
    cases=(
        _case(80, 20.0, 1.0, seed=0),
        _case(50, 1.0, 1.0, seed=1),
        _case(120, 1.0, 4.0, seed=2),
        _case(30, 5.0, 2.0, seed=3),
        _LOWEST,
        _HIGHEST,
        _BEYOND,
    ),
    praise="A model gives probabilities; what to do about them is decided by what errors cost.",
    mistakes=(
        Mistake(
            "costs_swapped",
            "The two costs are swapped: a *miss* is a 1 that stays below the threshold.",
            like=_first_lowest(lambda p, y, miss, alarm: _costs(p, y, alarm, miss)),
        ),
        Mistake(
            "errors_counted",
            "This minimises the *number* of errors: both kinds count the same. Multiply each by "
            "its cost.",
            like=_first_lowest(lambda p, y, miss, alarm: _costs(p, y, 1.0, 1.0)),
        ),
        Mistake(
            "last_of_several",
            "Of several equally cheap thresholds you return the last. `<=` in the comparison does "
            "that; the task asks for the smallest.",
            like=_last_lowest,
        ),
        Mistake(
            "the_cost_itself",
            "This is the lowest cost, not the threshold at which it is reached.",
            like=lambda p, y, miss, alarm: _costs(p, y, miss, alarm).min().item(),
        ),
        Mistake(
            "the_index",
            "This is the place of the threshold in the list, not the threshold itself.",
            like=(
                lambda p, y, miss, alarm: _costs(p, y, miss, alarm).argmin().item(),
                lambda p, y, miss, alarm: _costs(p, y, miss, alarm).argmin().item() + 1,
            ),
        ),
        Mistake(
            "hits_cost",
            "The price of a miss was put on the *hits*, the flagged samples that are really 1. A "
            "miss is one that was *not* flagged.",
            like=_first_lowest(_hits_cost),
        ),
        Mistake(
            "starts_at_zero",
            "The first threshold is 0.01, and yours begin at 0: `range(1, 100)`.",
            like=_among(torch.arange(100) / 100),
        ),
        Mistake(
            "last_one_missing",
            "0.99 was never tried: your loop ends before it, as `range(1, 99)` does.",
            like=_among(torch.arange(1, 99) / 100),
        ),
        Mistake(
            "goes_to_one",
            "1.00 was tried as well; the last threshold is 0.99, so it is `range(1, 100)`.",
            like=_among(torch.arange(1, 101) / 100),
        ),
        Mistake(
            "other_thresholds",
            "You tried other thresholds: the task names 0.01, 0.02, ..., 0.99.",
            like=(
                _among(torch.arange(1, 10) / 10),
                _among(torch.arange(1, 20) / 20),
                lambda p, y, miss, alarm: _among(p)(p, y, miss, alarm),
                lambda p, y, miss, alarm: _among(p.sort().values)(p, y, miss, alarm),
            ),
        ),
        Mistake(
            "most_expensive",
            "This is the most *expensive* threshold. Was the highest cost kept, or were the "
            "samples below the threshold taken as flagged?",
            like=_first_lowest(lambda p, y, miss, alarm: -_costs(p, y, miss, alarm)),
        ),
        Mistake(
            "formula",
            "A formula knows only the costs: `alarm / (alarm + miss)` is the best threshold *if* "
            "the probabilities are right. The task asks what is cheapest on these samples: try "
            "every threshold.",
            like=(
                lambda p, y, miss, alarm: alarm / (alarm + miss),
                lambda p, y, miss, alarm: miss / (alarm + miss),
            ),
        ),
        Mistake(
            "misses_only",
            "The lowest threshold always wins here. Either false alarms cost nothing, or the first "
            "threshold is never replaced: by a `return` inside the loop, or because no cost is "
            "below the number that you begin with.",
            like=_first_lowest(lambda p, y, miss, alarm: _costs(p, y, miss, 0.0)),
        ),
        Mistake(
            "alarms_only",
            "Misses cost nothing here, so the highest thresholds always win.",
            like=_first_lowest(lambda p, y, miss, alarm: _costs(p, y, 0.0, alarm)),
        ),
        Mistake(
            "always_half",
            "0.5 came back, whatever the costs, and 0.5 treats both errors as equally bad. (If the "
            "search begins with it: was any cost below the number that you compare with first?)",
            like=lambda p, y, miss, alarm: 0.5,
        ),
        Mistake(
            "and_of_tensors",
            "`and`, `or`, `not` and `if` want a single truth value. Element by element it is `&`, "
            "`|` and `~`, with round brackets around each comparison.",
            raises="Boolean value of Tensor with more than one value is ambiguous",
        ),
        Mistake(
            "brackets_missing",
            "`&` binds more tightly than `>` and `==`. Put round brackets around each comparison.",
            raises="bitwise_and|unsupported operand type.* for &",
        ),
    ),
    hints=(
        (
            "Write the cost of *one* threshold first: count the misses and the false alarms with "
            "two masks, and multiply each by its cost."
        ),
        (
            "Loop over `range(1, 100)` with `cut = i / 100`, and keep the cut with the lowest cost "
            "so far. A strict `<` keeps the first of several."
        ),
        (
            "`def cost(cut):` `flagged = probabilities > cut`; `missed = (~flagged & (labels == "
            "1)).sum()`; `alarms = (flagged & (labels == 0)).sum()`; return `(missed * miss + "
            "alarms * alarm).item()`. Then `min((i / 100 for i in range(1, 100)), key=cost)`."
        ),
    ),
)
