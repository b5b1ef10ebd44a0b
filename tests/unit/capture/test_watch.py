"""The contract of `watch`: it changes nothing, leaves nothing, and fails early or not at all."""

import gc
import subprocess
import sys
import threading
import time
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules import module as module_hooks
from torch.optim import optimizer as optimizer_hooks
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

import labkit as lk
from labkit.capture.readings import device_transfer, parameter_reader
from labkit.run.histograms import HistogramLog

from .models import Net, batch, train


def traces():
    """Return everything a watch could leave behind in the process."""
    return (
        torch.autograd.backward,
        DataLoader.__iter__,
        _BaseDataLoaderIter.__next__,
        _BaseDataLoaderIter._next_index,
        Net.forward,
        dict(optimizer_hooks._global_optimizer_pre_hooks),
        dict(optimizer_hooks._global_optimizer_post_hooks),
        dict(module_hooks._global_forward_hooks),
        dict(module_hooks._global_forward_pre_hooks),
        {thread.name for thread in threading.enumerate() if "labkit" in thread.name},
    )


@pytest.mark.parametrize("budget", [0.03, 1.0])
def test_weights_are_bit_for_bit_those_of_the_unwatched_run(budget):
    torch.manual_seed(0)
    plain, watched = Net(), Net()
    watched.load_state_dict(plain.state_dict())
    train(plain, steps=200)
    state = torch.random.get_rng_state()
    with lk.watch(watched, show=False, budget=budget):
        train(watched, steps=200)
    assert torch.equal(state, torch.random.get_rng_state())
    for ours, theirs in zip(watched.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_closing_leaves_nothing_behind():
    before = traces()
    model = Net()
    run = lk.watch(model, show=False)
    train(model, steps=3)
    run.close()
    run.close()
    assert traces() == before
    assert run.status == "finished"


def test_a_closed_run_keeps_neither_model_nor_loss_alive():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=3)
    references = [weakref.ref(model), weakref.ref(model.fc1.weight)]
    del model
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert len(run.series("loss")[0]) == 3


def test_an_abandoned_run_is_closed_by_the_garbage_collector():
    before = traces()
    model = Net()
    run = lk.watch(model, show=False)
    train(model, steps=2)
    del run
    gc.collect()
    assert traces() == before


def test_a_run_ends_when_its_model_is_gone():
    model = Net()
    run = lk.watch(model, show=False)
    train(model, steps=2)
    del model
    gc.collect()
    assert run.status == "finished"
    assert len(run.series("loss")[0]) == 2


def test_an_error_in_the_loop_passes_unchanged_and_what_was_recorded_stays():
    model = Net()
    before = traces()
    with pytest.raises(RuntimeError, match="mat1 and mat2"), lk.watch(model, show=False) as run:
        train(model, steps=5)
        model(torch.ones(2, 99))
    assert run.status == "failed"
    assert "mat1 and mat2" in run.state().message
    assert len(run.series("loss")[0]) == 5
    assert traces() == before


def test_an_interrupt_in_the_middle_of_a_step_keeps_what_was_recorded():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt), lk.watch(model, show=False) as run:
        train(model, steps=5, optimizer=optimizer)
        F.cross_entropy(model(x), y).backward()
        raise KeyboardInterrupt
    assert run.status == "interrupted"
    assert run.series("loss")[0].tolist() == [1, 2, 3, 4, 5]


def test_a_stop_ends_the_loop_at_the_end_of_a_step():
    model = Net()
    with lk.watch(model, show=False) as run:
        for step in range(100):
            train(model, steps=1)
            if step == 4:
                run.stop()
    assert run.status == "stopped"
    assert run.steps == 6


def test_watching_anew_closes_the_earlier_run():
    model = Net()
    first = lk.watch(model, show=False)
    train(model, steps=2)
    second = lk.watch(model, show=False)
    train(model, steps=3)
    assert first.status == "finished"
    assert (first.steps, second.steps) == (2, 3)
    assert "watched already" in second.notices[0].text
    second.close()


def test_a_second_watch_after_a_close_starts_afresh():
    model = Net()
    with lk.watch(model, show=False) as first:
        train(model, steps=2)
    with lk.watch(model, show=False) as second:
        train(model, steps=4)
    assert (first.steps, second.steps) == (2, 4)
    assert second.notices == ()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"model": nn.ReLU()}, ValueError, "no parameters"),
        ({"model": "resnet50"}, TypeError, "is of type str"),
        ({"model": nn.Linear}, TypeError, "not the class"),
        ({"model": {}}, ValueError, "empty"),
        ({"model": {"G": Net(), "D": 3}}, TypeError, "model 'D'"),
        ({"optimizer": torch.optim.SGD(Net().parameters(), lr=1)}, ValueError, "holds none"),
        ({"optimizer": 3}, TypeError, "torch.optim.Optimizer"),
        ({"budget": -0.1}, ValueError, "above 0"),
        ({"budget": 0}, ValueError, "above 0"),
        ({"budget": float("nan")}, ValueError, "above 0"),
        ({"budget": "3 %"}, TypeError, "takes a number"),
        ({"loss_fn": F.cross_entropy}, TypeError, "torch.nn.Module"),
    ],
)
def test_a_bad_argument_fails_before_anything_is_attached(arguments, error, says):
    before = traces()
    with pytest.raises(error, match=says):
        lk.watch(**{"model": Net(), "show": False, **arguments})
    assert traces() == before


def test_a_fault_of_labkits_is_noted_and_training_goes_on(monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no such kernel")

    monkeypatch.setattr("labkit.capture.readings.norms.norms", broken)
    monkeypatch.setattr("labkit.capture.readings.graph_reading.capture_graph", broken)
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=10)
    assert len(run.series("loss")[0]) == 10
    parts = {notice.part for notice in run.notices}
    assert parts == {"gradient norms", "weights", "graph"}
    assert all("training is not affected" in notice.text for notice in run.notices)


def test_a_fault_in_writing_norms_reaches_nobody_who_reads(monkeypatch):
    def broken(*_):
        raise RuntimeError("no such row")

    monkeypatch.setattr(parameter_reader.ParameterReader, "write", broken)
    model = Net()
    run = lk.watch(model, show=False)
    losses = train(model, steps=10)
    assert "loss" in run.names()
    assert run.series("loss")[1].tolist() == pytest.approx(losses)
    run.close()
    assert run.closed
    assert [notice.part for notice in run.notices] == ["gradient norms"]
    assert "no such row" in run.notices[0].text


class Elsewhere(torch.Tensor):
    """A result that counts as one on an accelerator."""

    device = torch.device("cuda")

    def to(self, *_):
        return self.as_subclass(torch.Tensor)


class Passed:
    """An event that has passed."""

    def __init__(self, *_):
        pass

    def record(self):
        pass

    synchronize = record

    def query(self):
        return True


def test_a_reading_whose_result_comes_late_and_fails_is_switched_off(monkeypatch):
    """The other results that come with it are delivered, during the run."""
    original, added = parameter_reader.distributions, []

    def distributions(tensors):
        return original(tensors).as_subclass(Elsewhere)

    def broken(*arguments):
        added.append(arguments)
        raise ValueError("no room")

    monkeypatch.setattr(torch, "Event", Passed)
    monkeypatch.setattr(device_transfer, "_BATCH_SECONDS", 0.0)
    monkeypatch.setattr(parameter_reader, "distributions", distributions)
    monkeypatch.setattr(HistogramLog, "add", broken)
    model = Net()
    run = lk.watch(model, show=False, budget=1.0)
    losses = train(model, steps=30)
    assert len(added) == 1
    assert [notice.part for notice in run.notices] == ["histograms"]
    run.close()
    assert len(added) == 1
    assert run.series("loss")[1].tolist() == pytest.approx(losses)
    assert "no room" in run.notices[0].text


def test_a_plain_script_records_and_prints_nothing():
    script = """
import torch, labkit as lk
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with lk.watch(model) as run:
    for _ in range(3):
        model(torch.ones(4, 2)).sum().backward()
        optimizer.step()
assert len(run.series("loss")[0]) == 3
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_labkit_loads_neither_torch_nor_widgets():
    script = "import sys, labkit; print({'torch', 'ipywidgets', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_without_widgets_the_run_is_recorded_and_says_so():
    script = """
import sys
sys.modules["ipywidgets"] = sys.modules["anywidget"] = None
import torch, labkit as lk
model = torch.nn.Linear(2, 1)
with lk.watch(model, show=True) as run:
    model(torch.ones(4, 2)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
assert run.steps == 1
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the run is recorded" in done.stdout


def test_the_measured_cost_is_part_of_the_loops_time():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=50)
    assert 0 < run.cost < 1
    assert run.state().budget == 0.03


class Clock:
    """The clock of this process, and time added to it."""

    def __init__(self, monkeypatch):
        self._clock, self._added_ns = time.perf_counter_ns, 0
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self._clock() + self._added_ns)

    def advance(self, seconds):
        self._added_ns += round(seconds * 1e9)


def train_slowly(clock, model, *, steps, step_seconds):
    """Train as if each step took some seconds; yield after each."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(steps):
        clock.advance(step_seconds)
        x, y = batch()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
        yield


def test_time_in_which_the_loop_stands_still_is_no_time_of_the_loop(monkeypatch):
    clock, model = Clock(monkeypatch), Net()
    with lk.watch(model, show=False) as run:
        for _ in train_slowly(clock, model, steps=400, step_seconds=0.02):
            pass
        assert not run.state().getting_started
        clock.advance(24 * 3600)  # a day between two cells
        for _ in train_slowly(clock, model, steps=400, step_seconds=0.02):
            pass
    assert run.cost > 1e-4  # were the day counted, it would be less than a tenth of that


@pytest.mark.parametrize(("step_seconds", "starting", "started"), [(0.05, 100, 160), (1.0, 18, 30)])
def test_the_first_steps_are_told_apart(monkeypatch, step_seconds, starting, started):
    clock, model = Clock(monkeypatch), Net()
    with lk.watch(model, show=False) as run:
        was_starting = [
            run.state().getting_started
            for _ in train_slowly(clock, model, steps=started, step_seconds=step_seconds)
        ]
    assert was_starting[starting - 1]
    assert not was_starting[-1]
