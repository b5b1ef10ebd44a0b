"""The bounds of the log of samples."""

import threading
from itertools import pairwise

import pytest

from labkit.run import LoggedSample
from labkit.run.logged import sample_log
from labkit.run.logged.sample_log import MAX_NAMES, MAX_STEPS, SampleLog
from labkit.run.notices import NoticeLog


def text(name, step, size=1):
    return LoggedSample(name, step, "text", b"x" * size, "")


def steps(log, name):
    return [sample.step for sample in log.samples(name)]


@pytest.fixture
def notices():
    return NoticeLog()


@pytest.fixture
def log(notices, monkeypatch):
    monkeypatch.setattr(sample_log, "MAX_BYTES", 1000)
    return SampleLog(notices)


def assert_spread(found, last):
    """Check that no two gaps differ by more than a factor of three."""
    assert (found[0], found[-1]) == (1, last)
    gaps = [after - before for before, after in pairwise(found)]
    assert max(gaps[:-1]) <= 3 * min(gaps[:-1])


def test_of_many_steps_the_first_the_newest_and_some_between_are_stored(log, notices):
    for step in range(1, 501):
        log.add(text("a", step, 100))
        found = steps(log, "a")
        assert len(found) == min(step, 10)
        assert_spread(found, step) if step > 2 else None
    assert notices.all() == ()
    assert (log.total, log.series()[0].logged) == (500, 500)


def test_the_number_of_steps_is_bounded():
    log = SampleLog()
    for step in range(1, 3 * MAX_STEPS):
        log.add(text("a", step))
    found = steps(log, "a")
    assert len(found) == MAX_STEPS
    assert_spread(found, 3 * MAX_STEPS - 1)


def test_names_that_take_little_space_have_all_their_steps(log):
    for step in range(1, 101):
        log.add(text("large", step, 200))
        log.add(text("small", step, 1))
    assert steps(log, "small") == list(range(1, 101))
    assert len(steps(log, "large")) == 4


def test_first_samples_are_discarded_last_with_a_notice(log, notices):
    for step in (1, 2, 3):
        for name in "abcd":
            log.add(text(name, step, 240))
    assert [steps(log, name)[-1] for name in "abcd"] == [3, 3, 3, 3]
    assert sum(len(each.content) for name in "abcd" for each in log.samples(name)) <= 1000
    assert len(notices.all()) == 1


def test_names_that_were_logged_long_ago_are_discarded_if_nothing_else_is_left(log, notices):
    for step, name in enumerate("abcdef"):
        log.add(text(name, step, 300))
    assert [each.name for each in log.series()] == ["d", "e", "f"]
    assert "a" in log
    assert log.at("a") is None
    log.add(text("f", 9, 2000))
    assert steps(log, "f") == [9]
    assert len(notices.all()) == 1


def test_the_number_of_names_is_bounded_with_a_notice(log, notices):
    for number in range(MAX_NAMES + 3):
        log.add(text(f"n{number}", 1))
    assert len(log.series()) == MAX_NAMES
    assert ["further names" in notice.text for notice in notices.all()] == [True]


def test_samples_of_slower_threads_are_stored_in_order(log):
    for step in (5, 2, 9, 2):
        log.add(text("a", step))
    assert steps(log, "a") == [2, 5, 9]
    assert [log.at("a", step).step for step in (0, 2, 6, 100)] == [2, 2, 5, 9]
    assert (log.at("a").step, log.series()[0].logged) == (9, 4)


def test_several_threads_add_and_read(log):
    def add(name):
        for step in range(200):
            log.add(text(name, step, 10))
            log.series()

    threads = [threading.Thread(target=add, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.total == 600
    stored = [log.samples(name) for name in "abc"]
    assert sum(len(each.content) for samples in stored for each in samples) <= 1000
    assert all(samples[-1].step == 199 for samples in stored)
