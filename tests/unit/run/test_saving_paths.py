"""Where runs are saved and loaded: home folders, names that are too long, devices, pipes, ranks."""

import os
import sys

import pytest

import labkit as lk
from labkit.run import Run
from labkit.run.file import FileError
from labkit.run.ranks import RankFacts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")


@pytest.fixture
def run():
    made = Run("demo")
    made.log(accuracy=0.5)
    yield made
    made.close()


def test_a_tilde_is_the_home_folder(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert run.save("~/runs/demo.lab") == tmp_path / "home" / "runs" / "demo.lab"
    assert lk.load("~/runs/demo.lab").series("accuracy")[1].tolist() == [0.5]
    assert [file.name for file in tmp_path.iterdir()] == ["home"]


def test_runs_that_are_saved_in_a_folder_at_once_have_files_of_their_own(tmp_path):
    paths = []
    for value in range(3):
        run = Run("demo")
        run.log(value=value)
        run.close()
        paths.append(run.save(f"{tmp_path}/runs/"))
        page = run.export_html(f"{tmp_path}/pages/")
        assert page.exists()
    assert [lk.load(path).series("value")[1].tolist() for path in paths] == [[0.0], [1.0], [2.0]]
    assert len(list((tmp_path / "pages").iterdir())) == 3


def test_a_pipe_is_neither_read_nor_replaced(run, tmp_path):
    pipe = tmp_path / "pipe.lab"
    os.mkfifo(pipe)
    with pytest.raises(FileError, match="no regular file"):
        lk.load(pipe)
    with pytest.raises(ValueError, match="is not the file of a run"):
        run.save(pipe)
    with pytest.raises(ValueError, match="is not a page"):
        run.export_html(pipe)
    assert pipe.is_fifo()
    assert [file.name for file in tmp_path.iterdir()] == ["pipe.lab"]


def test_a_name_that_is_too_long_is_refused_with_the_limit(run, tmp_path):
    with pytest.raises(ValueError, match=r"has 224 bytes; it may have 220"):
        run.save(tmp_path / ("ä" * 110 + ".lab"))
    assert lk.load(run.save(tmp_path / ("ä" * 108 + ".lab"))).steps == 0


def test_an_empty_path_is_refused():
    with pytest.raises(ValueError, match=r"takes the path.*not ''"):
        lk.load("")


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(run, tmp_path):
    (tmp_path / "runs").write_text("in the way")
    with pytest.raises(OSError, match=r"its folder is a file\. Nothing was written"):
        run.save(tmp_path / "runs" / "demo.lab")


def test_a_loaded_run_is_found_after_a_change_of_the_folder(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run.save("demo.lab")
    assert lk.load("demo.lab").path == tmp_path / "demo.lab"


def test_each_of_several_processes_saves_a_file_of_its_own(tmp_path):
    paths = []
    for rank in range(2):
        run = Run("demo")
        run.ranks = RankFacts(rank, 2)
        paths.append(run.save(tmp_path / "demo.lab"))
        assert run.save(paths[-1]) == paths[-1]
        run.close()
    assert [path.name for path in paths] == ["demo.lab", "demo.rank1.lab"]


def test_the_end_of_a_block_waits_for_the_file_of_a_run_that_a_finalizer_has_ended(tmp_path):
    for number in range(10):
        with Run("demo") as run:
            run.save_continuously(tmp_path / f"{number}.lab", 1_000_000)
            run.abandon()
        assert lk.load(run.path).status == "finished"


@pytest.mark.parametrize(("code", "status"), [(0, "finished"), (None, "finished"), (2, "failed")])
def test_an_exit_of_the_process_in_the_block_is_an_end_or_a_failure(code, status):
    run = Run("demo")
    with pytest.raises(SystemExit), run:
        sys.exit(code)
    assert run.status == status
