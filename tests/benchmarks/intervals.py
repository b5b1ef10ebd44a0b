"""How sure a figure is: medians and totals of blocks, with bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Blocks: TypeAlias = NDArray[np.float64]
"""Times of neighbouring blocks, float64 of shape (pairs, 2): the loop measured, the bare loop."""

_RESAMPLES = 1000
_LEAST_PAIRS = 6
"""With fewer pairs no interval is drawn: resamples of one pair do not differ."""
_TAIL = 2.5
"""Percent of the resamples that lie beyond each end of an interval of 95 %."""


@dataclass(frozen=True)
class Figure:
    """A ratio and its interval of 95 %.

    Examples
    --------
    >>> Figure(1.02, 1.01, 1.03).is_quotable(to_tell=0.03)
    True
    >>> Figure(1.02, 0.99, 1.05).is_quotable(to_tell=0.03)
    False
    """

    middle: float
    low: float
    high: float

    def is_quotable(self, to_tell: float) -> bool:
        """Return whether the interval is no wider than what the figure has to tell.

        Parameters
        ----------
        to_tell : float
            The difference from 1 that matters; more where the figure itself says more.
        """
        return self.high - self.low <= max(to_tell, abs(self.middle - 1))


def median_of_ratios(groups: Sequence[Blocks], seed: int = 0) -> Figure:
    """Return the median of the ratios of neighbouring blocks.

    Parameters
    ----------
    groups : sequence of Blocks
        The pairs of each set of processes. Two processes differ a little for as long as they
        live, by what lies where in their memory, so both sets and pairs are drawn anew.
    seed : int
        Of the generator of the bootstrap.

    Examples
    --------
    >>> pairs = np.array([[1.0, 1.0], [1.2, 1.0], [1.1, 1.0]])
    >>> median_of_ratios([pairs, pairs, pairs])
    Figure(middle=1.1, low=1.0, high=1.2)
    """
    return _bootstrap(groups, lambda pairs: float(np.median(pairs[:, 0] / pairs[:, 1])), seed)


def ratio_of_totals(groups: Sequence[Blocks], seed: int = 0) -> Figure:
    """Return the ratio of all time taken: the one that rare, costly readings are part of.

    Parameters
    ----------
    groups : sequence of Blocks
        The pairs of each set of processes.
    seed : int
        Of the generator of the bootstrap.

    Examples
    --------
    >>> ratio_of_totals([np.array([[1.0, 1.0], [1.0, 1.0], [2.5, 1.0]])]).middle
    1.5
    """

    def totals(pairs: Blocks) -> float:
        watched, bare = pairs.sum(axis=0)
        return float(watched / bare)

    return _bootstrap(groups, totals, seed)


def _bootstrap(groups: Sequence[Blocks], figure: Callable[[Blocks], float], seed: int) -> Figure:
    together = figure(np.concatenate(list(groups)))
    if sum(map(len, groups)) < _LEAST_PAIRS:
        return Figure(together, 0.0, math.inf)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(_RESAMPLES):
        chosen = [groups[n] for n in generator.integers(len(groups), size=len(groups))]
        pairs = [group[generator.integers(len(group), size=len(group))] for group in chosen]
        drawn.append(figure(np.concatenate(pairs)))
    low, high = np.percentile(drawn, [_TAIL, 100 - _TAIL])
    return Figure(together, float(low), float(high))
