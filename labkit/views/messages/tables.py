"""Rows of series tables, and complete tables."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages.protocol import BufferIndex

TableKind = Literal[
    "loss",
    "lr",
    "metric",
    "grad_norm",
    "weight_norm",
    "update_ratio",
    "grad_norm_unclipped",
    "grad_cosine",
    "grad_noise",
    "grad_zeros",
    "grad_not_finite",
    "act_mean",
    "act_std",
    "act_saturated",
    "act_dead",
    "act_grad",
]


class TableRows(TypedDict):
    """New rows of a table: steps float64[rows], values float32[rows * columns], row major."""

    id: str
    kind: TableKind
    names: list[str] | None
    columns: int
    rows: int
    steps: BufferIndex
    values: BufferIndex


class TableSnapshot(TableRows):
    """A complete table: older rows in buckets of `stride` rows, and the newest rows unchanged."""

    stride: int
    buckets: int
    first: BufferIndex
    low: BufferIndex
    low_at: BufferIndex
    high: BufferIndex
    high_at: BufferIndex
    tail_limit: int
    bucket_limit: int
