"""What pages hold after any sequence of messages is what the run holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.run import Run, storage
from labkit.views import protocol
from labkit.views.channel import RunChannel

from .page import Page

TABLES = {
    "loss": ("loss", ["loss"]),
    "lr": ("lr", ["0"]),
    "metric/accuracy": ("metric", ["accuracy"]),
    "act_mean": ("act_mean", ["a"]),
    "grad_norm": ("grad_norm", ["x", "y", "z"]),
}
MODULES = "abcdefgh"
LEAST_ROOM = protocol.MOST_FRAME_BYTES // 4

ROWS = st.tuples(
    st.just("rows"),
    st.sampled_from(sorted(TABLES)),
    st.tuples(st.sampled_from([1, 1, 2, 7, 150, 600]), st.integers(0, 9)),
)
AGAIN = st.tuples(st.just("again"), st.just("metric/accuracy"), st.integers(0, 9))
WIDEN = st.tuples(
    st.just("widen"), st.sampled_from(["act_mean", "lr"]), st.sets(st.sampled_from(MODULES))
)
PUBLISH = st.tuples(st.just("publish"), st.just(""), st.booleans())
HELLO = st.tuples(st.just("hello"), st.just(""), st.none())


class Wire(RunChannel):
    """A channel whose messages go to pages in this process; some are lost."""

    def send(self, content, buffers=None):
        self.lost, lost = False, self.lost
        for number, page in enumerate(self.pages):
            if not (lost and number == 0):
                page.receive(content, buffers or [])


class Training:
    """A run that grows step by step, and two pages that show it."""

    def __init__(self):
        self.run = Run()
        self.run.close()  # frames are asked for by hand
        self.wire = Wire(self.run)
        self.wire.pages, self.wire.lost = [Page(), Page()], False
        self.step = 0
        self.unsent, self.thinned = {}, set()

    def act(self, what, id, given_):
        if what == "publish":
            self.wire.lost = given_
            self.publish()
        elif what == "hello":
            self.hello()
        elif what == "again":
            if id in self.run.tables and len(self.run.tables[id].points(0)[0]):
                newest = int(self.run.tables[id].points(0)[0][-1])
                self.run.tables[id].append(newest, float(given_))
        else:
            kind, names = TABLES[id]
            table = self.run.recorder.table(id, kind, names)
            if what == "widen":
                self.run.recorder.table(id, kind, sorted(given_))
                return
            rows, seed = given_
            random = np.random.default_rng(seed)
            values = random.normal(size=(rows, len(table.names))).astype(np.float32)
            if kind != "loss" and rows < 150:  # where NaN is a value it hides the maximum beside it
                values[random.random(values.shape) < 0.2] = np.nan
            table.extend(range(self.step + 1, self.step + 1 + rows), values)
            self.step += rows
            self.unsent[id] = self.unsent.get(id, 0) + rows

    def publish(self):
        for id, rows in self.unsent.items():
            if rows * (4 * len(self.run.tables[id].names) + 8) > LEAST_ROOM:
                self.thinned.add(id)
        self.unsent.clear()
        self.wire.publish()
        if any(page.greets for page in self.wire.pages):
            self.hello()

    def hello(self):
        self.wire._on_message(None, {"type": "hello", "protocol": protocol.PROTOCOL_VERSION}, [])
        self.unsent.clear()
        self.thinned.clear()


@settings(max_examples=100, deadline=None)
@given(
    actions=st.lists(ROWS | AGAIN | WIDEN | PUBLISH | HELLO, max_size=30),
    limit=st.sampled_from([16, 256, 2048]),
)
def test_pages_hold_what_the_run_holds(actions, limit):
    training = Training()
    with pytest.MonkeyPatch.context() as smaller:  # so that rows are folded on both sides
        smaller.setattr(storage, "_MAX_ROWS", limit)
        smaller.setattr(storage, "_MIN_ROWS", min(limit, 128))
        for action in actions:
            training.act(*action)
        training.publish()
        training.publish()  # what did not fit into the first one
    for page in training.wire.pages:
        assert set(page.tables) >= {id for id, b in training.run.tables.items() if b.total}
        for id, shown in page.tables.items():
            same(training.run.tables[id], shown, thinned=id in training.thinned)


def same(table, shown, *, thinned):
    """Check that a page's table has the run's columns, newest row, extremes and points."""
    held = table.whole()
    assert shown.names == list(held.names)
    assert len(shown.rows) <= held.limit
    assert len(shown.buckets) <= held.limit
    for column in range(len(shown.names)):
        steps, values = table.points(column)
        at, read = shown.points(column)
        assert (np.diff(at) > 0).all()
        assert at[-1:].tolist() == steps[-1:].tolist()
        if not len(held.buckets) and not shown.buckets and not thinned:
            np.testing.assert_array_equal(at, steps)
            np.testing.assert_array_equal(read, values)
        if not len(values):
            continue
        np.testing.assert_equal(np.fmax.reduce(read), np.fmax.reduce(values))
        if thinned:
            continue
        np.testing.assert_equal(np.fmin.reduce(read), np.fmin.reduce(values))
        both, ours, theirs = np.intersect1d(steps, at, return_indices=True)
        np.testing.assert_array_equal(values[ours], read[theirs])
        assert len(both) > 0


def test_a_row_written_between_two_reads_reaches_the_page(monkeypatch):
    training = Training()
    loss = training.run.add_table("loss", "loss", ["loss"])
    original = type(loss).rows_since

    def and_meanwhile(self, total):
        found = original(self, total)
        if self.total == 3:
            self.append(4, 0.1)
            self.points(0)
        return found

    monkeypatch.setattr(type(loss), "rows_since", and_meanwhile)
    training.hello()
    loss.extend([1, 2, 3], [1.0, 1.0, 1.0])
    training.wire.publish()
    loss.append(5, 0.1)
    training.wire.publish()
    (page, _) = training.wire.pages
    assert page.tables["loss"].points(0)[0].tolist() == [1, 2, 3, 4, 5]


def test_rows_are_sent_again_where_a_frame_could_not_be_made(monkeypatch):
    training = Training()
    loss = training.run.add_table("loss", "loss", ["loss"])
    training.hello()
    loss.append(1, 1.0)
    with monkeypatch.context() as broken:
        broken.setattr(Wire, "_facts", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            training.wire.publish()
    training.wire.publish()
    (page, _) = training.wire.pages
    assert page.tables["loss"].points(0)[0].tolist() == [1]
