"""Tables against a plain list: whatever is written in whatever order, nothing is lost or mixed."""

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit.run import Recorder, Run, row_buffer, storage
from labkit.run.rows import concatenated
from labkit.run.storage import CELLS

KINDS = ("loss", "metric", "act_mean")
NAMES = tuple("abcdef")
NUMBERS = st.floats(width=32) | st.sampled_from([0.0, 1.0, -1.0, np.nan, np.inf, -np.inf])
WRITERS = (0, 1)

ROW = st.tuples(st.just("row"), st.sampled_from(WRITERS), st.lists(NUMBERS, max_size=6))
SOME = st.tuples(
    st.just("some"),
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
"""How far each writer's step goes on with each row; 0 repeats it."""


class Plain:
    """The same table as a list of rows, however many there are."""

    def __init__(self, kind):
        self.kind = kind
        self.names = ["a"]
        self.rows = []
        self.total = self.refused = 0

    def write(self, step, values):
        """Add a row; values by their columns."""
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


def write(table, plain, action, clocks, strides):
    what, writer, given_values = action
    if what == "widen":
        names = sorted(given_values)
        plain.widen(names)
        table.widen(names)
    elif what == "read":
        table.whole()
    elif what == "row":
        clocks[writer] += strides[writer]
        row = given_values[: len(plain.names)]
        table.append(clocks[writer], row)
        plain.write(clocks[writer], row)
    elif what == "some":
        clocks[writer] += strides[writer]
        known = {name: v for name, v in given_values.items() if name in plain.names}
        table.append_columns(clocks[writer], list(known), list(known.values()))
        plain.write(clocks[writer], [known.get(name, np.nan) for name in plain.names])
    else:
        length, seed, missing = given_values
        random = np.random.default_rng(seed)
        values = random.normal(size=(length, len(plain.names))).astype(np.float32)
        values[random.random(values.shape) < missing] = np.nan
        steps = clocks[writer] + strides[writer] * np.arange(1, length + 1)
        clocks[writer] = int(steps[-1])
        table.extend(steps, values)
        for step, row in zip(steps.tolist(), values, strict=True):
            plain.write(step, row)


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    actions=st.lists(ROW | SOME | BURST | WIDEN | READ, max_size=12),
    strides=STRIDES,
    limit=st.sampled_from([8, 64, 2048]),
)
@example("act_mean", [("burst", 0, (3000, 0, 0.99))], (1, 1), 8)
@example("loss", [("burst", 0, (3000, 0, 0.3))], (1, 1), 8)
@example("metric", [("burst", 0, (9000, 0, 0.0)), ("burst", 1, (9500, 1, 0.0))], (1, 1), 2048)
def test_a_table_holds_what_a_plain_list_holds(kind, actions, strides, limit):
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as smaller:  # so that few rows are folded again and again
        smaller.setattr(storage, "_MAX_ROWS", limit)
        smaller.setattr(storage, "_MIN_ROWS", min(limit, 128))
        table, plain, clocks = recorder.table("t", kind, ["a"]), Plain(kind), [0, 0]
        for action in actions:
            write(table, plain, action, clocks, strides)
    held, (steps, values) = table.whole(), plain.table()

    assert (held.total, recorder.refused, list(held.names)) == (
        plain.total,
        plain.refused,
        plain.names,
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
        holds_extremes(held.buckets, bucket, steps[start:end], values[start:end], sparse=sparse)
    for column in range(len(plain.names)):
        holds_points(table, column, steps, values[:, column], sparse=sparse)


def holds_extremes(buckets, bucket, steps, values, *, sparse):
    """Check that a bucket holds the extremes of its rows, at steps where they were recorded."""
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


def holds_points(table, column, steps, values, *, sparse):
    """Check that points rise, were all recorded, and go on to the newest one."""
    at, read = table.points(column)
    assert (np.diff(at) > 0).all()
    np.testing.assert_array_equal(read, values[np.searchsorted(steps, at)])
    assert not sparse or not np.isnan(read).any()
    tail = table.whole().steps
    newest = steps[np.isin(steps, tail) & ~(sparse & np.isnan(values))]
    assert not len(newest) or at[-1] == newest[-1]


@settings(max_examples=20, deadline=None)
@given(widths=st.lists(st.integers(1, 4000), min_size=2, max_size=6), rows=st.integers(1, 700))
def test_memory_is_bounded_whatever_the_columns_do(widths, rows):
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


def test_a_table_is_widened_up_to_4096_columns_and_a_notice_says_what_is_left_out():
    run = Run()
    first = [f"m{number}" for number in range(4000)]
    table = run.recorder.table("act_mean", "act_mean", first)
    more = [f"n{number}" for number in range(200)]
    assert run.recorder.table("act_mean", "act_mean", more) is table
    table.append_columns(1, more, np.arange(200.0))
    assert len(table.names) == 4096
    assert run.series("act_mean/n95")[1].tolist() == [95.0]
    with pytest.raises(KeyError):
        run.series("act_mean/n96")
    assert len(run.notices) == 1
    run.recorder.table("act_mean", "act_mean", more)
    assert len(run.notices) == 1


def test_a_module_called_every_third_step_has_its_own_points_only():
    run = Run()
    for step in range(1, 3001):
        called = ["always", "rare"] if step % 3 == 0 else ["always"]
        table = run.recorder.table("act_mean", "act_mean", called)
        table.append_columns(step, called, [step] * len(called))
    assert list(run.tables) == ["act_mean"]
    steps, values = run.series("act_mean/rare")
    assert (steps % 3 == 0).all()
    assert steps[-1] == 3000
    np.testing.assert_array_equal(values, steps)


def test_rows_that_go_back_are_counted_and_told_once():
    run = Run()
    table = run.recorder.table("grad_norm", "grad_norm", ["w"])
    for step in (1, 306, 122, 306, 307):
        table.append(step, [float(step)])
    assert run.series("grad_norm/w")[0].tolist() == [1, 306, 307]
    assert run.recorder.refused == 2
    assert ["only rise" in notice.text for notice in run.notices] == [True]


def test_two_threads_write_and_a_third_reads_without_losing_a_row():
    run = Run()
    table = run.recorder.table("grad_norm", "grad_norm", ["thread", "step"])
    rows, got, total = 20_000, [], 0
    written = threading.Barrier(3)
    counter = iter(range(1, 10**9))

    def work(thread):
        written.wait()
        for _ in range(rows):
            step = next(counter)
            table.append(step, [thread, step])

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    written.wait()
    alive = True
    while alive:
        alive = any(thread.is_alive() for thread in threads)
        new = table.rows_since(total)
        if new is None:  # folded in the meantime
            total = table.whole().total
            continue
        assert new.total == total + len(new.steps)
        np.testing.assert_array_equal(new.steps, new.values[:, 1])
        total = new.total
        got.append(new.steps)
    assert total == table.total
    assert total + run.recorder.refused == 2 * rows
    assert (np.diff(np.concatenate(got)) > 0).all()


def test_what_a_finalizer_reads_and_writes_in_the_middle_of_storing_is_whole(monkeypatch):
    """A finalizer may run at any moment; here it runs while rows are moved into the arrays."""
    run = Run()
    table = run.recorder.table("loss", "loss", ["loss"])
    seen = []

    def interrupted(pending, columns):
        if not seen:
            seen.append(run.series("loss")[0].tolist())
            run.log(finalized=1.0)
            table.append(4, 0.25)
        return concatenated(pending, columns)

    table.extend([1, 2], [1.0, 0.5])
    monkeypatch.setattr(row_buffer, "concatenated", interrupted)
    table.append(3, 0.5)
    assert run.series("loss")[0].tolist() == [1, 2, 3]
    assert seen == [[1, 2]]
    assert run.series("loss")[0].tolist() == [1, 2, 3, 4]
    assert run.series("finalized")[1].tolist() == [1.0]


def test_an_interrupt_in_the_middle_of_storing_loses_no_row(monkeypatch):
    table = Run().recorder.table("loss", "loss", ["loss"])

    def interrupted(pending, columns):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(row_buffer, "concatenated", interrupted)
    table.append(1, 1.0)
    table.append(2, 0.5)
    with pytest.raises(KeyboardInterrupt):
        table.points(0)
    assert table.points(0)[0].tolist() == [1, 2]


def test_rows_that_cannot_be_stored_do_not_stop_those_to_come():
    run = Run()
    table = run.recorder.table("loss", "loss", ["loss"])
    table.append(2**80, 1.0)
    assert table.points(0)[0].tolist() == []
    table.append(1, 0.5)
    assert table.points(0)[0].tolist() == [1]
    assert ["could not be recorded" in notice.text for notice in run.notices] == [True]


def test_as_many_values_as_names_are_taken():
    table = Run().recorder.table("act_mean", "act_mean", ["a", "b"])
    with pytest.raises(ValueError, match="2 names and 3 values"):
        table.append_columns(1, ["a", "b"], [1.0, 2.0, 3.0])
    assert table.total == 0


def test_no_lock_is_held_while_the_live_model_writes():
    run = Run()
    run.log(a=1.0)
    done = threading.Event()

    class Live:
        def write(self):
            reader = threading.Thread(
                target=lambda: (run.recorder.find("a")[0].whole(), done.set())
            )
            reader.start()
            reader.join(5)

        def steps(self):
            return 7

        def device_memory(self):
            return None

        def inspect(self, name):
            return None

        def findings(self):
            return ()

    run.attach(Live())
    assert run.series("a")[1].tolist() == [1.0]
    assert done.is_set()
    run.detach()
    assert run.steps == 7
