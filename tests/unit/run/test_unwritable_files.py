"""Files of runs in bad places and of killed processes: training goes on, and files open."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest

import labkit as lk
from labkit.run import Finding, Run
from labkit.run.file import FileError, contents, opening, run_file, schema

LIMIT = 500_000_000


@pytest.fixture
def run():
    made = Run("demo")
    yield made
    made.close()


def add_steps(run, count):
    first = run.steps + 1
    steps = np.arange(first, first + count)
    run.add_table("loss", "loss", ["loss"]).extend(steps, 1 / steps)
    run.advance_to(first + count - 1)


def rows_in(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute("SELECT coalesce(sum(row_count), 0) FROM chunks").fetchone()[0]
    finally:
        connection.close()


def await_(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def python(code):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("place", ["file.txt/demo.lab", "/proc/nothing/demo.lab"])
def test_a_place_where_nothing_can_be_written_is_one_warning(run, tmp_path, place):
    (tmp_path / "file.txt").write_text("x")
    with pytest.warns(RuntimeWarning, match="is not saved") as caught:
        run.save_continuously(tmp_path / place, LIMIT)
    add_steps(run, 100)
    assert len(caught) == 1
    assert run.path is None
    assert [notice.part for notice in run.notices] == ["file"]
    assert len(run.series("loss")[0]) == 100


@pytest.mark.filterwarnings("ignore:labkit")
def test_a_vanished_folder_is_one_notice_and_the_run_stays_in_memory(run, tmp_path):
    folder = tmp_path / "runs"
    run.save_continuously(folder / "demo.lab", LIMIT)
    add_steps(run, 100)
    await_(lambda: rows_in(run.path) == 100)
    shutil.rmtree(folder)
    add_steps(run, 100)
    await_(lambda: run.notices)
    add_steps(run, 100)
    run.close()
    (notice,) = run.notices
    assert "deleted or moved" in notice.text
    assert len(lk.load(run.save(tmp_path / "elsewhere.lab")).series("loss")[0]) == 300
    assert not folder.exists()


def test_a_file_that_another_program_locks_gets_its_rows_later(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 100)
    await_(lambda: rows_in(run.path) == 100)
    other = sqlite3.connect(run.path, isolation_level=None, timeout=20)
    other.execute("BEGIN EXCLUSIVE")
    for _ in range(5):
        add_steps(run, 2_000)
        time.sleep(0.6)  # a write of the file fails meanwhile; there is no event to wait for
    other.execute("ROLLBACK")
    other.close()
    run.close()
    assert rows_in(run.path) == 10_100
    assert not run.notices


def test_a_full_disk_is_one_notice_until_what_is_missing_has_followed(tmp_path):
    code = f"""
        import resource, sys, time, warnings
        import numpy as np
        from pathlib import Path
        from labkit.run import Run
        from tests.unit.run.test_unwritable_files import add_steps, await_, rows_in
        warnings.simplefilter("error")
        run = Run("demo")
        run.save_continuously(Path({str(tmp_path)!r}) / "demo.lab", {LIMIT})
        add_steps(run, 100)
        await_(lambda: rows_in(run.path) == 100)
        size, hard = run.path.stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # as if the disk were full
        add_steps(run, 50_000)
        await_(lambda: run.notices)
        add_steps(run, 100)
        (notice,) = run.notices
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        run.close()
        print(rows_in(run.path), len(run.notices), notice.text)
    """
    process = python(code)
    printed, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    rows, notices, text = printed.split(maxsplit=2)
    assert (rows, notices) == ("50200", "0")
    assert "is not saved at the moment" in text
    assert not lk.load(tmp_path / "demo.lab").notices


@pytest.mark.parametrize("attempt", range(4))
def test_the_file_of_a_killed_process_opens_with_all_that_was_written(tmp_path, attempt):
    path = tmp_path / "demo.lab"
    code = f"""
        from pathlib import Path
        from labkit.run import Run
        from tests.unit.run.test_unwritable_files import add_steps
        run = Run("demo")
        run.save_continuously(Path({str(path)!r}), {LIMIT})
        print("begun", flush=True)
        while True:
            add_steps(run, 97)
            run.log(score=run.steps)
    """
    process = python(code)
    assert process.stdout.readline() == "begun\n"
    await_(lambda: path.exists() and rows_in(path) > 0)
    before = rows_in(path)
    await_(lambda: rows_in(path) > before + 500 * attempt)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    loaded = lk.load(path)
    steps, values = loaded.series("loss")
    assert loaded.status == "interrupted"
    assert "was killed" in loaded.message
    assert loaded.closed
    assert len(steps) > 0
    np.testing.assert_array_equal(steps[-100:], np.arange(steps[-1] - 99, steps[-1] + 1))
    np.testing.assert_allclose(values, 1 / steps, rtol=1e-6)


def test_a_transaction_that_was_cut_off_is_undone_in_a_copy(tmp_path):
    run = Run("demo")
    add_steps(run, 100)
    path = run.save(tmp_path / "demo.lab")
    run.close()
    code = f"""
        import os, sqlite3
        connection = sqlite3.connect({str(path)!r}, isolation_level=None)
        connection.execute("PRAGMA cache_size = 4")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM chunks")
        connection.execute("DELETE FROM facts")
        for number in range(400):  # more than fits into the cache, so that it reaches the disk
            connection.execute("INSERT INTO facts VALUES (?, ?)", (str(number), "x" * 4000))
        os.kill(os.getpid(), 9)
    """
    python(code).communicate()
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(files) == {"demo.lab", "demo.lab-journal"}
    assert lk.load(path).series("loss")[0].tolist() == list(range(1, 101))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files


def test_a_run_that_nothing_refers_to_is_written_until_the_process_ends(tmp_path):
    code = f"""
        import torch, labkit as lk
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        lk.watch(model, save={str(tmp_path / "demo.lab")!r}, config={{"width": 2}})
        for _ in range(120):
            loss = model(torch.ones(4, 2)).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    """
    process = python(code)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    loaded = lk.load(tmp_path / "demo.lab")
    assert (loaded.status, loaded.steps, len(loaded.series("loss")[0])) == ("finished", 120, 120)
    assert loaded.config == {"width": 2}
    assert loaded.graph.nodes


def test_an_error_that_ends_the_process_is_in_the_file(tmp_path):
    code = f"""
        from pathlib import Path
        from labkit.run import Run
        run = Run("demo")
        run.save_continuously(Path({str(tmp_path / "demo.lab")!r}), {LIMIT})
        run.begin()
        raise ValueError("out of patience")
    """
    python(code).communicate(timeout=60)
    loaded = lk.load(tmp_path / "demo.lab")
    assert (loaded.status, loaded.message) == (
        "failed",
        "the process ended: ValueError: out of patience",
    )


def test_a_file_that_was_just_begun_has_no_contents_yet(tmp_path):
    connection = sqlite3.connect(tmp_path / "demo.lab", isolation_level=None)
    schema.create(connection)
    connection.close()
    with pytest.raises(FileError, match=r"no contents yet.*Try again"):
        lk.load(tmp_path / "demo.lab")


def test_a_growing_file_is_followed_until_its_run_ends(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 10)
    await_(lambda: rows_in(run.path) == 10)
    loaded = lk.load(run.path)
    assert not loaded.closed
    for _ in range(3):
        add_steps(run, 10)
        run.log(accuracy=run.steps)
        await_(lambda: loaded.steps == run.steps)
        assert len(loaded.series("loss")[0]) == run.steps
    run.close()
    await_(lambda: loaded.closed)
    assert loaded.status == "finished"
    np.testing.assert_array_equal(loaded.series("accuracy"), run.series("accuracy"))


def test_writing_a_file_evaluates_no_rules_and_has_the_findings_that_hold(tmp_path):
    class CountedRun(Run):
        reads = 0

        @property
        def findings(self):
            self.reads += 1
            return super().findings

    run = CountedRun("demo")
    run.begin()
    finding = Finding("plateau", "warning", "The loss does not fall.", (), (1, 9), "", ())
    run.findings_log.record([finding], {}, 9, 1.0)
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    for count in (100, 200):
        add_steps(run, 100)
        await_(lambda count=count: rows_in(run.path) == count)
    assert lk.load(run.path).findings == (finding,)
    assert run.reads == 0
    run.close()


def test_watching_with_a_file_leaves_no_thread_and_no_open_file(tmp_path):
    import psutil

    process = psutil.Process()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            run = Run("demo")
            run.save_continuously(tmp_path / "demo.lab", LIMIT)
            add_steps(run, 10)
            run.close()
    assert not [file for file in process.open_files() if str(tmp_path) in file.path]
    assert "labkit-file" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.filterwarnings("ignore:labkit")
@pytest.mark.parametrize("how", ["deleted", "moved", "replaced", "overwritten"])
def test_a_file_that_is_lost_is_written_anew_with_all_steps(run, tmp_path, how):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 100)
    lost = run.path
    await_(lambda: rows_in(lost) == 100)
    other = tmp_path / "other.lab"
    if how == "deleted":
        lost.unlink()
    elif how == "moved":
        lost.rename(other)
    elif how == "replaced":
        Run("other").save(lost)
    else:
        lost.write_bytes(b"x" * 200_000)
    add_steps(run, 100)
    new = run.save(lost)
    assert new.name == ("demo.lab" if how in {"deleted", "moved"} else "demo-2.lab")
    assert rows_in(new) == 200
    add_steps(run, 100)
    run.close()
    assert len(lk.load(new).series("loss")[0]) == 300
    assert ["deleted, moved or overwritten" in notice.text for notice in run.notices] == [True]
    if how == "moved":
        assert rows_in(other) == 100


@pytest.mark.filterwarnings("ignore:labkit")
def test_a_file_that_was_emptied_has_all_steps_again(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 100)
    await_(lambda: rows_in(run.path) == 100)
    run.path.write_bytes(b"")
    add_steps(run, 100)
    await_(lambda: run.notices)
    run.save(run.path)
    assert rows_in(run.path) == 200
    assert not run.notices


def test_saving_to_the_own_file_writes_what_is_new_and_leaves_every_step(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    place = run.path.stat().st_ino
    add_steps(run, 100)
    run.save(run.path)
    add_steps(run, 19_900)
    assert run.save(tmp_path / "demo.lab") == run.path
    assert rows_in(run.path) == 20_000
    loaded = lk.load(run.path)
    assert loaded.save(run.path) == run.path
    loaded.close()
    add_steps(run, 100)
    run.close()
    run.save(run.path)
    lk.load(run.path).save(run.path)
    assert rows_in(run.path) == 20_100  # not the extremes, as in a copy
    assert run.path.stat().st_ino == place
    assert not run.notices


def test_a_file_that_is_locked_at_the_end_is_a_warning(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run_file, "_END_BUSY_SECONDS", 0.0)
    monkeypatch.setattr(contents, "_TIMEOUT_SECONDS", 0.01)
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 100)
    await_(lambda: rows_in(run.path) == 100)
    other = sqlite3.connect(run.path, isolation_level=None, timeout=20)
    other.execute("BEGIN EXCLUSIVE")
    add_steps(run, 100)
    with pytest.warns(RuntimeWarning, match=r"lacks its end\. Another program keeps .* locked"):
        run.close()
    other.execute("ROLLBACK")
    other.close()
    assert "lacks its end" in run.notices[0].text
    run.save(run.path)
    assert rows_in(run.path) == 200


@pytest.mark.filterwarnings("ignore:labkit")
def test_a_place_that_becomes_writable_gets_the_run(run, tmp_path):
    (tmp_path / "runs").write_text("in the way")
    run.save_continuously(tmp_path / "runs" / "demo.lab", LIMIT)
    add_steps(run, 100)
    (tmp_path / "runs").unlink()
    run.close()
    assert run.path == tmp_path / "runs" / "demo.lab"
    assert rows_in(run.path) == 100
    assert not run.notices


def test_a_reader_follows_again_after_a_lock(run, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "_TIMEOUT_SECONDS", 0.01)
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 10)
    await_(lambda: rows_in(run.path) == 10)
    loaded = lk.load(run.path)
    other = sqlite3.connect(run.path, isolation_level=None, timeout=20)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(FileError, match="another program keeps it locked"):
        await_(loaded.reload)
    with pytest.raises(FileError, match="another program keeps it locked"):
        lk.load(run.path)
    other.execute("ROLLBACK")
    other.close()
    add_steps(run, 10)
    await_(lambda: loaded.steps == 20)
    run.close()
    await_(lambda: loaded.closed)
    assert not loaded.notices


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_process_does_not_write_the_file_of_its_parent(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of a fork beside threads
        child = os.fork()
    if not child:
        try:
            run.save(tmp_path / "child.lab")
            run.save(run.path)
        except OSError as error:
            (tmp_path / "error.txt").write_text(str(error))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert "was forked" in (tmp_path / "error.txt").read_text()
    assert lk.load(tmp_path / "child.lab").steps == 100
    run.close()
    assert rows_in(run.path) == 100


@pytest.mark.parametrize("field", ["host", "namespace"])
def test_a_process_on_another_machine_or_in_another_container_is_not_looked_for(tmp_path, field):
    run = Run("demo")
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 10)
    run.save(run.path)
    shutil.copy(run.path, tmp_path / "copy.lab")
    run.close()
    connection = sqlite3.connect(tmp_path / "copy.lab", isolation_level=None)
    change = "UPDATE facts SET value = json_set(value, ?, ?) WHERE name = 'writer'"
    connection.execute(change, ("$.process", 2**22 + 1))  # there is no such process
    assert lk.load(tmp_path / "copy.lab").status == "interrupted"
    connection.execute(change, (f"$.{field}", "elsewhere"))
    connection.close()
    loaded = lk.load(tmp_path / "copy.lab")
    assert (loaded.status, loaded.closed) == ("waiting", False)
    loaded.close()


@pytest.mark.filterwarnings("ignore:labkit")
def test_a_file_that_becomes_unreadable_ends_the_run_that_follows_it(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 10)
    run.save(run.path)
    loaded = lk.load(run.path)
    run.path.write_bytes(b"x" * run.path.stat().st_size)
    await_(lambda: loaded.closed)
    assert (loaded.status, loaded.message) == ("interrupted", "its file cannot be read any more")
    assert len(loaded.series("loss")[0]) == 10
    assert "not read any more. demo.lab cannot be read" in loaded.notices[-1].text


@pytest.mark.filterwarnings("ignore:labkit")
def test_a_reader_follows_the_file_that_takes_the_place_of_a_deleted_one(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 10)
    run.log(score=1.0, text="a")
    run.save(run.path)
    loaded = lk.load(run.path)
    run.path.unlink()
    add_steps(run, 10)
    run.log(score=2.0, text="b")
    run.save(run.path)
    await_(lambda: loaded.steps == 20)
    run.close()
    await_(lambda: loaded.closed)
    assert loaded.status == "finished"
    for name in ("loss", "score"):
        np.testing.assert_array_equal(loaded.series(name), run.series(name))
    assert [sample.content for sample in loaded.logged_samples("text")] == [b"a", b"b"]


@pytest.mark.filterwarnings("ignore:labkit")
def test_a_reader_does_not_take_the_file_of_another_run_for_its_own(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 10)
    run.save(run.path)
    loaded = lk.load(run.path)
    other = Run("other")
    other.save(tmp_path / "demo.lab")
    other.close()
    assert loaded.reload()
    assert (loaded.name, loaded.steps) == ("demo", 10)
    loaded.close()


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_looking_at_a_file_takes_no_lock_away(run, tmp_path):
    run.save_continuously(tmp_path / "demo.lab", LIMIT)
    add_steps(run, 10)
    run.save(run.path)
    write = f"""
        import sqlite3
        other = sqlite3.connect({str(run.path)!r}, isolation_level=None, timeout=0)
        try:
            other.execute("BEGIN EXCLUSIVE")
            print("written")
        except sqlite3.OperationalError as error:
            print(error)
    """
    followed = lk.load(run.path)
    reading = sqlite3.connect(run.path, isolation_level=None)
    reading.execute("BEGIN")
    reading.execute("SELECT * FROM facts").fetchall()
    lk.load(run.path).close()
    lk.runs(tmp_path)
    with pytest.raises(ValueError, match="not a page"):
        run.export_html(run.path)
    output, _ = python(write).communicate(timeout=60)
    reading.close()
    followed.close()
    assert output.strip() == "database is locked"
