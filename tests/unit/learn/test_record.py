"""The progress file with several kernels and chapters, invalid contents and failed writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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

    monkeypatch.setattr("labkit.learn.record.tempfile.mkstemp", refuse)
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
