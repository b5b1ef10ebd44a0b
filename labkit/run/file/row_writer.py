"""Writes the rows of the tables of series into a run's file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from labkit.run.file.arrays import offsets_of, pieces, steps_from, to_bytes
from labkit.run.file.schema import MAX_CHUNK_ROWS
from labkit.run.printable import encodable
from labkit.run.series.buckets import Floats, Steps
from labkit.run.series.journal import NewRows
from labkit.run.series.kinds import series_name
from labkit.run.series.series_table import SeriesTable
from labkit.run.series.storage import Whole

_CHUNK = (
    "INSERT INTO chunks (table_id, first_step, row_count, column_count, steps, data)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_NEWEST_CHUNK = (
    "SELECT id, first_step, row_count, column_count, steps, data FROM chunks"
    " WHERE table_id = ? ORDER BY id DESC LIMIT 1"
)


class RowWriter:
    """Adds rows to the chunks of a file.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a file with the tables of the schema; the caller begins and commits transactions.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, int] = {}
        """The number of each table in the file."""
        self._labels: dict[str, int] = {}
        """How many columns of each table have their names in the file."""
        self._newest: dict[str, int] = {}
        """The newest step of each table in the file, as far as it is known."""

    def write(self, tables: dict[str, SeriesTable], rows: Sequence[NewRows]) -> None:
        """Add rows that the tables have stored; those of one table in their order."""
        for table in tables.values():
            self._write_names(table)
        by_table = sorted(rows, key=lambda each: each.table)
        for id, group in groupby(by_table, key=lambda each: each.table):
            parts = list(group)
            for columns, same in groupby(parts, key=lambda each: each.values.shape[1]):
                found = list(same)
                steps = np.concatenate([each.steps for each in found])
                values = np.concatenate([each.values for each in found])
                self._write_rows(id, steps, values.reshape(len(steps), columns))

    def write_whole(self, table: SeriesTable) -> None:
        """Replace what the file has of a table by its present contents."""
        self._write_names(table)
        whole, number = table.whole(), self._ids[table.id]
        self._connection.execute("DELETE FROM chunks WHERE table_id = ?", (number,))
        self._connection.execute("DELETE FROM buckets WHERE table_id = ?", (number,))
        self._newest.pop(table.id, None)
        if len(whole.buckets):
            self._connection.execute(_BUCKETS, (number, *_bucket_row(whole)))
        if len(whole.steps):
            self._write_rows(table.id, whole.steps, whole.values)

    def _write_names(self, table: SeriesTable) -> None:
        names, known = table.names, self._labels.get(table.id)
        if known is None:
            found = self._connection.execute(
                "INSERT INTO tables (name, kind) VALUES (?, ?) ON CONFLICT (name)"
                " DO UPDATE SET kind = excluded.kind RETURNING id",
                (encodable(table.id), table.kind),
            ).fetchone()
            self._ids[table.id], known = found[0], 0
        if known < len(names):
            number = self._ids[table.id]
            self._connection.executemany(
                "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?)",
                (
                    (number, at, encodable(series_name(table.kind, name)), encodable(name))
                    for at, name in enumerate(names[known:], start=known)
                ),
            )
        self._labels[table.id] = len(names)

    def _write_rows(self, id: str, steps: Steps, values: Floats) -> None:
        """Add the rows that are newer than those in the file.

        Of several rows of one step, as a metric may have them, the last one counts.
        """
        number, newest = self._ids[id], self._newest_step(id)
        last = np.append(steps[1:] != steps[:-1], True) & (steps >= newest)
        steps, values = steps[last], values[last]
        if not len(steps):
            return
        if steps[0] == newest:
            self._drop_newest(id)
        for piece, rows in pieces(steps, values, MAX_CHUNK_ROWS):
            self._connection.execute(
                _CHUNK,
                (
                    number,
                    int(piece[0]),
                    len(piece),
                    rows.shape[1],
                    offsets_of(piece),
                    to_bytes(rows, "<f4"),
                ),
            )
            self._newest[id] = int(piece[-1])

    def _newest_step(self, id: str) -> int:
        """Return the newest step of a table in the file; -1 if it has none."""
        if id not in self._newest:
            found = self._connection.execute(_NEWEST_CHUNK, (self._ids[id],)).fetchone()
            self._newest[id] = -1
            if found is not None:
                _, first, rows, _, steps, _ = found
                self._newest[id] = int(steps_from(first, steps, rows, "the steps")[-1])
        return self._newest[id]

    def _drop_newest(self, id: str) -> None:
        """Remove the newest row of a table, which is written again."""
        chunk, _, rows, columns, steps, data = self._connection.execute(
            _NEWEST_CHUNK, (self._ids[id],)
        ).fetchone()
        if rows == 1:
            self._connection.execute("DELETE FROM chunks WHERE id = ?", (chunk,))
            return
        self._connection.execute(
            "UPDATE chunks SET row_count = ?, steps = ?, data = ? WHERE id = ?",
            (
                rows - 1,
                None if steps is None else steps[: 4 * (rows - 1)],
                data[: 4 * columns * (rows - 1)],
                chunk,
            ),
        )


_BUCKETS = "INSERT INTO buckets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def _bucket_row(whole: Whole) -> tuple[int | bytes, ...]:
    buckets = whole.buckets
    return (
        whole.stride,
        len(buckets),
        buckets.low.shape[1],
        whole.total,
        to_bytes(buckets.first, "<i8"),
        to_bytes(buckets.count, "<i8"),
        to_bytes(buckets.low, "<f4"),
        to_bytes(buckets.low_at, "<i8"),
        to_bytes(buckets.high, "<f4"),
        to_bytes(buckets.high_at, "<i8"),
    )
