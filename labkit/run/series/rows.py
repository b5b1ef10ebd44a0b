"""Conversion of appended rows to arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from labkit.run.series.buckets import Floats, Steps

Rows = tuple[int, float | Floats] | tuple[Steps, Floats]
"""One step and its row, or an array of steps and a table of rows."""


def row_of(values: ArrayLike) -> Floats:
    """Return a flat float32 copy, shape (n,); values beyond the range of float32 are infinite."""
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return values.copy() if values.ndim == 1 else values.flatten()
    with np.errstate(over="ignore"):
        return np.array(values, np.float32).reshape(-1)


def table_of(rows: ArrayLike | Sequence[ArrayLike]) -> Floats:
    """Return a float32 copy, shape (n_rows, n_columns), in which short rows end with NaN.

    Examples
    --------
    >>> table_of([0.5, [1.0, 2.0]]).tolist()
    [[0.5, nan], [1.0, 2.0]]
    """
    with np.errstate(over="ignore"):
        try:
            table = np.array(rows, np.float32)
        except (ValueError, TypeError):  # rows of different lengths
            converted = [row_of(row) for row in rows]  # type: ignore[union-attr]
            table = np.full((len(converted), max(map(len, converted))), np.nan, np.float32)
            for index, row in enumerate(converted):
                table[index, : len(row)] = row
    return table.reshape(len(table), -1 if len(table) else 0)


def steps_of(steps: Sequence[int] | Steps) -> Steps:
    """Return an int64 copy of steps, shape (n,)."""
    if isinstance(steps, range):
        return np.arange(steps.start, steps.stop, steps.step, dtype=np.int64)
    return np.array(steps, np.int64).reshape(-1)


def concatenated(pending: Sequence[Rows], columns: int) -> tuple[Steps, Floats]:
    """Concatenate single rows and tables of rows, and pad short rows with NaN.

    Parameters
    ----------
    pending : sequence of (step, row) or (steps, rows)
        At least one item; no row is longer than `columns`.
    columns : int
        Number of columns of the result.

    Returns
    -------
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
    """
    stacked = _stacked(pending)
    if stacked is not None and stacked[1].shape[1] == columns:
        return stacked
    count = sum(1 if isinstance(step, int) else len(step) for step, _ in pending)
    steps = np.empty(count, np.int64)
    values = np.full((count, columns), np.nan, np.float32)
    start = 0
    with np.errstate(over="ignore"):
        for step, row in pending:
            end = start + (1 if isinstance(step, int) else len(step))
            steps[start:end] = step
            width = row.shape[-1] if isinstance(row, np.ndarray) else 1
            values[start:end, :width] = row
            start = end
    return steps, values


def _stacked(pending: Sequence[Rows]) -> tuple[Steps, Floats] | None:
    """Return single rows of equal length as arrays, or the only table; None in all other cases."""
    first, rows = pending[0]
    if not isinstance(first, int):
        return (first, rows) if len(pending) == 1 and isinstance(rows, np.ndarray) else None
    if any(not isinstance(step, int) for step, _ in pending):
        return None
    try:
        with np.errstate(over="ignore"):
            values = np.array([row for _, row in pending], np.float32)
    except ValueError:  # rows of different lengths
        return None
    steps = np.array([step for step, _ in pending], np.int64)
    return steps, values.reshape(len(values), -1 if values.size else 0)
