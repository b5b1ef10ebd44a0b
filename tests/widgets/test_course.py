"""The folder of the course, which findings link to."""

from pathlib import Path

import pytest

from labkit.insight.rules import RULES
from labkit.views.course import course_folder

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.mark.parametrize("below", ["", "notebooks"])
def test_the_course_is_found_in_the_working_folder_and_its_notebooks_folder(
    below, tmp_path, monkeypatch
):
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)
    (folder / "00_start_here.ipynb").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/nowhere")
    assert course_folder() == folder.resolve().as_posix()


def test_the_home_folder_is_abbreviated_with_a_tilde(tmp_path, monkeypatch):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "00_start_here.ipynb").touch()
    monkeypatch.chdir(tmp_path / "course")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert course_folder() == "~/course"


def test_every_chapter_named_by_a_rule_exists():
    named = {rule.chapter for rule in RULES if rule.chapter is not None}
    assert named
    assert named <= {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
