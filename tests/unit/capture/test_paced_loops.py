"""Loops with a pace: one wait for each training step, in which everything is read."""

import time

import pytest
import torch
import torch.nn.functional as F

import labkit as lk
from labkit.capture.readings.parameter_readings import NormReading
from labkit.run import Stopped

from .models import Net, batch, train

STEPS = 60
STEP_SECONDS = 0.002


class TestClock:
    """The clock of the process, by which code takes no time and waits are over at once."""

    __test__ = False

    def __init__(self, monkeypatch):
        self.now_ns = time.perf_counter_ns()
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self.now_ns)

    def advance(self, seconds):
        self.now_ns += round(seconds * 1e9)

    def skip_waits(self, run):
        """End each wait of a run as it begins; return the list of their durations in s."""
        waits, pace = [], run.control.pace

        def skip():
            waits.append(pace.left_ns() / 1e9)
            pace.waited_ns += pace.left_ns()
            self.now_ns += pace.left_ns()

        run.control.wait_begins = skip
        return waits


@pytest.fixture
def clock(monkeypatch):
    return TestClock(monkeypatch)


def train_paced(clock, model, run, steps=STEPS, step_seconds=STEP_SECONDS):
    """Train with steps of a duration; return the waits."""
    waits, (x, y) = clock.skip_waits(run), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        clock.advance(step_seconds)
        optimizer.step()
    return waits


def test_all_that_is_drawn_is_read_at_each_step_as_the_time_is_spare(clock):
    model = Net()
    with lk.watch(model, pace=20, show=False) as run:
        waits = train_paced(clock, model, run)
    assert waits[1:] == [pytest.approx(0.05 - STEP_SECONDS)] * (STEPS - 1)
    for name in ("grad_norm/fc1.weight", "weight_norm/fc1.weight", "act_mean/fc1"):
        assert run.series(name)[0].tolist() == list(range(1, STEPS + 1))
    assert run.activations.at("fc1", "units").step == STEPS
    assert run.histograms.at("grad/fc1.weight")[0] == STEPS
    (span,) = run.graph_history
    assert (span.first, span.last) == (1, STEPS)


def test_steps_that_are_slower_than_the_pace_are_read_within_the_budget_and_do_not_wait(clock):
    model = Net()
    with lk.watch(model, pace=20, show=False) as run:
        waits = train_paced(clock, model, run, step_seconds=0.06)
    assert len(waits) <= 1  # the first step
    assert len(run.series("act_mean/fc1")[0]) < STEPS / 2


@pytest.fixture
def set_cost(clock, monkeypatch):
    """A function that sets how long the norms of gradients take to read."""

    def set_seconds(seconds):
        original = NormReading.before_update

        def read(reading, context):
            clock.advance(seconds)
            return original(reading, context)

        monkeypatch.setattr(NormReading, "before_update", read)

    return set_seconds


def test_readings_in_spare_time_cost_nothing_and_delay_no_step(clock, set_cost):
    set_cost(seconds=0.02)
    model = Net()
    with lk.watch(model, pace=20, show=False) as run:
        waits = train_paced(clock, model, run)
        assert waits[1:] == [pytest.approx(0.05 - 0.02 - STEP_SECONDS)] * (STEPS - 1)
        totals = run.cost_totals
        assert totals.watching_ns == 0
        assert totals.loop_ns == pytest.approx(STEPS * STEP_SECONDS * 1e9, rel=0.01)
        assert run.cost == 0
        assert not run.state().getting_started
    assert len(run.series("grad_norm/fc1.weight")[0]) == STEPS
    assert run.state().steps_per_second == pytest.approx(20, rel=0.05)


def test_readings_that_take_longer_than_the_spare_time_are_taken_within_the_budget(clock, set_cost):
    set_cost(seconds=0.08)
    model = Net()
    with lk.watch(model, pace=20, show=False) as run:
        waits = train_paced(clock, model, run, steps=200)
        assert run.cost > 0
    read = len(run.series("grad_norm/fc1.weight")[0])
    assert read < 60
    assert len(waits) >= 200 - read
    assert len(run.series("act_mean/fc1")[0]) > 150


def test_everything_is_read_soon_after_the_pace_is_taken_away():
    model = Net()
    with lk.watch(model, pace=1000, show=False) as run:
        train(model, steps=30)
        run.pace = None
        train(model, steps=200)
    steps, _ = run.series("grad_norm/fc1.weight")
    assert (steps > 30).sum() > 5


@pytest.mark.parametrize("parts", [1, 4])
def test_accumulated_passes_have_one_wait(clock, parts):
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, pace=10, show=False) as run:
        waits = clock.skip_waits(run)
        for _ in range(20):
            for _ in range(parts):
                F.cross_entropy(model(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
    assert len(waits) == run.steps == 20


def test_two_optimizers_have_one_wait_for_each_round(clock):
    model, (x, y) = Net(), batch()
    optimizers = [torch.optim.SGD(layer.parameters(), lr=0.1) for layer in (model.fc1, model.fc2)]
    with lk.watch(model, pace=10, show=False) as run:
        waits = clock.skip_waits(run)
        for _ in range(20):
            model.zero_grad()
            F.cross_entropy(model(x), y).backward()
            for optimizer in optimizers:
                optimizer.step()
    assert run.steps == 20
    assert len(waits) == 20


def test_no_step_is_on_the_general_path_without_a_pace():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=5)
        assert not run.control.pending
        run.pace = 1000
        assert run.control.pending
        train(model, steps=5)
        run.pace = None
        assert not run.control.pending


def test_a_stop_in_the_wait_ends_the_block_after_this_step(clock):
    model = Net()
    with lk.watch(model, pace=10, show=False) as run:
        run.control.wait_begins = run.stop
        with pytest.raises(Stopped):
            train(model)
    assert (run.steps, run.status) == (1, "stopped")


def test_an_invalid_pace_is_refused_before_anything_is_attached():
    model = Net()
    with pytest.raises(ValueError, match=r"pace=0 is out of range.*lk\.watch\(model, pace=20\)"):
        lk.watch(model, pace=0, show=False)
    with pytest.raises(TypeError, match=r"pace takes a number .* not str"):
        lk.watch(model, pace="20", show=False)
    assert lk.Run.open_runs() == []
