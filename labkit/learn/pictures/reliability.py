"""A reliability diagram: how sure a model was, and how often it was right.

The answers are put into groups by how sure the model was. Each group is a dot with the number of
its answers and an interval, since a share of few answers says little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from labkit.learn.pictures.picture import FAINT, LINE, PALETTE, Picture, Sheet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0)
_SIDE, _LEFT, _TOP, _GAP = 160, 40, 46, 16
_MOST_PANELS = 3
_NORMAL_95 = 1.96


class Group(NamedTuple):
    """Answers about which a model was similarly sure.

    Attributes
    ----------
    n : int
        How many they are.
    sure : float
        How sure the model was, on average.
    right : float
        The share that was right.
    low, high : float
        The 95 % interval of that share.
    """

    n: int
    sure: float
    right: float
    low: float
    high: float


def groups_of(sure: ArrayLike, right: ArrayLike, edges: Sequence[float] = EDGES) -> list[Group]:
    """Return the groups that have an answer; an edge belongs to the group below it.

    Examples
    --------
    >>> first, second = groups_of([0.6, 0.7, 0.9, 1.0], [1, 0, 1, 1], edges=(0.5, 0.8, 1))
    >>> first.n, round(first.sure, 2), first.right
    (2, 0.65, 0.5)
    >>> round(second.low, 2), second.high
    (0.34, 1.0)
    """
    certainty, hits = _numbers(sure), _numbers(right)
    if len(certainty) != len(hits):
        raise ValueError(f"{len(certainty)} certainties and {len(hits)} answers; give as many")
    groups = []
    for low, high in pairwise(edges):
        inside = (certainty > low) & (certainty <= high)
        if inside.any():
            n, share = int(inside.sum()), float(hits[inside].mean())
            groups.append(Group(n, float(certainty[inside].mean()), share, *_interval(share, n)))
    return groups


def reliability_picture(
    answers: Mapping[str, tuple[ArrayLike, ArrayLike]], edges: Sequence[float] = EDGES
) -> Picture:
    """Draw a reliability diagram for each of up to three models, side by side.

    Parameters
    ----------
    answers : mapping of str to a pair of values, shape (n,)
        For each model how sure it was of each answer, 0.5 to 1, and whether it was right.
    edges : sequence of float
        Where the groups begin and end.

    Examples
    --------
    >>> print(reliability_picture({"model": ([0.6, 0.7, 0.9, 1.0], [1, 0, 1, 1])}, (0.5, 0.8, 1)))
    How often each model was right, for groups of answers by how sure it was.
    model: sure 0.65, right 0.50 of 2 (0.09 to 0.91); sure 0.95, right 1.00 of 2 (0.34 to 1.00).
    """
    if not 1 <= len(answers) <= _MOST_PANELS:
        raise ValueError(f"1 to {_MOST_PANELS} models are drawn; got {len(answers)}")
    sheet = Sheet()
    sheet.text(0, 13, "how often it was right", bold=True)
    words = ["How often each model was right, for groups of answers by how sure it was."]
    for place, (name, (sure, right)) in enumerate(answers.items()):
        groups = groups_of(sure, right, edges)
        _draw_panel(sheet, _LEFT + place * (_SIDE + _GAP), name, groups, PALETTE[place])
        words.append(f"{name}: {'; '.join(map(_described, groups))}.")
    for share in (0, 0.5, 1):
        sheet.text(_LEFT - 6, _down(share) + 4, f"{share:g}", size=11, anchor="end", colour=FAINT)
    sheet.text(_LEFT - 6, _TOP + _SIDE + 30, "n =", size=11, anchor="end", colour=FAINT)
    sheet.text(_LEFT, _TOP + _SIDE + 66, "how sure the model was", bold=True)
    return sheet.finish("\n".join(words))


def _draw_panel(sheet: Sheet, left: float, name: str, groups: list[Group], hue: str) -> None:
    def across(sure: float) -> float:
        return left + (sure - 0.5) / 0.5 * _SIDE

    bottom = _TOP + _SIDE
    sheet.text(left, _TOP - 9, name)
    sheet.box(left, _TOP, _SIDE, _SIDE)
    sheet.path([(left, _down(0.5)), (left + _SIDE, _down(1))], colour=LINE, dashed=True)
    for tick, anchor in ((0.5, "start"), (0.75, "middle"), (1.0, "end")):
        sheet.text(across(tick), bottom + 14, f"{tick:g}", size=11, anchor=anchor, colour=FAINT)
    for place, group in enumerate(groups):
        at = across(group.sure)
        sheet.path([(at, _down(group.high)), (at, _down(group.low))], colour=hue, width=2)
        sheet.dot(at, _down(group.right), 4, fill=hue)
        # In two rows, because the last groups are close to each other.
        row = bottom + 30 + place % 2 * 14
        sheet.text(at, row, str(group.n), size=11, anchor="middle")


def _down(share: float) -> float:
    return _TOP + (1 - share) * _SIDE


def _described(group: Group) -> str:
    ends = f"{group.low:.2f} to {group.high:.2f}"
    return f"sure {group.sure:.2f}, right {group.right:.2f} of {group.n} ({ends})"


def _interval(share: float, n: int, z: float = _NORMAL_95) -> tuple[float, float]:
    """Return Wilson's interval, which is meaningful for few answers and for shares of 0 and 1."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(0.0, round(middle - half, 12)), min(1.0, round(middle + half, 12))


def _numbers(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    return np.asarray(values, dtype=np.float64).reshape(-1)
