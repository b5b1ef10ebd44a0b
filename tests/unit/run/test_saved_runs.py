"""The file of a run: all of it is read again, by labkit and by any client of SQLite."""

import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

import labkit as lk
from labkit.run import Run
from labkit.run.file import FileError
from tests.unit.run.saved_runs import assert_equal_runs, fill, full_run


@pytest.fixture
def run():
    made = full_run()
    yield made
    made.close()


def query(path, statement, *values):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def saved_while_running(run, path, limit=500_000_000):
    run.save_continuously(path, limit)
    run.close()
    return run.path


def test_everything_in_a_run_is_read_from_its_copy(run, tmp_path):
    run.close()
    assert_equal_runs(lk.load(run.save(tmp_path / "demo.lab")), run)


def test_everything_in_a_run_is_read_from_the_file_that_was_written_on_the_way(tmp_path):
    run = Run("demo")
    run.save_continuously(tmp_path / "demo.lab", 500_000_000)
    while not query(run.path, "SELECT name FROM facts"):  # until it was written for the first time
        time.sleep(0.01)
    fill(run)
    run.close()
    assert_equal_runs(lk.load(run.path), run)


def test_rows_that_come_in_many_writes_are_those_of_the_run(tmp_path):
    run = Run("demo")
    run.save_continuously(tmp_path / "demo.lab", 500_000_000)
    file_has = lambda: query(run.path, "SELECT coalesce(sum(row_count), 0) FROM chunks")[0][0]  # noqa: E731
    for part in range(4):
        steps = np.arange(part * 1500 + 1, part * 1500 + 1501)
        run.add_table("loss", "loss", ["loss"]).extend(steps, np.sqrt(steps))
        run.add_table("act_mean", "act_mean", ["a", "b", "c"][: part + 1]).append(
            int(steps[-1]), [1.0] * min(part + 1, 3)
        )
        run.log(metric=part)
        run.advance_to(int(steps[-1]))
        while file_has() < 1500 * (part + 1):
            time.sleep(0.01)
    run.close()
    read = lk.load(run.path)
    for name in run.names():
        for found, recorded in zip(read.series(name), run.series(name), strict=True):
            np.testing.assert_array_equal(found, recorded)


def test_a_metric_that_is_logged_again_at_one_step_has_its_last_value(tmp_path):
    run = Run("demo")
    run.save_continuously(tmp_path / "demo.lab", 500_000_000)
    for value in range(5):
        before = query(run.path, "SELECT max(id) FROM chunks")
        run.log(score=value)
        deadline = time.monotonic() + 20
        while query(run.path, "SELECT max(id) FROM chunks") == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    run.close()
    assert query(run.path, "SELECT step, value FROM series_values") == [(0, 4.0)]
    assert lk.load(run.path).series("score")[1].tolist() == [4.0]


def test_any_client_of_sqlite_reads_the_numbers(tmp_path):
    run = Run("demo")
    odd = np.array([0.0, -0.0, 1e-42, np.nan, np.inf, -np.inf, 3.4e38, -1.5], np.float32)
    run.add_table("loss", "loss", ["loss"]).extend(np.arange(1, 9), odd)
    rows = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    run.add_table("grad_norm", "grad_norm", ["a", "b", "c"]).extend(np.arange(1000) * 70_000, rows)
    path = run.save(tmp_path / "demo.lab")
    read = query(path, "SELECT step, value FROM series_values WHERE name = 'loss' ORDER BY step")
    assert [step for step, _ in read] == list(range(1, 9))
    found = np.array([np.nan if value is None else value for _, value in read], np.float32)
    np.testing.assert_array_equal(found, odd)
    read = query(path, "SELECT step, value FROM series_values WHERE name = 'grad_norm/b'")
    assert sorted(read) == [(70_000 * row, 3.0 * row + 1) for row in range(1000)]
    run.close()


def test_the_file_describes_itself(run, tmp_path):
    path = run.save(tmp_path / "demo.lab")
    (schema,) = query(path, "SELECT sql FROM sqlite_schema WHERE name = 'series_values'")[0]
    assert "SELECT step, value FROM series_values WHERE name = 'loss'" in schema
    assert query(path, "SELECT value ->> '$.width' FROM facts WHERE name = 'config'") == [(64,)]
    assert query(path, "SELECT value ->> '$.step' FROM facts WHERE name = 'state'") == [(300,)]


def test_a_file_beyond_its_limit_has_the_extremes_of_older_rows(tmp_path):
    run = Run("demo")
    values = np.zeros(400_000, np.float32)
    values[123_456] = 7.0
    run.save_continuously(tmp_path / "demo.lab", 1_000_000)
    table = run.add_table("loss", "loss", ["loss"])
    for start in range(0, len(values), 50_000):
        table.extend(np.arange(start, start + 50_000), values[start : start + 50_000])
        run.advance_to(start + 50_000)
    run.close()
    run.save(tmp_path / "copy.lab")
    for path in (run.path, tmp_path / "copy.lab"):
        assert path.stat().st_size < 2_500_000
        steps, read = lk.load(path).series("loss")
        assert steps[read == 7.0].tolist() == [123_456]
    np.testing.assert_array_equal(lk.load(tmp_path / "copy.lab").series("loss"), run.series("loss"))


def test_an_existing_file_of_a_run_is_not_overwritten_by_the_next_run(tmp_path):
    paths = [saved_while_running(Run("demo"), tmp_path / "demo.lab").name for _ in range(3)]
    assert paths == ["demo.lab", "demo-2.lab", "demo-3.lab"]


def test_a_folder_gets_a_file_with_the_name_of_the_run(run, tmp_path):
    path = run.save(f"{tmp_path}/new/")
    assert path.parent == tmp_path / "new"
    assert path.name.startswith("demo-")
    assert lk.load(path).steps == 300


def test_a_file_of_another_kind_is_not_overwritten(run, tmp_path):
    (tmp_path / "thesis.txt").write_text("chapter one")
    with pytest.raises(ValueError, match="not the file of a run"):
        run.save(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "chapter one"
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("path", [3, None, b"x.lab", "", " ", "a\0b"])
def test_what_is_no_path_is_refused(run, path):
    with pytest.raises((TypeError, ValueError), match=r"path of a file or a folder|save takes"):
        run.save(path)


def test_a_loaded_run_is_read_only(run, tmp_path):
    loaded = lk.load(run.save(tmp_path / "demo.lab"))
    for change in (
        lambda: loaded.log(accuracy=1.0),
        lambda: loaded.adjust(lr=0.1),
        loaded.pause,
        loaded.resume,
        loaded.step,
        loaded.stop,
        lambda: setattr(loaded, "pace", 3),
        lambda: setattr(loaded, "total_steps", 3),
    ):
        with pytest.raises(RuntimeError, match="read-only"):
            change()


def test_a_rule_is_silenced_in_a_loaded_run_and_not_in_its_file(tmp_path):
    run = full_run()
    run.save_continuously(tmp_path / "demo.lab", 500_000_000)
    run.save(run.path)
    loaded = lk.load(run.path)
    assert [finding.rule for finding in loaded.findings] == ["plateau"]
    loaded.ignore("plateau")
    run.advance_to(301)
    run.save(run.path)
    loaded.reload()
    assert (loaded.steps, loaded.findings) == (301, ())
    loaded.unignore("plateau")
    assert [finding.rule for finding in loaded.findings] == ["plateau"]
    loaded.close()
    run.close()


def test_a_run_says_what_it_is(run, tmp_path):
    path = run.save(tmp_path / "demo.lab")
    assert repr(run) == "<Run 'demo': running, 300 steps>"
    assert repr(lk.load(path)) == f"<LoadedRun 'demo': stopped, 300 steps, {path}>"


def test_a_copy_of_a_run_that_goes_on_has_ended(run, tmp_path):
    loaded = lk.load(run.save(tmp_path / "demo.lab"))
    assert (run.status, loaded.status, loaded.closed) == ("running", "stopped", True)
    assert loaded.message == "this file was saved after step 300, while the run went on"


def test_a_loaded_run_is_saved_again(run, tmp_path):
    run.close()
    first = lk.load(run.save(tmp_path / "a.lab"))
    assert_equal_runs(lk.load(first.save(tmp_path / "b.lab")), run)


def test_a_run_is_opened_without_torch(run, tmp_path):
    path = run.save(tmp_path / "demo.lab")
    code = (
        "import sys; sys.modules['torch'] = None; import labkit as lk;"
        f"run = lk.load({str(path)!r}); print(run.steps, len(run.names()))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["300", str(len(run.names()))]


def test_a_missing_file_and_a_folder_are_said_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        lk.load(tmp_path / "none.lab")
    with pytest.raises(FileError, match="is a folder"):
        lk.load(tmp_path)
    with pytest.raises(TypeError, match="takes the path"):
        lk.load(3)
