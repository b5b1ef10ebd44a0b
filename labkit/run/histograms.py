"""A bounded log of histograms over time, for example of gradients."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labkit.run.series.journal import Journal

HISTOGRAM_BINS = 40
"""Number of bins of every histogram."""
HISTOGRAM_LOW, HISTOGRAM_HIGH = -30.0, 10.0
"""Range of the logarithmic bins, as log2 of the magnitude: one bin per power of two."""

_MAX_SAMPLES = 64


class StoredHistogram(NamedTuple):
    """A histogram at one step.

    Attributes
    ----------
    step : int
    counts : ndarray, shape (n_bins,), dtype int64
    ends : tuple of float, (minimum, maximum), or None
        The range of linear bins; None for logarithmic bins.
    """

    step: int
    counts: NDArray[np.int64]
    ends: tuple[float, float] | None


@dataclass(frozen=True)
class Histograms:
    """Histograms of one quantity at the sampled steps.

    Attributes
    ----------
    steps : ndarray, shape (n_samples,), dtype int64
        Rising.
    edges : ndarray, shape (n_bins + 1,) or (n_samples, n_bins + 1), dtype float64
        Bin edges. With shape (n_bins + 1,): magnitudes (not logarithms), the same for all samples.
        With shape (n_samples, n_bins + 1): values from the minimum to the maximum of each sample.
    counts : ndarray, shape (n_samples, n_bins), dtype int64
        Number of elements per bin. With magnitude bins, zeros and magnitudes outside the edges are
        not counted. Non-finite values are never counted.
    """

    steps: NDArray[np.int64]
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


class HistogramLog:
    """A thread-safe log of at most 64 samples per name.

    When the limit is exceeded, every second sample is discarded; the first and last are kept.

    Examples
    --------
    >>> log = HistogramLog()
    >>> log.add("grad/w", 1, np.ones(HISTOGRAM_BINS, np.float32), ends=(0.0, 1.0))
    >>> histograms = log.read("grad/w")
    >>> histograms.steps.tolist(), histograms.counts.shape, histograms.edges.shape
    ([1], (1, 40), (1, 41))
    """

    def __init__(self) -> None:
        self.journal: Journal | None = None
        """Receives the names and steps of the histograms that are added."""
        self._samples: dict[str, list[StoredHistogram]] = {}
        self._lock = threading.Lock()

    def add(
        self,
        name: str,
        step: int,
        counts: NDArray[np.float32] | NDArray[np.int64],
        ends: tuple[float, float] | None = None,
    ) -> None:
        """Add a histogram.

        Parameters
        ----------
        name : str
        step : int
            Not smaller than the step of the previous histogram of this name.
        counts : ndarray, shape (HISTOGRAM_BINS,), dtype float32 or int64
            Number of elements per bin; integral values.
        ends : tuple of float, (minimum, maximum), optional
            Range of linear bins. By default the bins are powers of two of the magnitude.
        """
        integers = counts.astype(np.int64)
        with self._lock:
            samples = self._samples.setdefault(name, [])
            samples.append(StoredHistogram(step, integers, ends))
            if len(samples) > _MAX_SAMPLES:
                del samples[1:-1:2]
        if self.journal is not None:
            self.journal.add_key("histograms", (name,), step)

    def at(
        self, name: str, step: int | None = None
    ) -> tuple[int, NDArray[np.float64], NDArray[np.int64]] | None:
        """Return the newest sample that is not later than a step.

        Parameters
        ----------
        name : str
        step : int, optional
            None for the newest sample.

        Returns
        -------
        tuple or None
            Step, edges (shape (n_bins + 1,), dtype float64) and counts (shape (n_bins,), dtype
            int64). The oldest sample if all are later than `step`; None if there is none.
        """
        with self._lock:
            samples = list(self._samples.get(name, ()))
        if not samples:
            return None
        fitting = [each for each in samples if step is None or each[0] <= step] or samples[:1]
        found, counts, ends = fitting[-1]
        return found, _edges(ends), counts

    def stored(self, name: str, step: int) -> StoredHistogram | None:
        """Return the histogram of a step; None if there is none, or it was discarded."""
        with self._lock:
            return next((each for each in self._samples.get(name, ()) if each.step == step), None)

    def steps(self, name: str) -> tuple[int, ...]:
        """Return the steps of the stored histograms of a name, in ascending order."""
        with self._lock:
            return tuple(each.step for each in self._samples.get(name, ()))

    def newest_step(self, name: str) -> int:
        """Return the step of the newest sample of a name; -1 if there is none."""
        with self._lock:
            samples = self._samples.get(name)
            return samples[-1][0] if samples else -1

    def names(self) -> list[str]:
        """Return the names of all sampled quantities, for example ``"grad/fc1.weight"``."""
        return list(self._samples)

    def read(self, name: str) -> Histograms:
        """Return the stored histograms of one name.

        Raises
        ------
        KeyError
            If there is no histogram of that name.
        """
        with self._lock:
            samples = list(self._samples[name])
        edges = [_edges(ends) for _, _, ends in samples]
        return Histograms(
            steps=np.array([step for step, _, _ in samples], np.int64),
            edges=edges[0] if samples[0][2] is None else np.stack(edges),
            counts=np.stack([counts for _, counts, _ in samples]),
        )


def _edges(ends: tuple[float, float] | None) -> NDArray[np.float64]:
    if ends is None:
        return 2.0 ** np.linspace(HISTOGRAM_LOW, HISTOGRAM_HIGH, HISTOGRAM_BINS + 1)
    low, high = ends if np.isfinite(ends).all() else (0.0, 0.0)
    return np.linspace(low, high if high > low else low + 1.0, HISTOGRAM_BINS + 1)
