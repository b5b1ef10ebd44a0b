"""The measured cost of watching, with a clock that the test sets."""

import time

import pytest
import torch
import torch.nn.functional as F

import labkit as lk

from .models import Net, batch, train


def test_cost_is_a_fraction_of_the_loop_time():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=50)
    assert 0 < run.cost < 1
    assert run.state().budget == 0.03


class AdjustableClock:
    """The clock of the process, which a test can advance."""

    def __init__(self, monkeypatch):
        self._clock, self._added_ns = time.perf_counter_ns, 0
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self._clock() + self._added_ns)

    def advance(self, seconds):
        self._added_ns += round(seconds * 1e9)


def train_slowly(clock, model, *, steps, step_seconds):
    """Advance the clock by `step_seconds` at each training step; yield after each."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(steps):
        clock.advance(step_seconds)
        x, y = batch()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
        yield


def test_idle_time_between_cells_is_not_counted(monkeypatch):
    clock, model = AdjustableClock(monkeypatch), Net()
    with lk.watch(model, show=False) as run:
        for _ in train_slowly(clock, model, steps=400, step_seconds=0.02):
            pass
        assert not run.state().getting_started
        clock.advance(24 * 3600)  # a day between two cells
        for _ in train_slowly(clock, model, steps=400, step_seconds=0.02):
            pass
    assert run.cost > 1e-4  # less than a tenth of that if the day were counted


@pytest.mark.parametrize(("step_seconds", "starting", "started"), [(0.05, 100, 160), (1.0, 18, 30)])
def test_getting_started_is_true_for_the_first_steps_only(
    monkeypatch, step_seconds, starting, started
):
    clock, model = AdjustableClock(monkeypatch), Net()
    with lk.watch(model, show=False) as run:
        was_starting = [
            run.state().getting_started
            for _ in train_slowly(clock, model, steps=started, step_seconds=step_seconds)
        ]
    assert was_starting[starting - 1]
    assert not was_starting[-1]
    assert not run.state().getting_started


def test_a_run_that_ends_before_its_cost_is_representative_says_so():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=1)
    assert run.status == "finished"
    assert run.state().getting_started
