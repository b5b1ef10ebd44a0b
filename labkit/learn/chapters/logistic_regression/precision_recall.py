"""Exercise 3 of chapter 04: precision and recall at a threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake

Counts = tuple[float, float, float, float]
Answer = Callable[[Tensor, Tensor, float], Any]


def _case(n_samples: int, cut: float, seed: int) -> Case:
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(n_samples, generator=generator) < 0.4).long()
    logits = 2.2 * (2 * labels - 1) + 2 * torch.randn(n_samples, generator=generator) - 0.6
    return Case(torch.sigmoid(logits), labels, cut)


_SMALL = Case(torch.tensor([0.9, 0.2, 0.5, 0.7, 0.4, 0.6]), torch.tensor([1, 0, 0, 1, 1, 0]), 0.5)
"""It has a probability that equals the cut."""
_NONE_FLAGGED = Case(torch.tensor([0.6, 0.1, 0.3, 0.85]), torch.tensor([1, 0, 0, 1]), 0.9)


def _counts(probabilities: Tensor, labels: Tensor, cut: float) -> Counts:
    """Return true positives, false positives, false negatives and true negatives."""
    flagged, ill = probabilities > cut, labels == 1
    pairs = (flagged & ill, flagged & ~ill, ~flagged & ill, ~flagged & ~ill)
    tp, fp, fn, tn = (float(each.sum()) for each in pairs)
    return tp, fp, fn, tn


def _solution(probabilities: Tensor, labels: Tensor, cut: float) -> tuple[float, float]:
    tp, fp, fn, _ = _counts(probabilities, labels, cut)
    return (tp / (tp + fp) if tp + fp else 0.0), tp / (tp + fn)


def _from(answer: Callable[[Counts], Any], cut: float | None = None) -> Answer:
    """Return a function that answers from the counts; at a fixed cut if one is given."""
    return lambda probabilities, labels, given: answer(
        _counts(probabilities, labels, given if cut is None else cut)
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _rounded(digits: int) -> Answer:
    return _from(lambda c: (round(_precision(c), digits), round(_recall(c), digits)))


def _precision(counts: Counts) -> float:
    return _share(counts[0], counts[0] + counts[1])


def _recall(counts: Counts) -> float:
    return _share(counts[0], counts[0] + counts[2])


def _accuracy(counts: Counts) -> float:
    return (counts[0] + counts[3]) / sum(counts)


def _nan_share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


PRECISION_RECALL = Exercise(
    name="precision_recall",
    task=(
        "Write `precision_recall(probabilities, labels, cut)`: a sample is flagged where its "
        "probability is larger than `cut`. Return `(precision, recall)`; where nothing is flagged, "
        "the precision is 0. Both tensors have shape (n,); labels are 0 or 1."
    ),
    solution=_solution,
    cases=(
        _SMALL,
        _case(40, 0.5, seed=1),
        _case(25, 0.1, seed=2),
        _case(60, 0.9, seed=3),
        _NONE_FLAGGED,
    ),
    praise=(
        "Two questions, two denominators: of those flagged, how many are ill; of those ill, how "
        "many are flagged."
    ),
    mistakes=(
        Mistake(
            "swapped",
            "Right numbers in the wrong order: precision comes first. It divides by what was "
            "*flagged*, recall by what is *really there*.",
            like=_from(lambda c: (_recall(c), _precision(c))),
        ),
        Mistake(
            "fixed_cut",
            "A threshold of 0.5 is written into it. Use `cut`, which the caller chooses.",
            like=_from(lambda c: (_precision(c), _recall(c)), cut=0.5),
        ),
        Mistake(
            "accuracy_first",
            "The first number is the accuracy: it also counts what was rightly left alone. "
            "Precision looks only at the samples that were flagged.",
            like=_from(lambda c: (_accuracy(c), _recall(c))),
        ),
        Mistake(
            "of_all",
            "You divided by the number of all samples. Precision divides by the number flagged, "
            "recall by the number that are really 1.",
            like=_from(lambda c: (c[0] / sum(c), c[0] / sum(c))),
        ),
        Mistake(
            "counts",
            "These are counts. Both are fractions between 0 and 1.",
            like=(
                _from(lambda c: (c[0], c[2])),
                _from(lambda c: (c[0] + c[1], c[0] + c[2])),
                _from(lambda c: (c[0], c[1])),
            ),
        ),
        Mistake(
            "specificity",
            "Your second number is the share of the *healthy* that were left alone (specificity). "
            "Recall is the share of the ill that were flagged.",
            like=_from(lambda c: (_precision(c), _share(c[3], c[3] + c[1]))),
        ),
        Mistake(
            "accuracy_second",
            "The second number is the accuracy: it also counts the healthy that were left alone. "
            "Recall looks only at the samples that are really 1.",
            like=_from(lambda c: (_precision(c), _accuracy(c))),
        ),
        Mistake(
            "false_alarm_rate",
            "Your second number is the share of the *healthy* that were flagged. Recall is the "
            "share of the ill that were.",
            like=_from(lambda c: (_precision(c), _share(c[1], c[1] + c[3]))),
        ),
        Mistake(
            "one_number",
            "One number came back; the task asks for two: `return precision, recall`.",
            like=(_from(_precision), _from(_recall)),
        ),
        Mistake(
            "in_per_cent",
            "These are per cent. Precision and recall are fractions between 0 and 1.",
            like=_from(lambda c: (100 * _precision(c), 100 * _recall(c))),
        ),
        Mistake(
            "rounded",
            "Right, but rounded: whoever goes on computing with them needs all digits. Round where "
            "a number is printed.",
            like=(_rounded(1), _rounded(2), _rounded(3)),
        ),
        Mistake(
            "same_denominator",
            "Both have the same denominator here. Precision divides by the flagged, recall by the "
            "ill: false alarms belong to the first, misses to the second.",
            like=(
                _from(lambda c: (_precision(c), _precision(c))),
                _from(lambda c: (_recall(c), _recall(c))),
            ),
        ),
        Mistake(
            "the_other_side",
            "The samples *below* the cut were taken as flagged.",
            like=lambda probabilities, labels, cut: _solution(-probabilities, labels, -cut),
        ),
        Mistake(
            "at_the_cut",
            "A sample whose probability *equals* the cut is not flagged: the task says larger, so "
            "it is `>`, not `>=`.",
            like=lambda probabilities, labels, cut: _solution(probabilities + 1e-6, labels, cut),
        ),
        Mistake(
            "the_other_class",
            "This treats class 0 as the one to find: precision and recall of the healthy.",
            like=_from(lambda c: (_share(c[3], c[3] + c[2]), _share(c[3], c[3] + c[1]))),
        ),
        Mistake(
            "nothing_flagged",
            "Where nothing is flagged, you divide 0 by 0 and get `nan`. The task says 0 for this "
            "case.",
            like=_from(lambda c: (_nan_share(c[0], c[0] + c[1]), _recall(c))),
        ),
        Mistake(
            "one_where_nothing_is_flagged",
            "Where nothing is flagged, some say 1, because no alarm was false. The task says 0 for "
            "this case.",
            like=_from(lambda c: (_precision(c) if c[0] + c[1] else 1.0, _recall(c))),
        ),
        Mistake(
            "division_by_zero",
            "Where nothing is flagged, you divide by zero. The task says 0 for this case.",
            raises="ZeroDivisionError",
        ),
        Mistake(
            "and_of_tensors",
            "`and`, `or`, `not` and `if` want a single truth value. Element by element it is `&`, "
            "`|` and `~`, with round brackets around each comparison: "
            "`(probabilities > cut) & (labels == 1)`.",
            raises="Boolean value of Tensor with more than one value is ambiguous",
        ),
        Mistake(
            "brackets_missing",
            "`&` binds more tightly than `>` and `==`. Put round brackets around each comparison: "
            "`(probabilities > cut) & (labels == 1)`.",
            raises="bitwise_and|unsupported operand type.* for &",
        ),
    ),
    hints=(
        "Make two masks: which samples are flagged, and which are really 1?",
        (
            "Count where both hold: `(flagged & ill).sum()`. Divide that by the number flagged for "
            "the precision, and by the number ill for the recall."
        ),
        (
            "`flagged, ill = probabilities > cut, labels == 1`; `hits = (flagged & ill).sum()"
            ".item()`; `n = flagged.sum().item()`; return `(hits / n if n else 0.0, hits / "
            "ill.sum().item())`."
        ),
    ),
)
