"""Reads the rows of the tables of series from a run's file, and checks them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import numpy as np

from labkit.run.file.arrays import from_bytes, steps_from
from labkit.run.file.errors import DamagedError
from labkit.run.file.schema import MAX_CHUNK_ROWS
from labkit.run.series.buckets import Buckets, Floats, Steps
from labkit.run.series.kinds import SAMPLED_KINDS, SHARD_KINDS, WHOLE_KINDS
from labkit.run.series.storage import Whole, rows_for

_MAX_COLUMNS = 200_000
_CHUNKS_AT_ONCE = 256
_KINDS = SAMPLED_KINDS | WHOLE_KINDS | SHARD_KINDS.keys()


class RowTarget(Protocol):
    """What receives the rows of one table, as a `SeriesTable` does."""

    def restore(self, whole: Whole, /) -> None:
        """Replace the contents by the older rows, which are reduced to extremes."""

    def extend(self, steps: Steps, rows: Floats, /) -> None:
        """Append rows."""


class RowTargets(Protocol):
    """What has a target for each table, as a `Recorder` does."""

    def table(self, id: str, kind: str, names: Sequence[str], /) -> RowTarget:
        """Return the target of a table."""


class _Table(NamedTuple):
    name: str
    kind: str
    labels: tuple[str, ...]


class _Chunk(NamedTuple):
    id: int
    table: int
    steps: Steps
    values: Floats


class RowReader:
    """Adds the rows of a file to the tables of a run, from the newest row that was read.

    Parameters
    ----------
    connection : sqlite3.Connection

    Notes
    -----
    Raises `DamagedError` for contents that labkit would not have written, and `sqlite3.Error` for
    those that SQLite cannot read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._newest_chunk = 0

    def read_all(self, targets: RowTargets) -> None:
        """Replace the contents of some tables, for example those of a recorder, by the file's."""
        tables = self._tables()
        for number, table in tables.items():
            found = targets.table(table.name, table.kind, table.labels)
            found.restore(self._buckets(number, table))
        self._newest_chunk = 0
        self._read(targets, tables)

    def read_new(self, targets: RowTargets) -> None:
        """Add the rows that were written since the last call."""
        self._read(targets, self._tables())

    def _read(self, targets: RowTargets, tables: dict[int, _Table]) -> None:
        rows = self._connection.execute(
            "SELECT id, table_id, first_step, row_count, column_count, steps, data FROM chunks"
            " WHERE id > ? ORDER BY id",
            (self._newest_chunk,),
        )
        while batch := rows.fetchmany(_CHUNKS_AT_ONCE):
            chunks = sorted(map(_chunk, batch), key=lambda chunk: (chunk.table, chunk.id))
            for number, group in groupby(chunks, key=lambda chunk: chunk.table):
                if number not in tables:
                    raise DamagedError("rows belong to no table")
                table = tables[number]
                target = targets.table(table.name, table.kind, table.labels)
                for columns, same in groupby(group, key=lambda chunk: chunk.values.shape[1]):
                    if columns > len(table.labels):
                        raise DamagedError(f"the table {table.name!r} lacks names of columns")
                    found = list(same)
                    target.extend(
                        np.concatenate([chunk.steps for chunk in found]),
                        np.concatenate([chunk.values for chunk in found]),
                    )
            self._newest_chunk = max(chunk.id for chunk in chunks)

    def _tables(self) -> dict[int, _Table]:
        labels: dict[int, list[str]] = {}
        for number, position, label in self._connection.execute(
            "SELECT table_id, position, label FROM series ORDER BY table_id, position"
        ):
            found = labels.setdefault(number, [])
            if position != len(found) or position >= _MAX_COLUMNS or not isinstance(label, str):
                raise DamagedError("the columns of a table are not in order")
            found.append(label)
        tables = {}
        for number, name, kind in self._connection.execute("SELECT id, name, kind FROM tables"):
            if kind not in _KINDS or not isinstance(name, str):
                raise DamagedError(f"a table is of the unknown kind {kind!r:.40}")
            names = tuple(labels.get(number, ()))
            if len(set(names)) != len(names):
                raise DamagedError("two columns of a table have one name")
            tables[number] = _Table(name, kind, names)
        return tables

    def _buckets(self, number: int, table: _Table) -> Whole:
        columns, sparse = len(table.labels), table.kind not in WHOLE_KINDS
        row = self._connection.execute(
            "SELECT stride, group_count, column_count, row_total, first, row_counts, low, low_at,"
            " high, high_at FROM buckets WHERE table_id = ?",
            (number,),
        ).fetchone()
        nothing = np.empty(0, np.int64), np.empty((0, columns), np.float32)
        if row is None:
            buckets = Buckets.empty(columns, sparse=sparse)
            return Whole(0, buckets, *nothing, table.labels, 1, rows_for(columns))
        stride, count, width, total, *blobs = row
        limit = rows_for(columns)
        if (
            not _are_counts(stride, count, width, total)
            or not 0 < width <= columns
            or count > limit
        ):
            raise DamagedError(f"the reduced rows of {table.name!r} are damaged")
        if stride & (stride - 1) or not 0 < stride <= 2**40:
            raise DamagedError(f"the reduced rows of {table.name!r} are damaged")
        buckets = _decoded_buckets(blobs, count, width, sparse=sparse)
        tail = self._connection.execute(
            "SELECT coalesce(sum(row_count), 0) FROM chunks WHERE table_id = ?", (number,)
        ).fetchone()[0]
        folded = max(int(buckets.count.sum()), total - tail)
        return Whole(
            folded, buckets.widened(columns), *nothing, table.labels, stride, rows_for(columns)
        )


def _decoded_buckets(blobs: list[Any], count: int, width: int, *, sparse: bool) -> Buckets:
    first, counts, low, low_at, high, high_at = blobs
    what, flat, wide = "the reduced rows", (count,), (count, width)
    buckets = Buckets(
        from_bytes(first, "<i8", flat, what),
        from_bytes(counts, "<i8", flat, what),
        from_bytes(low, "<f4", wide, what),
        from_bytes(low_at, "<i8", wide, what),
        from_bytes(high, "<f4", wide, what),
        from_bytes(high_at, "<i8", wide, what),
        sparse,
    )
    if (
        (np.diff(buckets.first) <= 0).any()
        or (buckets.count <= 0).any()
        or (buckets.count > 2**40).any()
    ):
        raise DamagedError(f"{what} are not in order")
    return buckets


def _chunk(row: tuple[Any, ...]) -> _Chunk:
    id, table, first, rows, columns, offsets, data = row
    if not _are_counts(id, table, first, rows, columns):
        raise DamagedError("a chunk of rows is damaged")
    if not 0 < rows <= MAX_CHUNK_ROWS or not 0 < columns <= _MAX_COLUMNS or first > 2**62:
        raise DamagedError("a chunk of rows has no sound size")
    steps = steps_from(first, offsets, rows, "the steps of a chunk")
    return _Chunk(id, table, steps, from_bytes(data, "<f4", (rows, columns), "a chunk of rows"))


def _are_counts(*values: object) -> bool:
    return all(isinstance(value, int) and value >= 0 for value in values)
