"""What is known of a tensor's values: numbers and a histogram, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BINS = 32
_UNKNOWN = float("nan")


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


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of a tensor's elements, evenly spread, or all of a small one's.

    Attributes
    ----------
    values : ndarray, shape (n_elements,), dtype float32
        Magnitudes, where the tensor is complex.
    shape : tuple of int
        That of the whole tensor.
    dtype : str
        That of the whole tensor.
    whole : bool
        Whether every element is there.
    """

    values: NDArray[np.float32]
    shape: tuple[int, ...]
    dtype: str
    whole: bool

    def statistics(self) -> TensorStatistics:
        """Return what the elements say of the tensor.

        Examples
        --------
        >>> values = np.array([0.0, 1.0, 2.0], np.float32)
        >>> Sample(values, (3,), "float32", whole=True).statistics().mean
        1.0
        """
        finite = self.values[np.isfinite(self.values)].astype(np.float64)
        known = finite.size > 0
        low, high = (float(finite.min()), float(finite.max())) if known else (0.0, 0.0)
        # Wide enough that the ends of the bins differ, however large the values are.
        around = max(0.5, abs(low) * 1e-6) if low == high else 0.0
        counts, edges = np.histogram(finite, _BINS, (low - around, high + around))
        return TensorStatistics(
            shape=self.shape,
            dtype=self.dtype,
            minimum=low if known else _UNKNOWN,
            maximum=high if known else _UNKNOWN,
            mean=float(finite.mean()) if known else _UNKNOWN,
            deviation=float(finite.std()) if known else _UNKNOWN,
            zeros=int(np.count_nonzero(self.values == 0)),
            not_finite=self.values.size - finite.size,
            edges=edges,
            counts=counts.astype(np.int64),
            sampled=None if self.whole else self.values.size,
        )


@dataclass(frozen=True, eq=False)
class Sampled:
    """Samples of a parameter and its gradient, or of an operation's result."""

    value: Sample | None
    gradient: Sample | None = None


Samples = Mapping[str, Sampled]
"""Samples by the names of parameters and the ids of operations' nodes."""


@dataclass(frozen=True)
class RecordedNorm:
    """The newest recorded norm of a parameter or of its gradient.

    Attributes
    ----------
    kind : str
        ``"weight_norm"`` or ``"grad_norm"``.
    value : float
    step : int
    """

    kind: str
    value: float
    step: int


@dataclass(frozen=True)
class Inspection:
    """A parameter's values and its gradient's, or an operation's result, as far as known.

    Attributes
    ----------
    value, gradient : TensorStatistics or None
    norms : tuple of RecordedNorm
        What the series say, where the values could not be read.
    reason : str or None
        Why it is not what the tensor holds now, or why nothing is known, as a sentence.
    """

    value: TensorStatistics | None
    gradient: TensorStatistics | None
    norms: tuple[RecordedNorm, ...] = ()
    reason: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return self.value is None and self.gradient is None and not self.norms


Inspect = Callable[[str], Inspection | None]
"""Takes the name of a parameter, or the id of an operation's node."""
