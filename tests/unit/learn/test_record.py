"""The progress file with several kernels and chapters, invalid contents and failed writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.learn.attempts import Attempts
from labkit.learn.record import FILE_NAME, Record


def test_a_stored_entry_is_read_in_a_new_record(tmp_path):
    Record("01_tensors", tmp_path).put("predictions", "stride", {"value": [1, 4]})
    assert Record("01_tensors", tmp_path).get("predictions", "stride") == {"value": [1, 4]}


def test_chapters_open_at_the_same_time_do_not_overwrite_each_other(tmp_path):
    first, second = Record("00_start_here", tmp_path), Record("01_tensors", tmp_path)
    first.put("exercises", "a", {"solved": True})
    second.put("exercises", "b", {"solved": True})
    first.put("exercises", "c", {"solved": False})
    kept = json.loads((tmp_path / FILE_NAME).read_text())["chapters"]
    assert set(kept["00_start_here"]["exercises"]) == {"a", "c"}
    assert set(kept["01_tensors"]["exercises"]) == {"b"}


@pytest.mark.parametrize("broken", ['{"chapters": {"01_t', "[]", '{"version": 99}', "\x00\x01", ""])
def test_an_unreadable_file_is_renamed_with_a_warning(tmp_path, broken):
    (tmp_path / FILE_NAME).write_text(broken)
    with pytest.warns(UserWarning, match="set aside"):
        record = Record("01_tensors", tmp_path)
    assert (tmp_path / f"{FILE_NAME}.broken-1").read_text() == broken
    record.put("exercises", "a", {"solved": True})
    assert Record("01_tensors", tmp_path).get("exercises", "a") == {"solved": True}


def test_a_second_unreadable_file_does_not_replace_the_first(tmp_path):
    for text in ("first", "second"):
        (tmp_path / FILE_NAME).write_text(text)
        with pytest.warns(UserWarning, match="set aside"):
            Record("01_tensors", tmp_path)
    aside = [(tmp_path / f"{FILE_NAME}.broken-{i}").read_text() for i in (1, 2)]
    assert aside == ["first", "second"]


def test_entries_of_an_unexpected_type_are_treated_as_missing(tmp_path):
    contents = {"version": 1, "chapters": {"01_tensors": {"predictions": ["odd"], "exercises": 3}}}
    (tmp_path / FILE_NAME).write_text(json.dumps(contents))
    record = Record("01_tensors", tmp_path)
    assert record.get("predictions", "stride") == {}
    record.put("exercises", "a", {"solved": True})
    assert record.get("exercises", "a") == {"solved": True}


def test_an_unwritable_folder_gives_one_warning(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("labkit.learn.record.progress_file.tempfile.mkstemp", refuse)
    record = Record("01_tensors", tmp_path)
    with pytest.warns(UserWarning, match="cannot be kept"):
        record.put("exercises", "a", {"solved": True})
    record.put("exercises", "b", {"solved": True})
    assert record.get("exercises", "a") == record.get("exercises", "b") == {"solved": True}


def test_a_failed_write_keeps_the_old_file_and_leaves_no_temporary_file(tmp_path, monkeypatch):
    record = Record("01_tensors", tmp_path)
    record.put("exercises", "a", {"solved": True})
    before = record.path.read_text()

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.warns(UserWarning, match="No space left"):
        record.put("exercises", "b", {"solved": True})
    assert record.path.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_two_kernels_lose_no_entry_of_each_other(tmp_path):
    """Two processes, each of which stores many entries in the same chapter."""
    code = (
        "import sys; from labkit.learn.record import Record\n"
        "record = Record('01_tensors', sys.argv[1])\n"
        "for i in range(60): record.put('exercises', f'{sys.argv[2]}{i}', {'tries': i})"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [kernel.wait(120) for kernel in kernels] == [0, 0]
    assert len(Record("01_tensors", tmp_path).section("exercises")) == 120


def test_what_another_record_stored_is_not_overwritten_by_an_older_entry(tmp_path):
    first, second = (Attempts(Record("01_tensors", tmp_path)) for _ in range(2))
    first.store("mse", "right", None, right=True)
    second.take_hint("mse", 3)
    second.store("mse", "wrong", "summed", right=False)
    assert first.answer("mse") == "# Your last right answer:\nright"
    assert first.hints("mse") == 1
    assert first.solved("mse")


def test_changes_that_could_not_be_written_are_written_later(tmp_path, monkeypatch):
    record = Record("01_tensors", tmp_path)
    with monkeypatch.context() as full:
        full.setattr("labkit.learn.record.progress_file.tempfile.mkstemp", _refuse)
        with pytest.warns(UserWarning, match="cannot be kept"):
            record.put("exercises", "a", {"tries": 1})
        assert Record("01_tensors", tmp_path).get("exercises", "a") == {"tries": 1}
    record.put("exercises", "b", {"tries": 2})
    kept = json.loads((tmp_path / FILE_NAME).read_text())["chapters"]["01_tensors"]
    assert set(kept["exercises"]) == {"a", "b"}


def _refuse(*args, **kwargs):
    raise OSError(28, "No space left on device")


def test_a_file_that_was_deleted_is_written_again(tmp_path):
    record = Record("01_tensors", tmp_path)
    record.put("exercises", "a", {"tries": 1})
    record.path.unlink()
    record.put("exercises", "b", {"tries": 2})
    assert set(Record("01_tensors", tmp_path).section("exercises")) == {"a", "b"}


def test_a_file_that_cannot_be_read_is_left_as_it_is(tmp_path, monkeypatch):
    Record("01_tensors", tmp_path).put("exercises", "a", {"tries": 1})
    before = (tmp_path / FILE_NAME).read_text()
    (tmp_path / FILE_NAME).write_text(before + " ")  # changed by another kernel
    with monkeypatch.context() as locked:
        locked.setattr(Path, "read_text", _refuse)
        with pytest.warns(UserWarning, match="cannot be read"):
            Record("01_tensors", tmp_path).put("exercises", "b", {"tries": 2})
    assert (tmp_path / FILE_NAME).read_text() == before + " "
    assert set(Record("01_tensors", tmp_path).section("exercises")) == {"a", "b"}


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_neither_read_nor_replaced(tmp_path, make):
    make(tmp_path / FILE_NAME)
    with pytest.warns(UserWarning, match="cannot be read"):
        record = Record("01_tensors", tmp_path)
    record.put("exercises", "a", {"tries": 1})
    assert record.get("exercises", "a") == {"tries": 1}
    assert not (tmp_path / FILE_NAME).is_file()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "damaged"),
        (b"\xff\xfe", "damaged"),
        ('{"version": 2}', "another version"),
        ('{"cells": []}', "something else"),
    ],
    ids=["deep", "binary", "version", "notebook"],
)
def test_the_warning_says_why_a_file_cannot_be_used(tmp_path, text, reason):
    (tmp_path / FILE_NAME).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.warns(UserWarning, match=f"{reason}.*set aside"):
        Record("01_tensors", tmp_path)


def test_numbers_that_json_does_not_have_count_as_missing(tmp_path):
    chapters = '{"01_tensors": {"predictions": {"loss": {"value": NaN, "sure": 2}}}}'
    (tmp_path / FILE_NAME).write_text(f'{{"version": 1, "chapters": {chapters}}}')
    record = Record("01_tensors", tmp_path)
    assert record.get("predictions", "loss") == {"value": None, "sure": 2}
    record.put("exercises", "a", {"tries": 1})


def test_a_link_to_the_file_stays_a_link(tmp_path):
    folder, drive = tmp_path / "Kurs für alle", tmp_path / "drive"
    folder.mkdir()
    drive.mkdir()
    (folder / FILE_NAME).symlink_to(drive / "progress.json")
    Record("01_tensors", folder).put("exercises", "a", {"tries": 1})
    assert (folder / FILE_NAME).is_symlink()
    assert "tries" in (drive / "progress.json").read_text()


def test_a_change_of_the_working_directory_does_not_move_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = Record("01_tensors")
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    record.put("exercises", "a", {"tries": 1})
    assert (tmp_path / FILE_NAME).is_file()
