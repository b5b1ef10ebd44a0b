"""The number of steps that a run is to have, read from progress bars of tqdm."""

import functools
import os

import pytest

from .counted_loop import loader


def test_a_loop_over_a_bar_of_tqdm_has_the_length_of_what_it_shows(loop):
    tqdm = pytest.importorskip("tqdm")
    silent = {"disable": True}
    data = loader()
    bar = tqdm.tqdm(data, **silent)
    with loop.watch():
        for _ in tqdm.trange(2, **silent):
            for _batch in bar:
                loop.step()
    assert loop.known == {6}
    loop.totals.clear()
    with loop.watch():
        for _number, _batch in enumerate(tqdm.tqdm(data, total=99, **silent)):
            loop.step()
    assert loop.known == {3}


@pytest.fixture
def bar(monkeypatch):
    """Return a function that makes a bar which writes to nowhere."""
    tqdm = pytest.importorskip("tqdm")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
        yield functools.partial(tqdm.tqdm, file=nowhere)


def test_a_bar_that_is_updated_at_each_step_of_a_while_loop_has_the_length(loop, bar):
    with loop.watch() as run, bar(total=12, desc="training") as progress:
        while run.steps < 12:
            loop.step()
            progress.update()
        assert run.state().length_source == "tqdm: training"
    assert loop.totals == [None] + [12] * 11


def test_a_bar_around_an_iterator_of_unknown_length_has_the_remaining_steps(loop, bar):
    with loop.watch() as run:
        progress = bar((None for _ in range(60)), total=60, miniters=1, mininterval=0)
        for _ in progress:
            loop.step()
            if run.steps == 50:
                state = run.state()
    assert state.remaining * state.steps_per_second == pytest.approx(10, abs=1)


def test_a_bar_of_an_inner_loop_says_nothing(loop, bar):
    with loop.watch() as run:
        while run.steps < 60:
            progress = bar(total=30)
            for _ in iter(range(30)):
                loop.step()
                progress.update()
    assert loop.known == set()


def test_a_bar_of_epochs_is_no_bar_of_steps(loop, bar):
    with loop.watch() as run, bar(total=4) as progress:
        while run.steps < 40:
            loop.step()
            if run.steps % 10 == 0:
                progress.update()
            assert run.state().remaining is None
    assert loop.known == set()
