"""`other_loops_held` holds the loops of other threads at the end of a step."""

import threading

import pytest

from labkit.run import Run
from labkit.run.background.holding import other_loops_held
from labkit.run.control.request_queue import RequestRefusedError


class FakeLoop(threading.Thread):
    """Stands in for a training loop: counts steps until its run is stopped."""

    def __init__(self, run):
        super().__init__()
        self.training_run = run
        self.steps = 0

    def run(self):
        control = self.training_run.control
        control.owner = threading.get_ident()
        try:
            while True:
                self.steps += 1
                if control.pending:
                    control.at_step_end()
        except KeyboardInterrupt:
            return


@pytest.fixture
def loops():
    """Two runs that train on separate threads."""
    started = [FakeLoop(Run(name)) for name in "ab"]
    for loop in started:
        loop.start()
        loop.training_run.control.submit(lambda: None).result(timeout=10)
    yield started
    for loop in started:
        loop.training_run.stop()
        loop.join(timeout=10)
        assert not loop.is_alive()
        loop.training_run.close()


def test_loops_of_other_threads_take_no_step_while_held(loops):
    with other_loops_held():
        before = [loop.steps for loop in loops]
        loops[0].join(timeout=0.05)
        assert [loop.steps for loop in loops] == before
    for loop in loops:
        loop.training_run.control.submit(lambda: None).result(timeout=10)


def test_an_error_releases_the_held_loops(loops):
    with pytest.raises(ZeroDivisionError), other_loops_held():
        1 / 0  # noqa: B018 - raises
    for loop in loops:
        loop.training_run.control.submit(lambda: None).result(timeout=10)


def test_a_loop_that_ends_no_step_is_refused_and_the_others_are_released(loops):
    with Run("stuck") as stuck:
        ended = threading.Event()
        thread = threading.Thread(target=ended.wait)
        thread.start()
        stuck.control.owner = thread.ident
        with pytest.raises(RequestRefusedError, match="'stuck' trains on another thread"):
            other_loops_held().__enter__()
        ended.set()
        thread.join(timeout=10)
        for loop in loops:
            loop.training_run.control.submit(lambda: None).result(timeout=10)


def test_runs_of_this_thread_and_of_finished_threads_are_skipped():
    with Run("here") as here, Run("over") as over, Run("fresh"):
        here.control.owner = threading.get_ident()
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join(timeout=10)
        over.control.owner = thread.ident
        with other_loops_held():
            assert {here, over} <= set(Run.open_runs())
    assert not {here, over} & set(Run.open_runs())
