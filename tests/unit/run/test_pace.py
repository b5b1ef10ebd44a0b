"""The pace of a loop: when steps begin, with a clock that the test sets, and what ends a wait."""

import fractions
import math
import signal
import threading

import numpy as np
import pytest

from labkit.run import Control, Run, Stopped
from labkit.run.control.pace import Pace

MS = 1_000_000


class Clock:
    def __init__(self):
        self.now_ns = 0

    def __call__(self):
        return self.now_ns


class Loop:
    """A loop whose steps take times that the test sets, and whose waits take no time."""

    def __init__(self, rate):
        self.clock = Clock()
        self.pace = Pace(self.clock)
        self.pace.rate = rate
        self.begins, self.ends = [], []

    def step(self, took_ms, overslept_ms=0.0):
        self.begins.append(self.clock.now_ns / MS)
        self.clock.now_ns += round(took_ms * MS)
        self.ends.append(self.clock.now_ns / MS)
        self.pace.end_step()
        left_ns = self.pace.left_ns()
        if left_ns > 0:
            self.clock.now_ns += left_ns + round(overslept_ms * MS)
        self.pace.begin_step()


def test_steps_begin_at_equal_intervals_without_drift_though_waits_take_too_long():
    loop = Loop(rate=10)
    for number in range(1000):
        loop.step(took_ms=1 + number % 7, overslept_ms=3)
    assert loop.begins[1:] == [pytest.approx(100 * number + 3) for number in range(1, 1000)]


def test_a_slow_step_is_not_caught_up_with():
    loop = Loop(rate=10)
    for took_ms in (5, 5, 730, 5, 5, 5):
        loop.step(took_ms)
    slow_end = loop.ends[2]
    assert slow_end == pytest.approx(930)
    assert loop.ends[3:] == [pytest.approx(slow_end + 100 * number) for number in (1, 2, 3)]


def test_the_first_step_can_be_seen_for_as_long_as_the_others():
    loop = Loop(rate=2)
    loop.step(took_ms=900)
    loop.step(took_ms=1)
    assert loop.begins[1] == pytest.approx(1400)


def test_steps_that_are_slower_than_the_pace_do_not_wait():
    loop = Loop(rate=10)
    for _ in range(20):
        loop.step(took_ms=120)
    assert loop.begins[2:] == loop.ends[1:-1]


def test_a_pause_is_not_caught_up_with():
    loop = Loop(rate=10)
    loop.step(took_ms=5)
    loop.begins.append(loop.clock.now_ns / MS)
    loop.clock.now_ns += 5 * MS
    loop.pace.end_step()
    loop.clock.now_ns += 60_000 * MS  # paused
    loop.pace.begin_step()
    resumed = loop.clock.now_ns / MS
    for _ in range(3):
        loop.step(took_ms=5)
    assert loop.begins[2:] == [pytest.approx(resumed + 100 * number) for number in range(3)]


@pytest.mark.parametrize(("rate", "left_ms"), [(1, 995), (100, 5), (1000, -4)])
def test_a_change_of_the_pace_concerns_the_wait_under_way(rate, left_ms):
    loop = Loop(rate=10)
    loop.clock.now_ns += 5 * MS
    loop.pace.end_step()
    loop.pace.rate = rate
    assert loop.pace.left_ns() == left_ms * MS


def test_a_higher_pace_is_not_followed_by_steps_that_make_up_for_the_lower_one():
    loop = Loop(rate=1)
    loop.step(took_ms=1)
    loop.clock.now_ns += MS
    loop.pace.end_step()
    loop.clock.now_ns += 500 * MS
    loop.pace.rate = 100
    loop.pace.begin_step()
    changed = loop.clock.now_ns / MS
    for _ in range(3):
        loop.step(took_ms=1)
    assert loop.begins[1:] == [pytest.approx(changed + 10 * number) for number in range(3)]


@pytest.mark.parametrize("pace", [1, 1000, 2.5, np.float32(20), np.int64(7), fractions.Fraction(5)])
def test_real_numbers_are_taken(pace):
    run = Run()
    run.pace = pace
    assert run.pace == float(pace)
    assert run.state().pace == float(pace)


@pytest.mark.parametrize("pace", [0, 0.5, -3, 1001, math.nan, math.inf, 10**400])
def test_numbers_out_of_range_are_refused(pace):
    run = Run()
    with pytest.raises(ValueError, match=r"out of range.*1 to 1,000, or None.*run\.pace = 20"):
        run.pace = pace
    assert run.pace is None


@pytest.mark.parametrize("pace", ["20", True, [20], 2j])
def test_what_is_no_number_is_refused(pace):
    with pytest.raises(TypeError, match=r"steps per second, or None .* not .*run\.pace = 20"):
        Run().pace = pace


def test_a_pace_of_an_ended_run_has_no_effect():
    run = Run()
    run.close()
    run.pace = 5
    assert run.pace == 5
    assert not run.control.pending
    run.pace = None
    assert not run.control.pending


# ── a loop that waits ────────────────────────────────────────────────────────


def endless_wait():
    """Return a control with a pace, and a clock that stands still: no wait ends by itself."""
    control = Control()
    control.pace = Pace(Clock())
    control.set_pace(1)
    return control


class WaitingLoop(threading.Thread):
    """Takes two steps, with an endless wait between them."""

    def __init__(self):
        super().__init__(daemon=True)
        self.control = endless_wait()
        self.waits = threading.Semaphore(0)
        self.control.wait_begins = self.waits.release
        self.steps = 0
        self.raised = None

    def run(self):
        try:
            while self.steps < 2:
                self.steps += 1
                self.control.at_step_end()
        except KeyboardInterrupt as error:
            self.raised = error


@pytest.fixture
def loop():
    """A loop that waits for its pace after its first step."""
    waiting = WaitingLoop()
    waiting.start()
    assert waiting.waits.acquire(timeout=10)
    yield waiting
    waiting.control.close()
    waiting.join(timeout=10)
    assert not waiting.is_alive()


def test_a_stop_ends_the_wait(loop):
    loop.control.stop()
    loop.join(timeout=10)
    assert isinstance(loop.raised, Stopped)
    assert loop.steps == 1


def test_an_interrupt_ends_the_wait(loop):
    loop.control.interrupt(lambda: True)
    loop.join(timeout=10)
    assert isinstance(loop.raised, KeyboardInterrupt)
    assert not isinstance(loop.raised, Stopped)


def test_a_signal_ends_the_wait():
    control = endless_wait()
    main = threading.main_thread().ident
    sender = threading.Thread(target=signal.pthread_kill, args=(main, signal.SIGINT))
    control.wait_begins = sender.start
    with pytest.raises(KeyboardInterrupt):
        control.at_step_end()
    sender.join(timeout=10)


def test_the_end_of_the_run_ends_the_wait(loop):
    loop.control.close()
    loop.join(timeout=10)
    assert loop.steps == 2


def test_submitted_functions_are_executed_during_the_wait(loop):
    for _ in range(3):
        assert loop.control.submit(threading.get_ident).result(timeout=10) == loop.ident
    assert loop.steps == 1


def test_full_speed_ends_the_wait(loop):
    loop.control.set_pace(None)
    loop.join(timeout=10)
    assert loop.steps == 2
    assert not loop.control.pending


def test_a_pause_during_the_wait_is_a_pause_and_steps_are_taken_at_once(loop):
    paused = threading.Event()
    loop.control.pause_begins = paused.set
    loop.control.step()  # a running loop is paused
    assert paused.wait(timeout=10)
    assert (loop.control.paused, loop.steps) == (True, 1)
    paused.clear()
    loop.control.step()
    assert paused.wait(timeout=10)
    assert loop.steps == 2


def test_the_rest_of_the_period_is_waited_for_after_a_short_pause(loop):
    paused = threading.Event()
    loop.control.pause_begins = paused.set
    loop.control.pause()
    assert paused.wait(timeout=10)
    loop.control.resume()
    assert loop.waits.acquire(timeout=10)
    assert (loop.control.paused, loop.steps) == (False, 1)
