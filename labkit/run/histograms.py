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


@dataclass(frozen=True)
class Histograms:
    """Histograms of one quantity at the steps at which it was sampled.

    Attributes
    ----------
    steps : ndarray, shape (n_samples,), dtype int64
    edges : ndarray, shape (n_bins + 1,), dtype float64
        Edges of the bins as magnitudes (not logarithms).
    counts : ndarray, shape (n_samples, n_bins), dtype int64
        Zeros, non-finite values and magnitudes outside the edges are in no bin.
    """

    steps: NDArray[np.int64]
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


class HistogramLog:
    """Keeps at most 64 samples per name; when full, every second one goes."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[int, NDArray[np.int64]]]] = {}
        self._lock = threading.Lock()

    def add(self, name: str, step: int, counts: NDArray[np.float32]) -> None:
        """Add one histogram, shape (n_bins,)."""
        whole = counts.astype(np.int64)
        with self._lock:
            kept = self._kept.setdefault(name, [])
            kept.append((step, whole))
            if len(kept) > _MOST_KEPT:
                del kept[1:-1:2]

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
        return Histograms(
            steps=np.array([step for step, _ in kept], np.int64),
            edges=2.0 ** np.linspace(HISTOGRAM_LOW, HISTOGRAM_HIGH, HISTOGRAM_BINS + 1),
            counts=np.stack([counts for _, counts in kept]),
        )
