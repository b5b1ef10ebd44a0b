"""What is told of a tensor's values when somebody asks: numbers and a histogram."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from labkit.run.run import Run


@dataclass(frozen=True)
class TensorStatistics:
    """A tensor's values in short.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    minimum, maximum, mean, deviation : float
        Over the finite elements; NaN where they are not known. Complex elements count by their
        magnitudes.
    zeros, not_finite : int or None
    edges : ndarray, shape (n_bins + 1,), dtype float64
    counts : ndarray, shape (n_bins,), dtype int64
        How many finite elements lie in each bin.
    step : int or None
        The step at which the values were read, for values of the past.
    sampled : int or None
        How many elements were read, evenly spread, where that was not all.
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    deviation: float
    zeros: int | None
    not_finite: int | None
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    step: int | None = None
    sampled: int | None = None


@dataclass(frozen=True)
class Inspection:
    """A parameter's values and its gradient's, or an operation's result, as far as known."""

    value: TensorStatistics | None
    gradient: TensorStatistics | None


Inspect = Callable[[str], Inspection | None]
"""Takes the name of a parameter, or the id of an operation's node."""


def inspect(run: Run, name: str) -> Inspection | None:
    """Return what is known of a parameter or an operation: as it is now, or as it was recorded.

    Between two steps an optimizer may have cleared the gradient; the newest histogram of it that
    was sampled stands in for it then.
    """
    found = run.inspect(name)
    if found is not None and found.gradient is not None:
        return found
    sampled = _sampled_gradient(run, name)
    if found is None and sampled is None:
        return None
    return Inspection(None if found is None else found.value, sampled)


def _sampled_gradient(run: Run, name: str) -> TensorStatistics | None:
    sampled = f"grad/{name}"
    if sampled not in run.histograms.names():
        return None
    kept = run.histograms.read(sampled)
    unknown = float("nan")
    return TensorStatistics(
        shape=(),
        dtype="",
        minimum=unknown,
        maximum=unknown,
        mean=unknown,
        deviation=unknown,
        zeros=None,
        not_finite=None,
        edges=kept.edges,
        counts=kept.counts[-1],
        step=int(kept.steps[-1]),
    )
