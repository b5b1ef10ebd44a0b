"""Decimates points for drawing; the frontend does the same (``frontend/src/plot/decimate.ts``)."""

from __future__ import annotations

import numpy as np

from labkit.run.series.series_table import Floats, Steps


def decimate(steps: Steps, values: Floats, slices: int) -> tuple[Steps, Floats]:
    """Return the minimum, the maximum and one non-finite point of each of equal parts of the steps.

    Parameters
    ----------
    steps : ndarray, shape (n_points,), dtype int64
        Rising.
    values : ndarray, shape (n_points,), dtype float32
    slices : int
        Number of parts. Up to two points for each are returned as they are.

    Examples
    --------
    >>> steps, values = np.arange(100), np.arange(100, dtype=np.float32) % 50
    >>> decimate(steps, values, 2)[1].tolist()
    [0.0, 49.0, 0.0, 49.0]
    """
    if len(steps) <= 2 * slices:
        return steps, values
    width = (int(steps[-1]) - int(steps[0])) / slices
    slice_of = np.minimum(slices - 1, (steps - steps[0]) // width).astype(np.int64)
    finite = np.isfinite(values)
    order = np.lexsort((np.where(finite, values, 0), finite, slice_of))
    # In this order, each slice has its non-finite points, and then its finite ones by value.
    groups = 2 * slice_of[order] + finite[order]
    begins = np.flatnonzero(np.diff(groups, prepend=-1))
    ends = np.append(begins[1:], len(groups)) - 1
    kept = np.unique(order[np.concatenate([begins, ends[finite[order[ends]]]])])
    return steps[kept], values[kept]
