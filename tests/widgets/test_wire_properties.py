"""After any sequence of messages, pages have the series of the run."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.run import Run
from labkit.run.series import storage
from labkit.run.series.kinds import SAMPLED_KINDS
from labkit.views import message_builders, run_updates
from labkit.views.channel import RunChannel
from labkit.views.fragments import MAX_MESSAGE_BYTES, Fragmenter
from labkit.views.run_updates import RunUpdates

from .page import Page

TABLES = {
    "loss": ("loss", ["loss"]),
    "lr": ("lr", ["0"]),
    "metric/accuracy": ("metric", ["accuracy"]),
    "act_mean": ("act_mean", ["a"]),
    "grad_norm": ("grad_norm", ["x", "y", "z"]),
}
MODULES = "abcdefgh"

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
    """A channel to pages in this process, to which some messages are lost.

    With `paced`, pending tables follow with frames, as while a run goes on.
    """

    pages, lost, paced, largest = (), False, False, 0

    def _post_rest_of_ended_run(self):
        if not self.paced:
            super()._post_rest_of_ended_run()

    def send(self, content, buffers=None):
        self.lost, lost = False, self.lost
        size = len(json.dumps(content)) + sum(map(len, buffers or []))
        self.largest = max(self.largest, size)
        for number, page in enumerate(self.pages):
            if not (lost and number == 0):
                page.receive(content, buffers or [])


class Training:
    """A run that grows step by step, and two pages that show it."""

    def __init__(self, *, paced=False):
        self.run = Run()
        self.run.close()  # the test publishes frames
        self.wire = Wire(self.run)
        self.wire.pages, self.wire.paced = [Page(), Page()], paced
        self.step = 0

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
            if kind != "loss" and rows < 150:  # merging with a NaN hides the maximum of a loss
                values[random.random(values.shape) < 0.2] = np.nan
            table.extend(range(self.step + 1, self.step + 1 + rows), values)
            self.step += rows

    def publish(self):
        self.wire.publish()
        if any(page.greets for page in self.wire.pages):
            self.hello()

    def hello(self):
        self.wire._on_message(
            None,
            {"type": "hello", "protocol": message_builders.PROTOCOL_VERSION, "again": True},
            [],
        )


@settings(max_examples=100, deadline=None)
@given(
    actions=st.lists(ROWS | AGAIN | WIDEN | PUBLISH | HELLO, max_size=30),
    limit=st.sampled_from([16, 256, 2048]),
    room=st.sampled_from([0, 5_000, run_updates.MAX_COMPLETE_BYTES]),
    most=st.sampled_from([2_000, MAX_MESSAGE_BYTES]),
    paced=st.booleans(),
)
def test_pages_have_the_series_of_the_run(actions, limit, room, most, paced):
    training = Training(paced=paced)
    training.wire._fragmenter = Fragmenter(max_bytes=most)
    with pytest.MonkeyPatch.context() as smaller:  # so that rows are folded on both sides
        smaller.setattr(storage, "_MAX_ROWS", limit)
        smaller.setattr(storage, "_MIN_ROWS", min(limit, 128))
        smaller.setattr(run_updates, "MAX_COMPLETE_BYTES", room)
        for action in actions:
            training.act(*action)
        training.publish()
        while training.wire._updates.has_more:
            training.publish()
        assert not any(page.pending for page in training.wire.pages)
    assert training.wire.largest <= most
    for page in training.wire.pages:
        assert set(page.tables) >= {id for id, b in training.run.tables.items() if b.total}
        for id, shown in page.tables.items():
            same(training.run.tables[id], shown)


def same(table, shown):
    """Check that a table of a page has the columns, newest row, extremes and points of the run."""
    held = table.whole()
    assert shown.names == list(held.names)
    assert len(shown.rows) <= held.limit
    assert len(shown.buckets) <= held.limit
    for column in range(len(shown.names)):
        steps, values = table.points(column)
        at, read = shown.points(column)
        assert (np.diff(at) > 0).all()
        assert at[-1:].tolist() == steps[-1:].tolist()
        if not len(held.buckets) and not shown.buckets:
            np.testing.assert_array_equal(at, steps)
            np.testing.assert_array_equal(read, values)
        if not len(values):
            continue
        np.testing.assert_equal(np.fmax.reduce(read), np.fmax.reduce(values))
        np.testing.assert_equal(np.fmin.reduce(read), np.fmin.reduce(values))
        both, ours, theirs = np.intersect1d(steps, at, return_indices=True)
        np.testing.assert_array_equal(values[ours], read[theirs])
        assert len(both) > 0


SIZES = st.tuples(
    st.integers(1, 12),  # tables
    st.sampled_from([1, 7, 64, 300, 4096, 6000]),  # columns
    st.sampled_from([0, 1, 100, 700]),  # rows
)


@settings(max_examples=10, deadline=None)
@given(
    groups=st.lists(SIZES, min_size=1, max_size=3),
    steps_meanwhile=st.integers(0, 3),
    paced=st.booleans(),
)
def test_a_new_page_receives_a_run_of_any_size_in_bounded_messages(groups, steps_meanwhile, paced):
    training = Training(paced=paced)
    kinds, random = sorted(SAMPLED_KINDS), np.random.default_rng(0)
    for group, (count, columns, rows) in enumerate(groups):
        names = [f"block.{number // 12}.part{number % 12}.weight" for number in range(columns)]
        for number in range(count if columns < 1000 else min(count, 2)):
            table = training.run.add_table(f"{group}/{number}", kinds[number], names)
            table.extend(range(1, rows + 1), random.random((rows, columns), np.float32))
    loss = training.run.add_table("loss", "loss", ["loss"])
    loss.extend(range(1, 5001), [50.0 if step == 700 else 1.0 for step in range(1, 5001)])
    page, _ = training.wire.pages
    training.hello()
    assert page.tables["loss"].points(0)[1].max() == 50.0
    for step in range(5001, 5001 + steps_meanwhile):
        loss.append(step, 1.0)
        training.wire.publish()
    while page.pending:
        training.wire.publish()
    training.wire.publish()
    assert training.wire.largest <= MAX_MESSAGE_BYTES
    assert set(page.tables) == set(training.run.tables)
    for id, table in training.run.tables.items():
        for column in {0, len(table.names) - 1}:
            for sent, recorded in zip(
                page.tables[id].points(column), table.points(column), strict=True
            ):
                np.testing.assert_array_equal(sent, recorded)


def test_a_page_shows_its_previous_tables_until_new_ones_arrive(monkeypatch):
    monkeypatch.setattr(run_updates, "MAX_COMPLETE_BYTES", 0)
    training = Training(paced=True)
    for id, kind in (("loss", "loss"), ("grad_norm", "grad_norm")):
        training.run.add_table(id, kind, [id]).extend([1, 2], [1.0, 2.0])
    page, _ = training.wire.pages
    training.hello()
    training.wire.publish()
    assert not page.pending
    training.run.tables["grad_norm"].append(3, 3.0)
    training.hello()
    assert page.pending == {"grad_norm"}
    assert page.tables["grad_norm"].points(0)[0].tolist() == [1, 2]
    training.wire.publish()
    assert page.tables["grad_norm"].points(0)[0].tolist() == [1, 2, 3]


def test_a_row_written_between_two_reads_is_sent(monkeypatch):
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


def test_the_rows_of_a_frame_that_failed_are_in_the_next(monkeypatch):
    training = Training()
    loss = training.run.add_table("loss", "loss", ["loss"])
    training.hello()
    loss.append(1, 1.0)
    with monkeypatch.context() as broken:
        broken.setattr(RunUpdates, "_state", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            training.wire.publish()
    training.wire.publish()
    (page, _) = training.wire.pages
    assert page.tables["loss"].points(0)[0].tolist() == [1]


def test_rows_are_sent_after_a_snapshot_that_failed(monkeypatch):
    training = Training()
    loss = training.run.add_table("loss", "loss", ["loss"])
    training.hello()
    loss.append(1, 1.0)
    with monkeypatch.context() as broken:
        broken.setattr(RunUpdates, "_state", lambda self: 1 / 0)
        training.hello()
    training.wire.publish()
    (page, _) = training.wire.pages
    assert page.tables["loss"].points(0)[0].tolist() == [1]


@pytest.mark.parametrize("most", [400, MAX_MESSAGE_BYTES])
def test_names_that_utf_8_cannot_encode_are_sent_with_a_question_mark(most):
    training = Training()
    training.wire._fragmenter = Fragmenter(max_bytes=most)
    for name in ("na\ud800me", "\U0001f600"):
        training.run.add_table(f"metric/{name}", "metric", [name]).append(1, 1.0)
    training.hello()
    assert training.wire.largest <= most
    for page in training.wire.pages:
        assert set(page.tables) == {"metric/na?me", "metric/\U0001f600"}
        for table in page.tables.values():
            assert "".join(table.names).encode()


@pytest.mark.parametrize(("tables", "columns", "rows"), [(13, 1000, 10), (3, 1, 2000)])
def test_a_page_has_every_row_of_a_run_that_ends_with_more_than_one_frame_holds(
    tables, columns, rows
):
    training = Training()
    names = [f"w{number}" for number in range(columns)]
    for kind in sorted(SAMPLED_KINDS)[:tables]:
        training.run.add_table(kind, kind, names)
    for table in training.run.tables.values():
        table.append(1, np.zeros(columns))
    training.hello()
    values = np.random.default_rng(0).random((rows, columns), np.float32)
    for table in training.run.tables.values():
        table.extend(range(2, rows + 2), values)
    training.wire.publish()
    for page in training.wire.pages:
        for id, table in training.run.tables.items():
            np.testing.assert_array_equal(page.tables[id].points(0), table.points(0))
