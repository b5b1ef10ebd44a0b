"""The epochs and the time of a run at its steps."""

import math

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk
from labkit.run import Run
from labkit.run.step_knots import StepKnots
from labkit.views.progress import progress


def test_knots_are_bounded_and_contain_the_newest_value():
    knots = StepKnots(spacing=0.1)
    for step in range(1, 100_001):
        knots.add(step, step / 50)
    found = knots.knots()
    assert len(found) <= 400
    assert found[-1] == (100_000, 2000)
    assert all(value == step / 50 for step, value in found)


def test_a_step_has_both_ends_of_a_pause():
    knots = StepKnots(spacing=0.1)
    for step, value in [(99, 9.9), (100, 10), (100, 12), (100, 20), (101, 20.1)]:
        knots.add(step, value)
    assert knots.knots() == ((99, 9.9), (100, 10), (100, 20), (101, 20.1))


def test_lower_steps_and_values_are_ignored():
    knots = StepKnots(spacing=1)
    for step, value in [(5, 1), (4, 2), (6, 0)]:
        knots.add(step, value)
    assert knots.knots() == ((5, 1),)


def test_a_run_without_a_loader_has_no_epochs():
    run = Run()
    assert run.state().epoch_start is None
    assert progress(run)["epochs"] == {"steps": [], "values": []}


def train(epochs, batches, accumulated=1):
    data = DataLoader(TensorDataset(torch.randn(batches * 4, 3)), batch_size=4)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False, graph=False) as run:
        states = []
        for _ in range(epochs):
            for number, (x,) in enumerate(data, start=1):
                model(x).square().mean().backward()
                if number % accumulated == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            states.append(run.state())
    return run, states


def test_epochs_begin_after_the_last_step_of_the_one_before():
    run, states = train(epochs=3, batches=5)
    assert progress(run)["epochs"] == {"steps": [0, 5, 10], "values": [0, 1, 2]}
    assert [state.epoch_start.number for state in states] == [1, 2, 3]
    assert states[-1].epoch_start.steps == 5


def test_the_length_of_an_epoch_is_in_steps_where_gradients_accumulate():
    run, states = train(epochs=2, batches=40, accumulated=4)
    assert progress(run)["epochs"]["steps"] == [0, 10]
    assert states[0].epoch_start.steps == 10


def test_the_time_is_recorded_without_a_page():
    run, _ = train(epochs=2, batches=30)
    seconds = progress(run)["seconds"]
    assert seconds["steps"][0] == 1
    assert seconds["values"] == sorted(seconds["values"])
    assert 0 < seconds["values"][-1] <= round(run.elapsed, 3)


def test_a_pause_is_between_two_times_of_one_step():
    run = Run()
    run.step_times.add(7, 1.0)
    run.step_times.add(7, 4.0)
    assert progress(run)["seconds"] == {"steps": [7, 7], "values": [1.0, 4.0]}


def log_epochs(values_at):
    run = Run()
    run.begin_epoch(5)
    for step, value in values_at:
        run.advance_to(step)
        run.log(epoch=value)
    return list(map(tuple, run.epochs.begun.knots()))


def test_logged_epochs_replace_those_of_the_loader():
    assert log_epochs([(1, 0), (2, 0), (65, 1), (66, 1)]) == [(1, 0), (65, 1)]


@pytest.mark.parametrize("first", [0, 1])
def test_the_first_epoch_that_is_logged_at_its_end_began_with_the_run(first):
    values_at = [(64, first), (128, first + 1)]
    assert log_epochs(values_at) == [(0, 0), (64, 1), (128, 2)]


def test_a_run_that_continues_begins_at_its_logged_epoch():
    assert log_epochs([(64, 11), (128, 12)]) == [(0, 10), (64, 11), (128, 12)]
    assert log_epochs([(64, 10.5), (128, 11)]) == [(64, 10.5), (128, 11)]


def test_fractions_of_epochs_are_logged_and_lower_or_unknown_ones_are_ignored():
    values_at = [(10, 0.25), (20, 0.5), (30, math.nan), (40, 0.1), (50, 1.25), (60, 1.5)]
    assert log_epochs(values_at) == [(0, 0), (50, 1.25), (60, 1.5)]


def test_pages_continue_from_the_first_logged_epoch():
    run = Run()
    run.advance_to(64)
    run.log(epoch=1)
    start = run.state().epoch_start
    assert (start.number, start.step, start.logged_from) == (2, 64, (0, 0))
