"""Pause, step, resume, stop and submitted work, from a thread other than the loop's."""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from labkit.run import Control, Run, Stopped
from labkit.run.control.request_queue import MAX_REQUESTS, RequestRefusedError


@pytest.fixture
def looping():
    """A function that starts a loop; loops are ended after the test."""
    loops = []

    def start(control):
        loops.append(FakeLoop(control))
        loops[-1].start()
        return loops[-1]

    yield start
    for loop in loops:
        loop.control.stop()
        loop.join(timeout=10)
        assert not loop.is_alive()


class FakeLoop(threading.Thread):
    """Stands in for a training loop: counts steps and runs submitted work."""

    def __init__(self, control: Control) -> None:
        super().__init__(daemon=True)
        self.control = control
        self.steps = 0
        self.moved = threading.Condition()
        self.stopped = False

    def run(self):
        try:
            while True:
                with self.moved:
                    self.steps += 1
                    self.moved.notify_all()
                if self.control.pending:
                    self.control.at_step_end()
        except Stopped:
            self.stopped = True

    def wait_for(self, steps):
        with self.moved:
            assert self.moved.wait_for(lambda: self.steps >= steps, timeout=10)


def test_pause_step_resume_and_stop_control_the_loop():
    control = Control()
    control.pause()
    loop = FakeLoop(control)
    loop.start()
    loop.wait_for(1)
    control.step()
    loop.wait_for(2)
    control.step()
    control.step()
    loop.wait_for(4)
    assert loop.steps == 4
    control.resume()
    loop.wait_for(100)
    control.stop()
    loop.join(timeout=10)
    assert loop.stopped


def test_stop_ends_a_paused_loop():
    control = Control()
    control.pause()
    loop = FakeLoop(control)
    loop.start()
    loop.wait_for(1)
    control.stop()
    loop.join(timeout=10)
    assert loop.stopped


def test_a_stop_is_not_caught_by_except_exception_and_ends_the_block():
    run = Run()
    with run:
        try:
            run.stop()
            run.control.at_step_end()
        except Exception:  # noqa: BLE001 - as in a user's loop
            pytest.fail("a stop must not be swallowed by the loop's own error handling")
    assert run.status == "stopped"


def test_closing_a_paused_run_clears_the_pause():
    run = Run()
    run.pause()
    run.close()
    assert not run.control.pending


def test_submitted_work_runs_on_the_training_thread_at_the_end_of_a_step(looping):
    control = Control()
    loop = looping(control)
    assert control.submit(threading.get_ident).result(timeout=10) == loop.ident


def test_submitted_work_runs_at_once_while_the_loop_is_paused(looping):
    control = Control()
    control.pause()
    loop = looping(control)
    loop.wait_for(1)
    idents = [control.submit(threading.get_ident).result(timeout=10) for _ in range(3)]
    assert idents == [loop.ident] * 3
    assert (loop.steps, control.paused) == (1, True)


def test_an_error_in_submitted_work_is_set_on_the_future_only(looping):
    control = Control()
    loop = looping(control)
    failing = control.submit(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        failing.result(timeout=10)
    loop.wait_for(loop.steps + 2)


def test_waiting_work_can_be_cancelled():
    control = Control()
    done = []
    future = control.submit(lambda: done.append(1))
    assert control.pending
    assert future.cancel()
    control.at_step_end()
    assert not done
    assert not control.pending


def test_work_submitted_on_the_training_thread_runs_at_once():
    control = Control()
    control.owner = threading.get_ident()
    assert (
        control.submit(lambda: control.submit(lambda: 3).result(timeout=0)).result(timeout=0) == 3
    )


def test_requests_above_the_limit_are_refused():
    control = Control()
    futures = [control.submit(lambda: 1) for _ in range(MAX_REQUESTS + 2)]
    with pytest.raises(RequestRefusedError, match=f"{MAX_REQUESTS} requests wait"):
        futures[-1].result(timeout=0)
    while control.pending:
        control.at_step_end()
    assert [future.result(timeout=0) for future in futures[:MAX_REQUESTS]] == [1] * MAX_REQUESTS


def test_work_longer_than_the_time_limit_runs_once_per_step():
    control = Control()
    done = []

    def work():
        done.append(1)
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass

    for _ in range(3):
        control.submit(work)
    for count in (1, 2, 3):
        assert control.pending
        control.at_step_end()
        assert len(done) == count
    assert not control.pending


def test_requests_of_the_loop_itself_are_executed_at_the_end_of_their_step():
    control = Control()
    control.owner = threading.get_ident()
    done = []

    def work():
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass
        done.append(1)

    with ThreadPoolExecutor() as pool:
        pool.submit(control.submit, work).result()
    for _ in range(2):
        control.submit(work, at_step_end=True)
    control.at_step_end()
    assert len(done) == 3


def test_closing_refuses_waiting_and_later_requests():
    control = Control()
    waiting = control.submit(lambda: 1)
    control.close()
    for future in (waiting, control.submit(lambda: 1)):
        with pytest.raises(RequestRefusedError, match="run has ended"):
            future.result(timeout=0)


def test_every_request_completes_or_is_refused_when_the_run_ends(looping):
    control = Control()
    loop = looping(control)
    futures = []
    asking = threading.Event()

    def ask():
        for _ in range(2000):
            futures.append(control.submit(lambda: 1))
            asking.set()

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for each in askers:
        each.start()
    assert asking.wait(timeout=10)
    control.stop()
    loop.join(timeout=10)
    control.close()
    for each in askers:
        each.join(timeout=10)
    assert len(futures) == 6000
    for future in futures:
        with contextlib.suppress(RequestRefusedError):
            assert future.result(timeout=0) == 1


def test_the_status_is_pausing_until_the_loop_waits(looping):
    run = Run()
    run.begin()
    run.pause()
    assert run.status == "pausing"
    loop = looping(run.control)
    run.control.submit(lambda: None).result(timeout=10)
    loop.wait_for(1)
    run.control.submit(lambda: None).result(timeout=10)
    assert run.status == "paused"
    run.resume()
    loop.wait_for(3)
    assert run.status == "running"


def test_the_status_is_pausing_before_the_first_step():
    run = Run()
    run.pause()
    assert run.status == "pausing"
    run.resume()
    assert run.status == "waiting"


def test_closing_releases_a_paused_loop_for_good(looping):
    run = Run()
    run.pause()
    loop = looping(run.control)
    loop.wait_for(1)
    run.close()
    loop.wait_for(10)
    run.pause()
    run.step()
    assert run.status == "finished"
    loop.wait_for(loop.steps + 10)
    loop.stopped = None
    loop.control = Control()  # a closed run does not stop a loop
    loop.control.stop()


def test_stopping_an_outer_run_ends_the_outer_block():
    after_inner = []
    with Run("outer") as outer:
        with Run("inner") as inner:
            outer.stop()
            outer.control.at_step_end()
        after_inner.append(1)
    assert not after_inner
    assert (outer.status, inner.status) == ("stopped", "interrupted")


def test_the_rate_of_steps_leaves_pauses_out(monkeypatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    run = Run("paused")
    run.advance_to(50)
    run.state()
    now += 1
    run.advance_to(100)
    rates = [run.state().steps_per_second]

    def pass_time():
        nonlocal now
        now += 60
        rates.append(run.state().steps_per_second)
        run.resume()

    run.control.while_paused = pass_time
    run.pause()
    run.control.at_step_end()
    now += 1
    run.advance_to(150)
    rates.append(run.state().steps_per_second)
    assert rates == [50, 50, 50]
    assert run.elapsed == 62
    run.close()


@pytest.mark.parametrize("by", ["signal", "request"])
def test_an_interrupt_of_a_paused_loop_ends_the_pause(by):
    def interrupt():
        if by == "signal":
            raise KeyboardInterrupt
        control.interrupt(lambda: True)

    control = Control()
    control.while_paused = interrupt
    control.pause()
    with pytest.raises(KeyboardInterrupt):
        control.at_step_end()
    assert not control.pausing
    control.at_step_end()
