"""Histograms of gradients over time, of bounded size."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HISTOGRAM_BINS = 40
HISTOGRAM_LOW, HISTOGRAM_HIGH = -30.0, 10.0
"""Range of the bins: log2 of the magnitude, so that one bin is one power of two."""

_MOST_KEPT = 64
_Kept = tuple[int, NDArray[np.int64], tuple[float, float] | None]


@dataclass(frozen=True)
class Histograms:
    """Histograms of one quantity at the steps at which it was sampled.

    Attributes
    ----------
    steps : ndarray, shape (n_samples,), dtype int64
    edges : ndarray, shape (n_bins + 1,) or (n_samples, n_bins + 1), dtype float64
        Edges of the bins: magnitudes (not logarithms) that are the same for all samples, or values
        from each sample's least to its greatest.
    counts : ndarray, shape (n_samples, n_bins), dtype int64
        Zeros, non-finite values and magnitudes outside the edges are in no bin.
    """

    steps: NDArray[np.int64]
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


class HistogramLog:
    """Keeps at most 64 samples per name; when full, every second one goes."""

    def __init__(self) -> None:
        self._kept: dict[str, list[_Kept]] = {}
        self._lock = threading.Lock()

    def add(
        self,
        name: str,
        step: int,
        counts: NDArray[np.float32],
        ends: tuple[float, float] | None = None,
    ) -> None:
        """Add one histogram, shape (n_bins,).

        Parameters
        ----------
        name : str
        step : int
        counts : ndarray, shape (n_bins,), dtype float32
        ends : tuple of float, optional
            The least and the greatest value, for even bins; else the bins are powers of two.
        """
        whole = counts.astype(np.int64)
        with self._lock:
            kept = self._kept.setdefault(name, [])
            kept.append((step, whole, ends))
            if len(kept) > _MOST_KEPT:
                del kept[1:-1:2]

    def at(
        self, name: str, step: int | None = None
    ) -> tuple[int, NDArray[np.float64], NDArray[np.int64]] | None:
        """Return step, edges and counts of the newest sample, or the newest not after a step."""
        with self._lock:
            kept = list(self._kept.get(name, ()))
        if not kept:
            return None
        fitting = [each for each in kept if step is None or each[0] <= step] or kept[:1]
        found, counts, ends = fitting[-1]
        return found, _edges(ends), counts

    def names(self) -> list[str]:
        """Return the names of what was sampled, for example ``"grad/fc1.weight"``."""
        return list(self._kept)

    def read(self, name: str) -> Histograms:
        """Return the kept histograms of one name.

        Raises
        ------
        KeyError
            If nothing of that name was sampled.
        """
        with self._lock:
            kept = list(self._kept[name])
        edges = [_edges(ends) for _, _, ends in kept]
        return Histograms(
            steps=np.array([step for step, _, _ in kept], np.int64),
            edges=edges[0] if kept[0][2] is None else np.stack(edges),
            counts=np.stack([counts for _, counts, _ in kept]),
        )


def _edges(ends: tuple[float, float] | None) -> NDArray[np.float64]:
    if ends is None:
        return 2.0 ** np.linspace(HISTOGRAM_LOW, HISTOGRAM_HIGH, HISTOGRAM_BINS + 1)
    low, high = ends if np.isfinite(ends).all() else (0.0, 0.0)
    return np.linspace(low, high if high > low else low + 1.0, HISTOGRAM_BINS + 1)
