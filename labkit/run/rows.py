"""Rows as they are handed to a table, made into arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from labkit.run.buckets import Floats, Steps

Rows = tuple[int, float | Floats] | tuple[Steps, Floats]
"""A step and its row, or several."""


def row_of(values: ArrayLike) -> Floats:
    """Return a copy of values, shape (n,); what float32 cannot hold is infinite."""
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return values.copy() if values.ndim == 1 else values.flatten()
    with np.errstate(over="ignore"):
        return np.array(values, np.float32).reshape(-1)


def table_of(rows: ArrayLike | Sequence[ArrayLike]) -> Floats:
    """Return a copy of rows, shape (n_rows, n_columns), with NaN where one is shorter.

    Examples
    --------
    >>> table_of([0.5, [1.0, 2.0]]).tolist()
    [[0.5, nan], [1.0, 2.0]]
    """
    with np.errstate(over="ignore"):
        try:
            table = np.array(rows, np.float32)
        except (ValueError, TypeError):  # rows of several lengths
            each = [row_of(row) for row in rows]  # type: ignore[union-attr]
            table = np.full((len(each), max(map(len, each))), np.nan, np.float32)
            for place, row in enumerate(each):
                table[place, : len(row)] = row
    return table.reshape(len(table), -1 if len(table) else 0)


def steps_of(steps: Sequence[int] | Steps) -> Steps:
    """Return a copy of steps, shape (n,)."""
    if isinstance(steps, range):
        return np.arange(steps.start, steps.stop, steps.step, dtype=np.int64)
    return np.array(steps, np.int64).reshape(-1)


def joined(pending: Sequence[Rows], columns: int) -> tuple[Steps, Floats]:
    """Return rows that were handed over one by one and together as arrays, padded with NaN.

    Parameters
    ----------
    pending : sequence of (step, row) or (steps, rows)
        At least one; rows may be shorter than the table is wide.
    columns : int
        Width of the table.

    Returns
    -------
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
    """
    found = _alike(pending)
    if found is not None and found[1].shape[1] == columns:
        return found
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


def _alike(pending: Sequence[Rows]) -> tuple[Steps, Floats] | None:
    """Return rows of one width together; None where they differ, or came together already."""
    first, rows = pending[0]
    if not isinstance(first, int):
        return (first, rows) if len(pending) == 1 and isinstance(rows, np.ndarray) else None
    if any(not isinstance(step, int) for step, _ in pending):
        return None
    try:
        with np.errstate(over="ignore"):
            values = np.array([row for _, row in pending], np.float32)
    except ValueError:  # of several widths
        return None
    steps = np.array([step for step, _ in pending], np.int64)
    return steps, values.reshape(len(values), -1 if values.size else 0)
