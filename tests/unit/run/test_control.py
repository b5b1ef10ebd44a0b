"""Controls: asked for on one thread, done by the loop on another."""

import threading

import pytest

from labkit.run import Control, Run, Stopped


class Loop(threading.Thread):
    """Counts steps the way a training loop does."""

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


def test_pause_step_resume_and_stop():
    control = Control()
    control.pause()
    loop = Loop(control)
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
    loop = Loop(control)
    loop.start()
    loop.wait_for(1)
    control.stop()
    loop.join(timeout=10)
    assert loop.stopped


def test_a_stop_passes_except_exception_and_ends_the_block_quietly():
    run = Run()
    with run:
        try:
            run.stop()
            run.control.at_step_end()
        except Exception:  # noqa: BLE001 - what a user's loop may hold
            pytest.fail("a stop must not be swallowed by the loop's own error handling")
    assert run.status == "stopped"


def test_closing_lets_a_paused_loop_go():
    run = Run()
    run.pause()
    run.close()
    assert not run.control.pending
