"""`lk.runs`: finding the files, what is known of each without loading it, and the data frame."""

import math
import os
import shutil
import sqlite3
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import labkit as lk
from labkit.run import Run
from labkit.run.file import summary
from labkit.run.folder.scan import FolderScanner
from labkit.run.ranks import RankFacts
from labkit.run.run_setup import GroupSetup

from .saved_runs import full_run


def save(folder, name, losses=(2.0, 1.0, 1.5), lr="0.1", optimizer="SGD", file=None, **facts):
    """Save an ended run with a loss."""
    run = Run(name)
    table = run.add_table("loss", "loss", ["loss"])
    for step, loss in enumerate(losses, start=1):
        table.append(step, loss)
    run.advance_to(len(losses))
    run.add_group_setups([GroupSetup("0", optimizer, {"lr": lr})])
    for fact, value in facts.items():
        setattr(run, fact, value)
    run.close()
    return run.save(folder / (file or f"{name}.lab"))


def test_runs_are_listed_from_the_oldest_with_what_they_came_to(tmp_path):
    save(tmp_path, "late", started_at=2e9, note="a wider head")
    save(tmp_path, "early", started_at=1e9, losses=[math.nan, 3.0, math.inf])
    runs = lk.runs(tmp_path)
    frame = runs.to_frame()
    assert frame["name"].tolist() == ["early", "late"]
    assert frame["loss, last"].tolist() == [math.inf, 1.5]
    assert frame["loss, lowest"].tolist() == [3.0, 1.0]
    assert frame["steps"].tolist() == [3, 3]
    assert frame["note"].tolist()[1] == "a wider head"
    assert [time.year for time in frame["started"]] == [2001, 2033]
    assert "early" in repr(runs)


def test_only_what_differs_is_a_column(tmp_path):
    save(tmp_path, "a", lr="0.1", config={"seed": 1, "width": 16}, started_at=1)
    save(tmp_path, "b", lr="0.02", config={"seed": 1}, started_at=2)
    frame = lk.runs(tmp_path).to_frame()
    assert frame["lr"].tolist() == [0.1, 0.02]
    assert frame["config.width"].tolist()[0] == 16
    assert not {"config.seed", "optimizer"} & set(frame.columns)
    every = lk.runs(tmp_path).to_frame(only_differing=False)
    assert every["config.seed"].tolist() == [1, 1]
    assert every["optimizer"].tolist() == ["SGD", "SGD"]


def test_a_setting_that_only_some_optimizers_have_is_a_difference_if_it_is_in_use(tmp_path):
    save(tmp_path, "sgd")
    run = Run("adam")
    used = {"lr": "0.1", "amsgrad": "False", "eps": "1e-08"}
    run.add_group_setups([GroupSetup("0", "Adam", used)])
    run.save(tmp_path / "adam.lab")
    columns = lk.runs(tmp_path).to_frame().columns
    assert {"optimizer", "eps"} <= set(columns)
    assert "amsgrad" not in columns


def test_what_a_run_without_a_known_optimizer_lacks_is_no_difference(tmp_path):
    save(tmp_path, "sgd")
    Run("from a table of numbers").save(tmp_path / "table.lab")
    assert "lr" not in lk.runs(tmp_path).to_frame().columns


def test_files_are_found_in_folders_and_by_what_they_are(tmp_path):
    save(tmp_path / "sweep" / "one", "deep")
    save(tmp_path, "other", file="other.db")
    save(tmp_path, "hidden", file=".hidden.lab")
    (tmp_path / "notes.txt").write_text("no run" * 100)
    sqlite3.connect(tmp_path / "foreign.sqlite").execute("CREATE TABLE t (n)").connection.close()
    runs = lk.runs(tmp_path)
    assert {run.key for run in runs.listed} == {"sweep/one/deep.lab", "other.db"}
    assert {run.name for run in runs} == {"deep", "other"}


def test_links_in_a_circle_end(tmp_path):
    save(tmp_path / "sweep", "a")
    (tmp_path / "sweep" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "sweep" / "self").symlink_to(tmp_path / "sweep" / "self")
    os.mkfifo(tmp_path / "pipe.lab")
    assert len(lk.runs(tmp_path)) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no SQLite database"),
        (b"garbage" * 100, "no SQLite database"),
        (b"SQLite format 3\0" + bytes(4000), "not one that labkit has written"),
    ],
)
def test_a_file_that_cannot_be_read_is_listed_with_the_reason(tmp_path, content, reason):
    save(tmp_path, "good")
    (tmp_path / "broken.lab").write_bytes(content)
    runs = lk.runs(tmp_path)
    frame = runs.to_frame().set_index("name")
    assert reason in frame["error"]["broken"]
    assert [run.name for run in runs] == ["good"]
    assert len(runs) == 2
    with pytest.raises(ValueError, match=reason):
        runs["broken"]


def test_what_a_file_says_may_be_damaged(tmp_path):
    path = save(tmp_path, "a")
    with sqlite3.connect(path) as file:
        file.execute("UPDATE facts SET value = '{\"status\": 3}' WHERE name = 'state'")
    file.close()
    (listed,) = lk.runs(tmp_path).listed
    assert "a.lab is damaged" in listed.error


def test_a_run_is_found_by_number_name_and_path(tmp_path):
    save(tmp_path, "mlp", started_at=1)
    save(tmp_path / "sweep", "mlp", started_at=2)
    save(tmp_path, "cnn", started_at=3)
    runs = lk.runs(tmp_path)
    assert runs[-1].name == "cnn"
    assert runs["cnn"] is runs["cnn.lab"] is runs[2]
    assert runs["sweep/mlp.lab"].series("loss")[1].tolist() == [2.0, 1.0, 1.5]
    assert "cnn" in runs
    assert "rnn" not in runs
    with pytest.raises(KeyError, match=r"2 runs are named 'mlp'.*'sweep/mlp.lab'"):
        runs["mlp"]
    with pytest.raises(KeyError, match="there is no run 'rnn'"):
        runs["rnn"]
    with pytest.raises(IndexError, match="has 3 runs"):
        runs[3]
    with pytest.raises(TypeError, match="a number or a name, not float"):
        runs[1.5]


def test_runs_of_one_name_are_told_apart_by_their_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(["sweep/a", "sweep/b", "c"]):
        path = tmp_path / f"{name}.lab"
        save(path.parent, "Net", started_at=number).rename(path)
    runs = lk.runs(tmp_path)
    assert [line.split()[0] for line in repr(runs).splitlines()[2:]] == ["c", "sweep/b", "sweep/a"]
    assert (
        runs["sweep/b"] is runs["b"] is runs[Path("sweep/b.lab")] is runs[tmp_path / "sweep/b.lab"]
    )
    with pytest.raises(KeyError, match=r"There are 'sweep/a', 'sweep/b', 'c'\."):
        runs["d"]
    comparison = runs.compare("a", "b")
    assert comparison.names == ["sweep/a", "sweep/b"]
    comparison.close()


def test_a_run_and_its_copy_are_not_compared(tmp_path):
    path = save(tmp_path, "a")
    shutil.copy(path, tmp_path / "b.lab")
    with pytest.raises(ValueError, match="the run 'a' twice, or a copy of it"):
        lk.runs(tmp_path).compare(0, 1)


def test_a_refresh_finds_new_runs_and_loses_those_that_are_gone(tmp_path):
    path = save(tmp_path, "a")
    runs = lk.runs(tmp_path)
    save(tmp_path, "b")
    path.unlink()
    assert [run.name for run in runs.listed] == ["a"]
    runs.refresh()
    assert [run.name for run in runs.listed] == ["b"]


def test_only_files_that_have_changed_are_read_again(tmp_path, monkeypatch):
    save(tmp_path, "a")
    save(tmp_path, "b")
    read = []
    reads = summary.read_summary
    monkeypatch.setattr(
        "labkit.run.folder.run_folder.read_summary",
        lambda path: read.append(path.name) or reads(path),
    )
    runs = lk.runs(tmp_path)
    assert sorted(read) == ["a.lab", "b.lab"]
    read.clear()
    runs.refresh()
    assert read == []
    save(tmp_path, "b", losses=[5.0])
    runs.refresh()
    assert read == ["b.lab"]
    assert runs.find("b").steps == 1


def test_a_run_that_grows_is_followed_and_a_killed_one_is_interrupted(tmp_path):
    path = tmp_path / "growing.lab"
    run = Run("growing")
    run.save_continuously(path, 10**9)
    loss = run.add_table("loss", "loss", ["loss"])
    run.begin()
    loss.append(1, [0.5])
    run.advance_to(1)
    runs = lk.runs(tmp_path)
    await_steps(runs, 1)
    assert runs.find(0).status == "running"
    assert runs.find(0).is_growing
    assert runs["growing"].series("loss")[1].tolist() == [0.5]
    killed = tmp_path / "killed.lab"
    shutil.copy(path, killed)
    with sqlite3.connect(killed) as file:
        file.execute(
            "UPDATE facts SET value = json_set(value, '$.process', 99999999) WHERE name = 'writer'"
        )
    file.close()
    run.close()
    runs.refresh()
    assert runs.find("growing.lab").status == "finished"
    assert runs.find("killed.lab").status == "interrupted"
    assert "was killed" in runs.find("killed.lab").message


def await_steps(runs, steps):
    """Refresh until the newest run has so many steps; its file is written twice a second."""
    deadline = time.monotonic() + 30
    while not len(runs) or runs.find(-1).steps < steps:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        runs.refresh()


def test_files_of_other_ranks_are_part_of_the_run_of_rank_0(tmp_path):
    main = Run("mlp")
    main.ranks = RankFacts(0, 2, main.id)
    main.save(tmp_path / "mlp.lab")
    other = Run("mlp")
    other.ranks = RankFacts(1, 2, main.id)
    other.save(tmp_path / "mlp.rank1.lab")
    assert [run.key for run in lk.runs(tmp_path).listed] == ["mlp.lab"]
    (tmp_path / "mlp.lab").unlink()
    assert [run.key for run in lk.runs(tmp_path).listed] == ["mlp.rank1.lab"]


def test_a_folder_that_vanishes_is_a_problem_and_no_error(tmp_path):
    folder = tmp_path / "runs"
    save(folder, "a")
    runs = lk.runs(folder)
    folder.rename(tmp_path / "elsewhere")
    runs.refresh()
    assert "not followed" in runs.problem
    assert len(runs) == 1


def test_of_too_many_runs_the_newest_are_listed(tmp_path, monkeypatch):
    monkeypatch.setattr("labkit.run.folder.scan.MAX_RUNS", 2)
    for number in range(3):
        os.utime(save(tmp_path, f"run{number}"), (number, number))
    scan = FolderScanner(tmp_path).scan()
    assert [file.key for file in scan.files] == ["run2.lab", "run1.lab"]
    assert not scan.is_complete


def test_names_are_data(tmp_path):
    name = "<b onclick=x>\x07\u202e" + "x" * 10_000
    save(tmp_path, name, file="a.lab", note=name, config={name: name})
    save(tmp_path, "b", started_at=1)
    try:
        (tmp_path / "b.lab").rename(tmp_path / os.fsdecode(b"\xff.lab"))
    except OSError:
        pytest.skip("file names are Unicode here")
    runs = lk.runs(tmp_path)
    assert {run.key for run in runs.listed} == {"a.lab", "\\udcff.lab"}
    assert len(max(repr(runs).splitlines(), key=len)) < 200
    view = runs.view()
    data, _ = view._repr_mimebundle_()
    assert "<b" not in data["image/svg+xml"]
    ET.fromstring(data["image/svg+xml"])
    view.close()


@pytest.mark.parametrize(
    ("folder", "error", "text"),
    [
        (3, TypeError, "takes the path of a folder, not int"),
        ("nowhere", FileNotFoundError, "no folder"),
        (__file__, NotADirectoryError, "lk.load opens one run"),
    ],
)
def test_a_bad_argument_fails_with_an_example(folder, error, text):
    with pytest.raises(error, match=text):
        lk.runs(folder)


def test_runs_are_compared_by_name(tmp_path):
    save(tmp_path, "a")
    save(tmp_path, "b")
    runs = lk.runs(tmp_path)
    comparison = runs.compare("a", "b", names=["SGD", "Adam"])
    assert comparison.names == ["SGD", "Adam"]
    assert comparison.runs[0] is runs["a"]
    comparison.close()


def test_the_lowest_value_of_a_long_run_is_that_of_all_its_steps(tmp_path):
    losses = np.linspace(2.0, 1.0, 50_000)
    losses[1_234] = 0.125
    save(tmp_path, "long", losses=losses)
    (run,) = lk.runs(tmp_path).listed
    assert run.results[0].lowest == 0.125
    assert 0.125 in run.outline.values
    assert len(run.outline.values) <= 64


def test_a_file_with_any_bytes_is_listed_or_has_an_error(tmp_path):
    content = full_run(steps=20).save(tmp_path / "whole.lab").read_bytes()
    rng = np.random.default_rng(0)
    for place in range(100):
        damaged = bytearray(content)
        for at in rng.integers(100, len(content), 40):
            damaged[at] = rng.integers(256)
        (tmp_path / f"{place}.lab").write_bytes(damaged[: rng.integers(100, len(content))])
    runs = lk.runs(tmp_path)
    assert len(runs) == 101
    assert sum(run.error is not None for run in runs.listed) > 50
    runs.to_frame()
