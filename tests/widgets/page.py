"""A model of the page's series in Python.

It follows `transport/run-data.ts`, `transport/fragments.ts`, `history/table-history.ts` and
`history/buckets.ts` in `frontend/src`; change both together.
"""

from __future__ import annotations

import math

import numpy as np

from labkit.run.series.kinds import WHOLE_KINDS
from labkit.run.series.storage import rows_for

from .reassembly import Reassembly


class PageTable:
    """The history of one table: rows, and buckets as [count, [low, low_at, high, high_at]...]."""

    def __init__(self, content, limit=None, stride=1):
        self.kind, self.names = content["kind"], list(content["names"])
        self.sparse = self.kind not in WHOLE_KINDS
        self.limit, self.stride = limit or rows_for(len(self.names)), stride
        self.rows, self.buckets = [], []

    @classmethod
    def from_snapshot(cls, content, buffers):
        assert content["tail_limit"] == content["bucket_limit"]
        made = cls(content, content["tail_limit"], content["stride"])
        columns, count = content["columns"], content["buckets"]
        first = np.frombuffer(buffers[content["first"]], "<f8")
        cells = {
            name: np.frombuffer(buffers[content[name]], "<f4").reshape(count, columns)
            for name in ("low", "low_at", "high", "high_at")
        }
        for place in range(count):
            extremes = [
                [
                    cells["low"][place, column],
                    first[place] + cells["low_at"][place, column],
                    cells["high"][place, column],
                    first[place] + cells["high_at"][place, column],
                ]
                for column in range(columns)
            ]
            made.buckets.append([made.stride, extremes])
        made.append(content, buffers)
        return made

    def append(self, content, buffers):
        columns = len(self.names)
        assert content["columns"] == columns
        steps = np.frombuffer(buffers[content["steps"]], "<f8").astype(int).tolist()
        values = np.frombuffer(buffers[content["values"]], "<f4").reshape(-1, columns)
        assert len(steps) == len(values) == content["rows"]
        if steps and self.rows and steps[0] == self.rows[-1][0]:
            self.rows.pop()
        half = self.limit // 2
        for start in range(0, len(steps), half):
            part = list(zip(steps[start : start + half], values[start : start + half], strict=True))
            while len(self.rows) + len(part) > self.limit:
                self._fold(min(half, len(self.rows)))
            self.rows += part

    def points(self, column):
        steps, values = [], []
        for _, extremes in self.buckets:
            low, low_at, high, high_at = extremes[column]
            found = sorted({low_at: low, high_at: high}.items())
            steps += [step for step, _ in found]
            values += [value for _, value in found]
        steps += [step for step, _ in self.rows]
        values += [row[column] for _, row in self.rows]
        at, read = np.array(steps, np.int64), np.array(values, np.float32)
        known = ~np.isnan(read) if self.sparse else np.ones(len(read), bool)
        return at[known], read[known]

    def _fold(self, count):
        for step, row in self.rows[:count]:
            if not (self.buckets and self.buckets[-1][0] + 1 <= self.stride):
                self._open(step)
            bucket = self.buckets[-1]
            for extremes, value in zip(bucket[1], row, strict=True):
                if bucket[0] == 0:
                    extremes[2:] = [value, step]
                self._take(extremes, [value, step, value, step])
            bucket[0] += 1
        del self.rows[:count]

    def _open(self, step):
        while len(self.buckets) >= self.limit:
            halved = []
            for start in range(0, len(self.buckets), 2):
                count, extremes = self.buckets[start]
                for later_count, later in self.buckets[start + 1 : start + 2]:
                    count += later_count
                    for mine, other in zip(extremes, later, strict=True):
                        self._take(mine, other)
                halved.append([count, extremes])
            self.buckets, self.stride = halved, 2 * self.stride
            if self.buckets[-1][0] + 1 <= self.stride:
                return
        self.buckets.append([0, [[math.nan, step, math.nan, step] for _ in self.names]])

    def _take(self, mine, other):
        """Merge the extremes of later rows of one column."""
        low, low_at, high, high_at = other
        if low < mine[0] or (math.isnan(mine[0]) and not math.isnan(low)):
            mine[:2] = [low, low_at]
        if self.sparse:
            higher = high > mine[2] or (math.isnan(mine[2]) and not math.isnan(high))
        else:
            higher = not math.isnan(mine[2]) and (high > mine[2] or math.isnan(high))
        if higher:
            mine[2:] = [high, high_at]


class Page:
    """A page that shows a run; `greets` is whether it requests a snapshot."""

    def __init__(self):
        self.tables, self.seq, self.greets = {}, None, True
        self.pending, self.reassembly = set(), Reassembly()

    def receive(self, content, buffers):
        whole = self.reassembly.whole(content, buffers)
        if whole is not None:
            self._receive_whole(*whole)

    def _receive_whole(self, content, buffers):
        if content["type"] == "snapshot":
            self.pending = set(content["pending"])
            self.tables = {id: table for id, table in self.tables.items() if id in self.pending}
            self._replace(content["tables"], buffers)
            self.seq, self.greets = content["seq"], False
        elif content["type"] == "frame" and self.seq is not None:
            if content["seq"] != self.seq + 1:
                self.seq, self.greets = None, True
                return
            for table in content["tables"]:
                self._take(table, buffers)
            self._replace(content.get("snapshots", ()), buffers)
            self.seq = content["seq"]

    def _replace(self, tables, buffers):
        for table in tables:
            self.tables[table["id"]] = PageTable.from_snapshot(table, buffers)
            self.pending.discard(table["id"])

    def _take(self, content, buffers):
        known, names = self.tables.get(content["id"]), content["names"]
        if names is None:
            assert known is not None, "the columns were never named"
            assert len(known.names) == content["columns"]
        elif known is None or known.names != names:
            known = self.tables[content["id"]] = PageTable(content)
        known.append(content, buffers)
