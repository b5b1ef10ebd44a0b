"""What a process records that trains a model together with others, as its launcher says."""

import itertools
import threading

import pytest
import torch
import torch.nn.functional as F

import labkit as lk
from labkit.capture.readings.shard_norms import next_shared_step

from .models import Net, batch

STEPS = 30


@pytest.fixture
def set_rank(monkeypatch):
    def set_rank(rank, world_size=2):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(world_size))

    return set_rank


def train(after_step=lambda run, step: None, **keywords):
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, budget=1.0, **keywords) as run:
        for step in range(1, STEPS + 1):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
            after_step(run, step)
    return run


def test_other_ranks_record_losses_rates_times_and_memory_only(set_rank, tmp_path):
    set_rank(1)
    run = train(save=tmp_path / "net.lab")
    assert run.path.name == "net.rank1.lab"
    assert {*run.names()} == {"loss", "lr/0", "step_seconds", "memory_mb"}
    assert run.series("loss")[0].tolist() == list(range(1, STEPS + 1))
    assert run.graph is None
    (notice,) = run.notices
    assert "rank 1" in notice.text


def test_rank_0_records_everything(set_rank, tmp_path):
    set_rank(0)
    run = train(save=tmp_path / "net.lab")
    assert run.path.name == "net.lab"
    assert run.graph.nodes
    assert {"grad_norm/fc1.weight", "step_seconds", "memory_mb"} <= {*run.names()}


@pytest.mark.parametrize(("rank", "world_size"), [("0", "1"), ("x", "2"), ("3", "2"), ("1", "-1")])
def test_a_process_that_is_alone_has_no_rank(set_rank, rank, world_size):
    set_rank(rank, world_size)
    run = train(show=False)
    assert run.ranks is None
    assert "step_seconds" not in run.names()


def test_changes_from_outside_of_the_loop_are_refused(set_rank):
    """They would change one of several processes."""
    set_rank(0)
    errors = []

    def adjust(run):
        try:
            run.adjust(lr=0.5)
        except RuntimeError as error:
            errors.append(str(error))

    def after_step(run, step):
        if step == 5:
            other = threading.Thread(target=adjust, args=(run,))
            other.start()
            other.join()
        if step == 10:
            run.adjust(lr=0.01)

    run = train(after_step)
    assert len(errors) == 1
    assert "2 processes" in errors[0]
    rates = dict(zip(*(part.tolist() for part in run.series("lr/0")), strict=True))
    assert rates[9] == pytest.approx(0.1)
    assert rates[11] == pytest.approx(0.01)


def test_one_of_several_processes_is_stopped_by_its_loop_only(set_rank):
    """The others would wait for it."""
    set_rank(0)

    def after_step(run, step):
        if step == 5:
            other = threading.Thread(target=run.stop)
            other.start()
            other.join()
        if step == 20:
            run.stop()

    run = train(after_step)
    assert (run.status, run.steps) == ("stopped", 21)
    assert [notice for notice in run.notices if "2 processes" in notice.text]


def test_norms_of_parts_are_read_at_steps_that_follow_from_their_numbers():
    steps = [1]
    while steps[-1] < 2_000:
        steps.append(next_shared_step(steps[-1]))
    assert steps[:32] == list(range(1, 33))
    assert {next_shared_step(step) for step in range(1, 2_000)} <= {*steps}
    assert max(b - a for a, b in itertools.pairwise(steps)) == 16
