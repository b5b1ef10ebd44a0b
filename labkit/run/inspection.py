"""Statistics and samples of tensor values, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FROZEN = "It is frozen (requires_grad is False): no gradient is computed for it."
"""The reason why a parameter has no gradient."""
_BINS = 32
_UNKNOWN = float("nan")


@dataclass(frozen=True)
class TensorStatistics:
    """Summary statistics and a histogram of a tensor.

    Complex elements are represented by their magnitudes.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
        For example ``"float32"``; empty if unknown.
    minimum, maximum, mean, deviation : float
        Statistics of the finite elements (`deviation` is the standard deviation); NaN if unknown.
    zeros, not_finite : int or None
        Number of elements that are exactly zero, and that are NaN or infinite; None if unknown.
    edges : ndarray, shape (n_bins + 1,), dtype float64
        Bin edges of the histogram.
    counts : ndarray, shape (n_bins,), dtype int64
        Number of finite elements per bin.
    step : int or None
        Step at which the values were read; None for current values.
    sampled : int or None
        Number of elements that were read; None if all were read.
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
    """Evenly spaced elements of a tensor, or all elements of a small tensor.

    Attributes
    ----------
    values : ndarray, shape (n_elements,), dtype float32
        The elements; magnitudes if the tensor is complex.
    shape : tuple of int
        Shape of the tensor.
    dtype : str
        Dtype of the tensor, for example ``"float32"``.
    whole : bool
        Whether `values` contains all elements.
    """

    values: NDArray[np.float32]
    shape: tuple[int, ...]
    dtype: str
    whole: bool

    def statistics(self) -> TensorStatistics:
        """Return statistics of the elements, with a histogram of 32 bins.

        Examples
        --------
        >>> values = np.array([0.0, 1.0, 2.0], np.float32)
        >>> Sample(values, (3,), "float32", whole=True).statistics().mean
        1.0
        """
        finite = self.values[np.isfinite(self.values)].astype(np.float64)
        known = finite.size > 0
        low, high = (float(finite.min()), float(finite.max())) if known else (0.0, 0.0)
        # The margin is relative to the value, so that the bin edges differ in float64.
        margin = max(0.5, abs(low) * 1e-6) if low == high else 0.0
        counts, edges = np.histogram(finite, _BINS, (low - margin, high + margin))
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
    """Samples of a parameter and its gradient, or of the result of an operation.

    Attributes
    ----------
    value : Sample or None
    gradient : Sample or None
        None for an operation, and for a parameter without a gradient.
    note : str or None
        A sentence that says which of several results of an operation the value is, or that the
        parameter is frozen.
    """

    value: Sample | None
    gradient: Sample | None = None
    note: str | None = None


Samples = Mapping[str, Sampled]
"""Samples by parameter name or by the node id of an operation."""


@dataclass(frozen=True)
class RecordedNorm:
    """The newest finite norm that was recorded of a parameter or of its gradient.

    Attributes
    ----------
    kind : str
        ``"weight_norm"`` or ``"grad_norm"``.
    value : float
        The 2-norm.
    step : int
        Step at which the norm was recorded.
    """

    kind: str
    value: float
    step: int


@dataclass(frozen=True)
class Inspection:
    """Statistics of a parameter and its gradient, or of the result of an operation.

    Attributes
    ----------
    value, gradient : TensorStatistics or None
        None if unknown.
    norms : tuple of RecordedNorm
        The newest recorded norms, if the current values could not be read.
    reason : str or None
        A sentence that says why the values are not current, why there are none, which of the
        results of an operation they are, or that the parameter is frozen.
    """

    value: TensorStatistics | None
    gradient: TensorStatistics | None
    norms: tuple[RecordedNorm, ...] = ()
    reason: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there are neither statistics nor norms."""
        return self.value is None and self.gradient is None and not self.norms


Inspect = Callable[[str], Inspection | None]
"""Returns the inspection for a parameter name or a node id; None if there is no such tensor."""
