"""The benchmark's own parts: the same task for all, pairs turn about, and its table."""

import re

import pytest
import torch

from tests.benchmarks import long_run, measure
from tests.benchmarks.bench import _schedule
from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.measure import Pair, Size
from tests.benchmarks.report import table
from tests.benchmarks.tasks import make_task, train


@pytest.fixture
def threads():
    """Put back the number of threads, which a measurement sets to one."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", ["mlp", "cnn", "gpt2"])
def test_every_contender_gets_the_same_task(kind):
    first, second = make_task(kind), make_task(kind)
    for task in (first, second):
        torch.manual_seed(1)  # for dropout
        train(task, range(3), lambda step, loss: None)
    assert all(map(torch.equal, first.model.parameters(), second.model.parameters()))


@pytest.mark.parametrize("name", ["bare", "labkit"])
def test_a_contender_is_measured_in_pairs(name, threads):
    pairs = measure.measure("mlp", name, Size(pairs=2, warm=0, timed=0.02))
    assert len(pairs) == 2
    assert all(pair.bare > 0 and pair.watched > 0 for pair in pairs)


def test_bare_and_contender_take_turns_in_going_first(monkeypatch, threads):
    order = []

    def seconds(kind, contender, size):
        order.append(contender)
        return 1.0 if contender is measure.bare else 2.0

    monkeypatch.setattr(measure, "seconds_per_step", seconds)
    pairs = measure.measure("mlp", "wandb", Size(pairs=2, warm=0, timed=1))
    bare, wandb = measure.bare, CONTENDERS["wandb"][1]
    assert order == [bare, wandb, wandb, bare]
    assert [pair.ratio for pair in pairs] == [2.0, 2.0]


def test_each_round_takes_every_contender_in_another_order():
    turns = list(_schedule(["bare", "labkit", "wandb"], 2))
    first, second = turns[:9], turns[9:]
    assert sorted(first) == sorted(second)
    assert first != second


def test_the_long_run_tells_memory_and_the_time_of_a_step(threads, monkeypatch):
    monkeypatch.setattr(long_run, "SETTLED", 100)
    monkeypatch.setattr(long_run, "WINDOW", 100)
    found = long_run.measure_long_run(steps=500)
    assert found.first > 0
    assert found.last > 0


def test_the_table_gives_medians_with_the_machine_and_the_day():
    ratios = [1.0, 1.1, 1.2, 5.0, 1.15]
    pairs = {
        (kind, name): [Pair(0.001, 0.001 * ratio) for ratio in ratios]
        for kind in ("mlp", "cnn")
        for name in ("bare", "labkit")
    }
    text = table(["bare", "labkit"], pairs)
    assert "| | MLP, 1.00 ms a step | CNN, 1.00 ms a step |" in text
    assert "| **labkit**, recording | x1.150 (1.100 to 1.200) | x1.150 (1.100 to 1.200) |" in text
    assert re.search(r"\d{4}-\d\d-\d\d, \d+ cores, one thread for torch", text)
    assert f"torch {torch.__version__}" in text
