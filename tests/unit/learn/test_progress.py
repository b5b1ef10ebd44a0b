"""The map of the course counts what is stored, and a downloaded copy can be taken back in."""

import base64
import json
import re
import subprocess
import sys

from labkit import learn
from labkit.learn.chapters import chapter_names
from labkit.learn.record import FILE_NAME


def begin(folder):
    """Answer and score some of the first chapters."""
    start, tensors = (learn.chapter(name, folder) for name in ("00_start_here", "01_tensors"))
    start.predict("first_loss", 0.7, sure=3)
    start.score("first_loss", 0.69)
    start.check("ten_classes", 2.303)
    tensors.predict("transpose_stride", (1, 3), sure=1)
    tensors.score("transpose_stride", (1, 4))


def test_the_map_counts_predictions_sureness_and_exercises(tmp_path):
    begin(tmp_path)
    course = learn.progress(tmp_path)
    start, tensors, *others = course.chapters
    assert [each.name for each in course.chapters] == list(chapter_names())
    assert (start.hits(), start.hits(3), start.hits(1)) == ((1, 1), (1, 1), (0, 0))
    assert (sum(start.solved.values()), start.to_repeat) == (1, [])
    assert (tensors.hits(1), tensors.to_repeat) == ((0, 1), ["transpose_stride"])
    assert (start.mark, tensors.mark, {each.mark for each in others}) == ("◐", "◐", {"○"})
    assert "2 of" in course.summary[0]
    page = course._repr_html_()
    assert 'href="01_tensors.ipynb"' in page
    assert "<code>transpose_stride</code>" in page
    assert str(course).count("\n") >= len(course.chapters)


def test_a_course_that_has_not_begun_has_no_copy(tmp_path):
    assert "Download" not in learn.progress(tmp_path)._repr_html_()


def test_a_downloaded_copy_is_taken_in_elsewhere(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    begin(here)
    page = learn.progress(here)._repr_html_()
    copy = there / "copy.json"
    copy.write_bytes(base64.b64decode(re.search(r"base64,([^\"]+)", page)[1]))
    later = learn.chapter("00_start_here", there)
    later.predict("first_loss", 2.0, sure=1)
    assert "stored here: 2." in str(learn.restore_progress(copy, there))
    assert "stored here: 0." in str(learn.restore_progress(copy, there))
    start, tensors, *_ = learn.progress(there).chapters
    assert start.predictions["first_loss"].value == 2.0
    assert start.solved["ten_classes"]
    assert tensors.to_repeat == ["transpose_stride"]


def test_a_copy_says_more_than_an_outcome_without_a_prediction(tmp_path):
    """As when all cells were run in a new place before the copy was taken in."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        learn.chapter("00_start_here", folder).score("first_loss", 0.69)
    begin(here)
    (there / "copy.json").write_text(learn.progress(here).copy)
    assert "stored here: 3." in str(learn.restore_progress(there / "copy.json", there))
    start = learn.progress(there).chapters[0]
    assert start.predictions["first_loss"].outcome == 0.69


def test_the_map_says_how_long_a_chapter_takes_and_what_is_left(tmp_path):
    assert "01 Tensors (minutes: 75):" in str(learn.progress(tmp_path))
    begin(tmp_path)
    course = learn.progress(tmp_path)
    left = course.chapters[1].minutes_left
    assert 60 <= left < 75
    assert f"01 Tensors (minutes: {left} left):" in str(course)
    assert f">{left} left<" in course._repr_html_()


def test_the_map_loads_neither_exercises_nor_scikit_learn():
    code = (
        "import sys; from labkit import learn; learn.progress();"
        "loaded = [plan.package + '.' + name for plan in map(learn.chapters.load_plan,"
        " learn.chapters.chapter_names()) for name in plan.exercise_names];"
        "print(len(loaded), [name for name in [*loaded, 'sklearn'] if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "48 []\n"


def test_what_is_no_copy_is_refused(tmp_path):
    path = tmp_path / "other.json"
    for text in ("{", "[]", json.dumps({"version": 99})):
        path.write_text(text)
        assert "Nothing restored" in str(learn.restore_progress(path, tmp_path))
    assert not (tmp_path / FILE_NAME).exists()
    with path.open("wb") as huge:
        huge.truncate(30_000_000)
    assert "too large" in str(learn.restore_progress(path, tmp_path))
    assert "is not a file" in str(learn.restore_progress(tmp_path, tmp_path))
    path.write_text(json.dumps({"version": 1, "chapters": {"00_start_here": [1]}}))
    assert "stored here: 0." in str(learn.restore_progress(path, tmp_path))


def test_what_a_chapter_no_longer_has_is_kept_and_not_counted(tmp_path):
    """Entries of a prediction and an exercise that a newer version of the course left out."""
    gone = {"exercises": {"gone": {"solved": True}}, "predictions": {"gone": {"value": 1}}}
    contents = json.dumps({"version": 1, "chapters": {"00_start_here": gone, "none": gone}})
    (tmp_path / FILE_NAME).write_text(contents)
    start = learn.chapter("00_start_here", tmp_path)
    assert "0 of 4 solved" in repr(start.progress())
    start.hint("tail_mean")
    assert "stored here: 0." in str(learn.restore_progress(tmp_path / FILE_NAME, tmp_path))
    kept = json.loads((tmp_path / FILE_NAME).read_text())["chapters"]
    assert kept["none"] == gone
    assert set(kept["00_start_here"]["exercises"]) == {"gone", "tail_mean"}
