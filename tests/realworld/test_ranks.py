"""Trainings on two processes: each writes a file, and what belongs together is combined."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import labkit as lk

from .rank_loops import LOOPS, STEPS, batches, network, optimizer_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def run_in_two_processes(script, folder):
    """Run a script by torchrun; return what it has printed and its exit status."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, str(HERE / script), str(folder)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "GLOO_SOCKET_IFNAME": "lo",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr, done.returncode


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder with the files of all loops."""
    folder = tmp_path_factory.mktemp("ranks")
    text, status = run_in_two_processes("rank_loops.py", folder)
    assert status == 0, text
    return folder


@pytest.fixture
def load(folder):
    opened = []

    def load(name):
        opened.append(lk.load(folder / f"{name}.lab"))
        return opened[-1]

    yield load
    for run in opened:
        run.close()


def norms(run, name):
    steps, values = run.series(name)
    return dict(zip(steps.tolist(), values.tolist(), strict=True))


@pytest.fixture(scope="module")
def used():
    """Return the norms that one process uses on whole batches, with and without clipping."""
    found = {False: {}, True: {}}
    for clips, values in found.items():
        model = network()
        optimizer = optimizer_of(model)
        for step, (x, y) in enumerate(batches(), start=1):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            before = model[0].weight.grad.norm().item()
            if clips:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            values[step] = model[0].weight.grad.norm().item(), before
            optimizer.step()
    return found


@pytest.mark.parametrize("loop", [loop.__name__ for loop in LOOPS])
def test_weights_are_those_of_the_unwatched_training(folder, loop):
    for rank in range(2):
        plain, watched = torch.load(folder / f"{loop}.{rank}.pt")
        for name, value in plain.items():
            assert torch.equal(value, watched[name]), (rank, name)


@pytest.mark.parametrize("loop", ["data_parallel", "accumulated", "only_rank_0"])
def test_norms_of_averaged_gradients_are_those_of_the_whole_batch(load, used, loop):
    run = load(loop)
    found = norms(run, "grad_norm/module.0.weight")
    assert len(found) > 15
    assert found == pytest.approx({step: used[False][step][0] for step in found}, rel=1e-4)
    assert run.notices == ()
    assert "grad_noise/module.0.weight" not in run.names()


@pytest.mark.parametrize("loop", ["sharded", "sharded_accumulated", "replicated"])
def test_norms_of_sharded_gradients_are_those_of_the_whole_model(load, used, loop):
    run = load(loop)
    found = norms(run, "grad_norm/0.weight")
    assert len(found) > 15
    assert found == pytest.approx({step: used[False][step][0] for step in found}, rel=1e-4)
    assert run.notices == ()


def test_norms_before_clipping_are_combined_too(load, used):
    run = load("clipped")
    found = norms(run, "grad_norm/0.weight")
    before = norms(run, "grad_norm_unclipped/0.weight")
    assert len(found) > 15
    assert len(before) > 15
    assert found == pytest.approx({step: used[True][step][0] for step in found}, rel=1e-4)
    assert before == pytest.approx({step: used[True][step][1] for step in before}, rel=1e-4)


@pytest.mark.parametrize("loop", ["data_parallel", "accumulated", "sharded", "sharded_accumulated"])
def test_other_ranks_add_what_differs(load, loop):
    run = load(loop)
    assert run.series("loss")[0].tolist() == list(range(1, STEPS + 1))
    assert run.series("rank1/loss")[0].tolist() == list(range(1, STEPS + 1))
    assert run.series("loss")[1].tolist() != run.series("rank1/loss")[1].tolist()
    for name in ("step_seconds", "memory_mb"):
        assert (run.series(name)[1] > 0).all()
        assert (run.series(f"rank1/{name}")[1] > 0).all()


@pytest.mark.parametrize("loop", ["data_parallel", "sharded", "clipped"])
def test_rank_0_records_the_graph_and_no_false_findings(load, loop):
    run = load(loop)
    prefix = "module." if loop == "data_parallel" else ""
    named = {name for node in run.graph.nodes for name in node.parameters}
    assert named == {f"{prefix}{layer}.{name}" for layer in (0, 2) for name in ("weight", "bias")}
    assert run.findings == ()


@pytest.mark.parametrize("loop", ["accumulated", "sharded_accumulated"])
@pytest.mark.parametrize("name", ["loss", "rank1/loss"])
def test_losses_of_passes_that_are_not_synchronised_are_added(load, loop, name):
    expected = norms(load("data_parallel"), name)
    assert norms(load(loop), name) == pytest.approx(expected, rel=1e-4)


def test_uneven_inputs_end_one_rank_earlier(load, folder):
    run = load("uneven")
    assert run.steps == STEPS
    assert run.series("rank1/loss")[0].tolist() == list(range(1, STEPS // 2 + 1))
    used = json.loads((folder / "uneven.json").read_text())
    found = norms(run, "grad_norm/module.0.weight")
    assert max(found) > STEPS // 2
    assert found == pytest.approx({step: used[str(step)] for step in found}, rel=1e-4)


def test_the_file_of_another_rank_can_be_loaded_by_itself(load):
    run = load("sharded.rank1")
    assert run.ranks.rank == 1
    assert run.steps == STEPS
    assert run.graph is None
    assert not [name for name in run.names() if name.startswith("grad_norm")]


def test_norms_of_sharded_gradients_are_missing_without_files(folder):
    names, (text,) = json.loads((folder / "unsaved.json").read_text())
    assert "loss" in names
    assert not [name for name in names if name.startswith("grad_norm")]
    assert 'save="runs/' in text


def test_a_process_that_watches_alone_waits_for_no_other(load, folder):
    assert load("only_rank_0").steps == STEPS
    assert not (folder / "only_rank_0.rank1.lab").exists()


def test_a_rank_that_dies_leaves_readable_files(tmp_path):
    text, status = run_in_two_processes("dying_rank.py", tmp_path)
    assert status != 0, text
    run, other = lk.load(tmp_path / "run.lab"), lk.load(tmp_path / "run.rank1.lab")
    assert run.status in {"failed", "interrupted"}
    assert other.status == "interrupted"
    assert "was killed" in other.message
    for each, name in ((run, "loss"), (run, "rank1/loss"), (other, "loss")):
        assert each.series(name)[0].tolist()[:30] == list(range(1, 31))
    assert len(run.series("grad_norm/weight")[0]) > 10
