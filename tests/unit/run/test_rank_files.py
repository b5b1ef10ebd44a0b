"""The files of several processes are read together with that of rank 0."""

import contextlib
import shutil
import time

import numpy as np
import pytest

import labkit as lk
from labkit.run import Run
from labkit.run.file import FileError
from labkit.run.ranks import RankFacts

WORLD = 3


@pytest.fixture
def start(tmp_path):
    """Return a function that begins the run of a rank, as the processes do."""
    opened = []

    def start(rank, main=None, path="runs/mlp.lab", world=WORLD):
        run = Run("mlp")
        found = run.id if rank == 0 else "" if main is None else main.id
        run.ranks = RankFacts(rank, world, found, "" if main is None else main.path.name)
        run.save_continuously(tmp_path / path, 10**9, path)
        opened.append(run)
        return run

    yield start
    for run in opened:
        run.close()


def log(run, steps, value):
    for step in steps:
        run.advance_to(step)
        run.recorder.table("loss", "loss", ("loss",)).append(step, value)


def add_norms(run, steps, values, names=("w",)):
    """Record norms of parts that `WORLD` processes hold."""
    run.shard_counts |= dict.fromkeys(names, WORLD)
    table = run.shards.table("grad_norm_shard", "grad_norm_shard", names)
    for step in steps:
        table.append(step, values)


def has_steps(path, steps):
    """Return whether a file has been written up to a step."""
    with contextlib.suppress(FileError):  # nothing has been written yet
        return lk.load(path).steps == steps
    return False


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_series_of_other_ranks_are_part_of_the_loaded_run(start):
    main = start(0)
    others = [start(rank, main) for rank in (1, 2)]
    for rank, run in enumerate((main, *others)):
        log(run, range(1, 101), rank)
        run.log(accuracy=rank / 10)
        run.close()
    assert [run.path.name for run in others] == ["mlp.rank1.lab", "mlp.rank2.lab"]
    loaded = lk.load(main.path)
    assert loaded.names().count("loss") == 1
    for rank in (1, 2):
        steps, values = loaded.series(f"rank{rank}/loss")
        assert steps.tolist() == list(range(1, 101))
        assert set(values.tolist()) == {rank}
        assert loaded.series(f"rank{rank}/accuracy")[1].tolist() == pytest.approx([rank / 10])
    assert loaded.notices == ()
    assert lk.load(others[0].path).series("loss")[1].tolist() == [1] * 100


def test_the_file_of_rank_0_contains_what_the_others_had_written_by_its_end(start, tmp_path):
    main = start(0)
    other = start(1, main)
    log(other, range(1, 51), 1)
    other.close()
    log(main, range(1, 51), 0)
    main.close()
    alone = shutil.copy(main.path, tmp_path / "alone.lab")
    assert lk.load(alone).series("rank1/loss")[0].tolist() == list(range(1, 51))
    assert lk.load(main.path).series("rank1/loss")[0].tolist() == list(range(1, 51))


def test_the_run_of_rank_0_shows_the_others_while_they_train(start):
    main = start(0)
    other = start(1, main)
    log(other, range(1, 11), 1)
    wait_for(lambda: "rank1/loss" in main.names())
    log(other, range(11, 21), 1)
    wait_for(lambda: len(main.series("rank1/loss")[0]) == 20)


def test_a_loaded_run_follows_the_others_to_their_ends(start):
    main = start(0)
    other = start(1, main)
    log(main, range(1, 5), 0)
    log(other, range(1, 5), 1)
    wait_for(lambda: has_steps(main.path, 4))
    loaded = lk.load(main.path)
    main.close()
    log(other, range(5, 9), 1)
    other.close()
    wait_for(lambda: loaded.closed)
    assert loaded.status == "finished"
    assert loaded.series("rank1/loss")[0].tolist() == list(range(1, 9))


def test_norms_of_parts_are_combined_where_all_ranks_have_read_them(start):
    main = start(0)
    runs = [main, start(1, main), start(2, main)]
    steps = [(1, 2, 4, 8), (1, 2, 3, 4, 8), (1, 4, 8, 9)]
    for run, read, norm in zip(runs, steps, (1.0, 2.0, 2.0), strict=True):
        add_norms(run, read, [norm])
    for run in reversed(runs):
        run.close()
    found, values = lk.load(main.path).series("grad_norm/w")
    assert found.tolist() == [1, 4, 8]
    assert values.tolist() == [3.0] * 3
    assert "grad_norm_shard/w" not in lk.load(main.path).names()


@pytest.mark.parametrize("world", [WORLD, WORLD + 1])
def test_norms_are_not_known_if_a_rank_is_missing(start, world):
    main = start(0, world=world)
    runs = [main, start(1, main, world=world)]
    for run in runs:
        add_norms(run, range(1, 10), [1.0])
        run.close()
    assert "grad_norm/w" not in lk.load(main.path).names()


def test_norms_that_are_not_finite_are_infinite(start):
    main = start(0)
    runs = [main, start(1, main), start(2, main)]
    for run, norm in zip(runs, (1.0, np.inf, 3e38), strict=True):
        add_norms(run, [1], [norm])
        run.close()
    assert lk.load(main.path).series("grad_norm/w")[1].tolist() == [np.inf]


def test_a_folder_of_runs_lists_the_run_of_rank_0_only(start, tmp_path):
    main = start(0)
    other = start(1, main)
    alone = start(2, path="other.lab")
    for run in (main, other, alone):
        run.close()
    listed = lk.runs(tmp_path).listed
    assert {run.path.name for run in listed} == {"mlp.lab", "other.rank2.lab"}


def test_files_of_another_run_are_not_taken(start):
    earlier = start(0)
    stale = start(1, earlier)
    for run in (earlier, stale):
        log(run, range(1, 10), 9)
        run.close()
    earlier.path.unlink()
    main = start(0)
    other = start(1, main)
    log(other, range(1, 4), 1)
    for run in (main, other):
        run.close()
    assert (main.path.name, other.path.name) == ("mlp.lab", "mlp.rank1-2.lab")
    assert lk.load(main.path).series("rank1/loss")[1].tolist() == [1, 1, 1]


def test_a_file_moves_beside_that_of_rank_0_when_its_name_is_known(start):
    start(0).close()
    main = start(0)
    assert main.path.name == "mlp-2.lab"
    other = start(1)  # it has not found the run of rank 0 yet
    assert other.path.name == "mlp.rank1.lab"
    log(other, range(1, 4), 1)
    wait_for(lambda: has_steps(other.path, 3))
    other.ranks = RankFacts(1, WORLD, main.id, main.path.name)
    log(other, range(4, 6), 1)
    wait_for(lambda: other.path.name == "mlp-2.rank1.lab")
    for run in (other, main):
        run.close()
    assert not main.path.with_name("mlp.rank1.lab").exists()
    assert lk.load(main.path).series("rank1/loss")[0].tolist() == [1, 2, 3, 4, 5]


def test_flipped_bytes_in_a_file_of_another_rank_leave_the_run_readable(start):
    main = start(0, world=2)
    other = start(1, main, world=2)
    for run in (main, other):
        log(run, range(1, 200), 1.0)
        add_norms(run, range(1, 200), [1.0])
        run.close()
    content, random = other.path.read_bytes(), np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(content)
        for place in random.integers(len(content), size=20):
            damaged[place] = random.integers(256)
        other.path.write_bytes(damaged)
        loaded = lk.load(main.path)
        assert loaded.steps == 199
        loaded.close()


def test_a_damaged_file_of_another_rank_is_a_notice(start):
    main = start(0)
    other = start(1, main)
    log(main, range(1, 4), 0)
    for run in (main, other):
        run.close()
    content = bytearray(other.path.read_bytes())
    content[len(content) // 4 :] = bytes(len(content) - len(content) // 4)
    other.path.write_bytes(content)
    loaded = lk.load(main.path)
    assert loaded.steps == 3
    assert len(loaded.notices) <= 1
