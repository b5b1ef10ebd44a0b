"""Tables compared with a plain list of rows under random writes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit.run import Recorder
from labkit.run.series import storage
from labkit.run.series.storage import CELLS

KINDS = ("loss", "metric", "act_mean")
NAMES = tuple("abcdef")
NUMBERS = st.floats(width=32) | st.sampled_from([0.0, 1.0, -1.0, np.nan, np.inf, -np.inf])
WRITERS = (0, 1)

ROW = st.tuples(st.just("row"), st.sampled_from(WRITERS), st.lists(NUMBERS, max_size=6))
COLUMNS = st.tuples(
    st.just("columns"),
    st.sampled_from(WRITERS),
    st.dictionaries(st.sampled_from(NAMES), NUMBERS, max_size=6),
)
BURST = st.tuples(
    st.just("burst"),
    st.sampled_from(WRITERS),
    st.tuples(st.integers(1, 3000), st.integers(0, 9), st.sampled_from([0.0, 0.3, 0.99])),
)
WIDEN = st.tuples(st.just("widen"), st.just(0), st.sets(st.sampled_from(NAMES)))
READ = st.tuples(st.just("read"), st.just(0), st.just(None))
STRIDES = st.tuples(*[st.integers(0, 3) for _ in WRITERS])
"""The increment of each writer's step per row; 0 repeats the step."""


class ReferenceTable:
    """A table as a plain list of all rows."""

    def __init__(self, kind):
        self.kind = kind
        self.names = ["a"]
        self.rows = []
        self.total = self.refused = 0

    def write(self, step, values):
        """Add a row unless its step is refused."""
        newest = self.rows[-1][0] if self.rows else None
        if newest is not None and (step < newest or (step == newest and self.kind != "metric")):
            self.refused += 1
            return
        if step == newest:
            self.rows.pop()
        self.rows.append((step, values))
        self.total += 1

    def widen(self, names):
        self.names += [name for name in names if name not in self.names]

    def table(self):
        """Return steps, shape (n,), and values, shape (n, n_columns), NaN where there is none."""
        values = np.full((len(self.rows), len(self.names)), np.nan, np.float32)
        for place, (_, row) in enumerate(self.rows):
            values[place, : len(row)] = row
        return np.array([step for step, _ in self.rows], np.int64), values


def write(table, reference, action, clocks, strides):
    what, writer, given_values = action
    if what == "widen":
        names = sorted(given_values)
        reference.widen(names)
        table.widen(names)
    elif what == "read":
        table.whole()
    elif what == "row":
        clocks[writer] += strides[writer]
        row = given_values[: len(reference.names)]
        table.append(clocks[writer], row)
        reference.write(clocks[writer], row)
    elif what == "columns":
        clocks[writer] += strides[writer]
        known = {name: v for name, v in given_values.items() if name in reference.names}
        table.append_columns(clocks[writer], list(known), list(known.values()))
        reference.write(clocks[writer], [known.get(name, np.nan) for name in reference.names])
    else:
        length, seed, missing = given_values
        random = np.random.default_rng(seed)
        values = random.normal(size=(length, len(reference.names))).astype(np.float32)
        values[random.random(values.shape) < missing] = np.nan
        steps = clocks[writer] + strides[writer] * np.arange(1, length + 1)
        clocks[writer] = int(steps[-1])
        table.extend(steps, values)
        for step, row in zip(steps.tolist(), values, strict=True):
            reference.write(step, row)


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    actions=st.lists(ROW | COLUMNS | BURST | WIDEN | READ, max_size=12),
    strides=STRIDES,
    limit=st.sampled_from([8, 64, 2048]),
)
@example("act_mean", [("burst", 0, (3000, 0, 0.99))], (1, 1), 8)
@example("loss", [("burst", 0, (3000, 0, 0.3))], (1, 1), 8)
@example("metric", [("burst", 0, (9000, 0, 0.0)), ("burst", 1, (9500, 1, 0.0))], (1, 1), 2048)
def test_a_table_matches_a_plain_list_of_rows(kind, actions, strides, limit):
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as smaller:  # so that few rows are downsampled repeatedly
        smaller.setattr(storage, "_MAX_ROWS", limit)
        smaller.setattr(storage, "_MIN_ROWS", min(limit, 128))
        table, reference, clocks = recorder.table("t", kind, ["a"]), ReferenceTable(kind), [0, 0]
        for action in actions:
            write(table, reference, action, clocks, strides)
    held, (steps, values) = table.whole(), reference.table()

    assert (held.total, recorder.refused, list(held.names)) == (
        reference.total,
        reference.refused,
        reference.names,
    )
    assert max(len(held.buckets), len(held.steps)) <= held.limit
    assert held.limit * len(held.names) <= CELLS
    assert (np.diff(held.steps) > 0).all()
    assert held.buckets.count.sum() + len(held.steps) == len(steps)

    starts = np.concatenate([[0], np.cumsum(held.buckets.count)])
    tail = slice(int(starts[-1]), None)
    np.testing.assert_array_equal(held.steps, steps[tail])
    np.testing.assert_array_equal(held.values, values[tail])
    sparse = kind == "act_mean"
    for bucket, (start, end) in enumerate(pairwise(starts)):
        assert_extremes(held.buckets, bucket, steps[start:end], values[start:end], sparse=sparse)
    for column in range(len(reference.names)):
        assert_points(table, column, steps, values[:, column], sparse=sparse)


def assert_extremes(buckets, bucket, steps, values, *, sparse):
    """Check that a bucket has the extremes of its rows, at steps where they were recorded."""
    for column, of_column in enumerate(values.T):
        known = of_column[~np.isnan(of_column)]
        low = known.min() if len(known) else np.nan
        high = known.max() if len(known) and (sparse or len(known) == len(of_column)) else np.nan
        for extremes, at, expected in (
            (buckets.low, buckets.low_at, low),
            (buckets.high, buckets.high_at, high),
        ):
            found = extremes[bucket, column]
            assert found == expected or (np.isnan(found) and np.isnan(expected))
            recorded = of_column[steps == at[bucket, column]]
            np.testing.assert_array_equal(recorded, [found])


def assert_points(table, column, steps, values, *, sparse):
    """Check that the points have rising steps, were all recorded, and include the newest."""
    at, read = table.points(column)
    assert (np.diff(at) > 0).all()
    np.testing.assert_array_equal(read, values[np.searchsorted(steps, at)])
    assert not sparse or not np.isnan(read).any()
    tail = table.whole().steps
    newest = steps[np.isin(steps, tail) & ~(sparse & np.isnan(values))]
    assert not len(newest) or at[-1] == newest[-1]


@settings(max_examples=20, deadline=None)
@given(widths=st.lists(st.integers(1, 4000), min_size=2, max_size=6), rows=st.integers(1, 700))
def test_memory_is_bounded_for_any_number_of_columns(widths, rows):
    recorder = Recorder()
    for round_, width in enumerate(widths):
        names = [f"m{number}" for number in range(width)]
        table = recorder.table("act_mean", "act_mean", names)
        steps = range(1 + round_ * rows, 1 + (round_ + 1) * rows)
        table.extend(steps, np.ones((rows, width), np.float32))
    held = table.whole()
    columns = max(widths)
    assert held.values.shape[1] == columns
    assert max(len(held.buckets), len(held.steps)) <= held.limit
    assert held.limit * columns <= max(CELLS, 128 * columns)
    assert held.buckets.count.sum() + len(held.steps) == rows * len(widths)
