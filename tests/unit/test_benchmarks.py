"""The benchmark: identical tasks, alternating blocks, confidence intervals and tables."""

import math
from importlib.metadata import version

import numpy as np
import pytest
import torch

from tests.benchmarks import bench, live_turns, long_run, report
from tests.benchmarks.intervals import Figure, median_of_ratios, ratio_of_totals
from tests.benchmarks.live_turns import LivePlan, LiveSet
from tests.benchmarks.report import Key
from tests.benchmarks.tasks import KINDS, make_task, train
from tests.benchmarks.turns import Plan, ProcessSet, Turns
from tests.benchmarks.worker import Ending, Loop

SHORTEST = Plan(sets=1, openings=2, warm=0, first=0.02, timed=0.05, block=0.005)


@pytest.fixture
def threads():
    """Restore the number of threads, which a measurement sets to one."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def parameters(task):
    models = [task.model] if isinstance(task.model, torch.nn.Module) else task.model.values()
    return [parameter for model in models for parameter in model.parameters()]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("gpt", "transformer")])
def test_tasks_of_a_kind_are_identical_and_train_identically(kind, threads):
    torch.set_num_threads(1)
    first, second = make_task(kind), make_task(kind)
    before = [parameter.detach().clone() for parameter in parameters(first)]
    for task in (first, second):
        torch.manual_seed(1)  # for dropout
        train(task, range(3), lambda step, loss: None)
    assert all(map(torch.equal, parameters(first), parameters(second)))
    trains = not all(map(torch.equal, parameters(first), before))
    assert trains is not kind.startswith("foreign")


def test_the_large_transformer_has_44_million_parameters():
    count = sum(parameter.numel() for parameter in parameters(make_task("transformer")))
    assert count == pytest.approx(44e6, rel=0.01)


def test_bare_loop_and_contender_run_the_same_steps_in_separate_processes(tmp_path):
    (found,) = bench.run_turns(Loop("linear", "labkit"), SHORTEST, str(tmp_path))
    counts = {role: len(blocks) for role, blocks in found.steady.blocks.items()}
    assert counts.keys() == {"bare", "control", "contender"} == found.endings.keys()
    assert len(set(counts.values())) == 1
    assert len(found.first) == 2
    assert all(min(block) > 0 for blocks in found.steady.blocks.values() for block in blocks)
    assert found.endings["bare"].cost is None
    assert found.endings["contender"].cost > 0
    assert found.endings["bare"].peak_bytes > 10e6


def test_the_bare_loop_can_be_measured_against_itself(tmp_path):
    (found,) = bench.run_turns(Loop("linear", "bare"), SHORTEST, str(tmp_path))
    assert found.steady.blocks.keys() == {"bare", "control"}


def test_an_error_in_a_process_ends_the_measurement_with_its_message(tmp_path):
    with pytest.raises(SystemExit, match="KeyError: 'nothing'"):
        bench.run_turns(Loop("linear", "nothing"), SHORTEST, str(tmp_path))


def test_a_watched_loop_takes_turns_with_bare_loops_in_other_processes(threads):
    plan = LivePlan(warm=0.01, first=0.01, rounds=2, block=0.02)
    found = live_turns.measure(Loop("linear", "labkit", threads=1), plan)
    assert {role: len(each) for role, each in found.steady.blocks.items()} == {
        "bare": 2,
        "control": 2,
        "contender": 2,
    }
    assert found.endings["contender"].cost > 0
    assert found.endings["bare"].cost is None


def test_the_interval_contains_the_true_ratio_and_narrows_with_more_pairs():
    generator = np.random.default_rng(3)

    def group(count):
        noise = generator.normal(1, 0.02, (count, 2))
        return noise * [1.05, 1.0]

    few, many = (median_of_ratios([group(count) for _ in range(6)]) for count in (10, 200))
    assert many.low < 1.05 < many.high
    assert many.high - many.low < few.high - few.low


def test_sets_of_processes_that_differ_widen_the_interval():
    alike = [np.tile([1.0, 1.0], (50, 1))] * 4
    apart = [np.tile([ratio, 1.0], (50, 1)) for ratio in (0.98, 0.99, 1.01, 1.02)]
    assert median_of_ratios(alike) == Figure(1.0, 1.0, 1.0)
    assert median_of_ratios(apart).low < 0.99
    assert median_of_ratios(apart).high > 1.01


def test_a_rare_costly_block_changes_the_total_but_not_the_median():
    pairs = np.tile([1.0, 1.0], (10, 1))
    pairs[3, 0] = 2.0
    assert median_of_ratios([pairs]).middle == 1.0
    assert ratio_of_totals([pairs]).middle == pytest.approx(1.1)


def test_a_single_pair_is_reported_as_unclear():
    figure = ratio_of_totals([np.array([[1.5, 1.0]])])
    assert figure == Figure(1.5, 0.0, math.inf)
    assert report.figure_text(figure, 0.03).startswith("unclear")


def test_each_round_has_every_contender_in_another_order():
    keys = bench.jobs(bench.ROWS, ["labkit", "labkit-log"], [1, 0])
    turns = bench.schedule(keys, 2)
    first, second = turns[: len(keys)], turns[len(keys) :]
    assert sorted(first) == sorted(second) == sorted(keys)
    assert first != second
    assert {key.kind for key in keys if key.contender == "labkit-log"} == {"mlp"}


def test_peers_are_measured_with_one_thread_in_the_rows_they_support(monkeypatch):
    monkeypatch.setattr(bench, "find_spec", lambda name: None if name == "wandb" else object())
    keys = bench.jobs(["mlp", "gan"], ["bare", "labkit", "tensorboard", "wandb"], [1, 0])
    assert [key for key in keys if key.contender != "labkit"] == [Key("mlp", "tensorboard", 1)]
    assert bench.jobs(["gan"], ["bare"], [1]) == [Key("gan", "bare", 1)]


def test_the_long_run_measures_memory_and_step_time(threads, monkeypatch):
    monkeypatch.setattr(long_run, "SETTLED", 100)
    monkeypatch.setattr(long_run, "WINDOW", 100)
    found = long_run.measure_long_run(steps=500)
    assert found.first > 0
    assert found.last > 0


def measured_set(ratio, cost):
    """Return ten rounds in which the contender takes `ratio` times as long as the bare loop."""
    times = {"bare": 0.04, "control": 0.04, "contender": 0.04 * ratio}
    turns = Turns()
    for _ in range(10):
        for role, seconds in times.items():
            turns.add(role, (seconds, seconds))
    endings = {role: Ending(None, 100_000_000, 0) for role in ("bare", "control")}
    endings["contender"] = Ending(cost, 130_000_000, 0)
    return ProcessSet(0.001, 40, [turns], turns, 0.01, endings, 0.5)


def test_the_recording_table_compares_the_aim_and_the_reported_cost():
    sets = {
        Key("mlp", "labkit", 1): [measured_set(1.02, 0.015)],
        Key("gan", "labkit", 1): [measured_set(1.15, 0.03)],
        Key("mlp", "labkit", 0): [measured_set(1.0, 0.0)],
    }
    head, _, mlp, gan = report.recording_table(sets, threads=1).strip().splitlines()
    assert "one thread" in head
    assert mlp == (
        "| MLP | 1 ms | x1.000 (1.000 to 1.000) | x1.020 (1.020 to 1.020) | x1.03 kept "
        "| x1.020 (1.020 to 1.020) | x1.020 (1.020 to 1.020) | 1.5 %, agrees | 30 MB "
        "| x1.020 (1.020 to 1.020) |"
    )
    assert "x1.03 missed" in gan
    assert "3.0 %, **off by +10.0 points**" in gan
    assert "default number" in report.recording_table(sets, threads=0)


def test_one_thread_is_measured_by_process_time_and_several_by_wall_time():
    found = measured_set(1.02, 0.02)
    disturbed = [(2 * wall, own) for wall, own in found.steady.blocks["contender"]]
    found.steady.blocks["contender"] = disturbed
    for threads, cells in ((1, ["x1.020", "x2.040"]), (0, ["x2.040"])):
        table = report.recording_table({Key("mlp", "labkit", threads): [found]}, threads)
        row = table.strip().splitlines()[-1].split(" | ")
        assert [row[n].split()[0] for n in (3, 9) if n < len(row)] == cells


def test_the_table_of_peers_has_a_row_for_each():
    sets = {
        Key("mlp", "labkit", 1): [measured_set(1.02, 0.02)],
        Key("mlp", "tensorboard", 1): [measured_set(1.5, None)],
    }
    text = report.peers_table(sets)
    assert "| bare loop (noise of the measurement) | x1.000 (1.000 to 1.000) |" in text
    assert "histograms every 100 | x1.500 (1.500 to 1.500) |" in text


def test_the_table_of_the_dashboard_says_what_it_cost_and_how_often_it_drew():
    drawn = {"curves": 2.0, "graph": 0.5}
    live = {
        Key("mlp", "labkit-live", 0): [LiveSet(measured_set(1.08, 0.05), drawn)],
        Key("cnn", "labkit-live-away", 1): [LiveSet(measured_set(1.04, 0.05), {})],
    }
    _, _, mlp, cnn = report.live_table(live).strip().splitlines()
    assert mlp == (
        "| in sight | MLP | default | 1 ms | x1.000 (1.000 to 1.000) | x1.080 (1.080 to 1.080) "
        "| x1.1 kept | 2.0, 0.5 |"
    )
    assert "scrolled away" in cnn
    assert "x1.03 missed | 0.0, 0.0 |" in cnn


def test_the_conditions_name_the_machine_the_day_and_the_versions():
    text = report.conditions({Key("mlp", "labkit", 1): [measured_set(1.0, 0.0)]})
    assert f"torch {version('torch')}" in text
    assert "load 0.5 to 0.5" in text
    assert "95 %" in text
