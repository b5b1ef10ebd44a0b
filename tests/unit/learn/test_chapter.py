"""Answers, hints and progress of a chapter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from labkit.learn import chapter, restore_progress
from labkit.learn.chapters import chapter_names, load_plan
from labkit.learn.record import FILE_NAME


@pytest.mark.parametrize(
    "answer",
    [
        "text",
        3,
        [1, 2],
        lambda: None,
        lambda table: None,
        lambda table: "text",
        lambda table: table.nonsense,
        lambda *given: [given],
        lambda *given: given,
        lambda *given: torch.tensor([]),
        lambda *given: nn.Linear(3, 2),
        lambda *given: nn.Module(),
    ],
)
@pytest.mark.parametrize("name", chapter_names())
def test_an_unexpected_answer_returns_a_card_without_an_error(tmp_path, name, answer):
    opened = chapter(name, tmp_path)
    for exercise in opened.plan.exercises:
        assert opened.check(exercise.name, answer).tone in ("wrong", "open")


def test_the_last_right_answer_is_stored_apart_from_the_last_one_tried(tmp_path):
    start = chapter("00_start_here", tmp_path)
    assert start.answer("ten_classes") == ""
    start.check("ten_classes", 0.1)
    assert start.answer("ten_classes") == "# Your last answer, not right yet:\n0.1"
    start.check("ten_classes", 2.303)
    start.check("ten_classes", 1.0)
    start.check("ten_classes", ...)
    again = chapter("00_start_here", tmp_path)
    assert again.answer("ten_classes") == "# Your last right answer:\n2.303"


def test_a_solved_exercise_stays_solved_and_is_counted(tmp_path):
    start = chapter("00_start_here", tmp_path)
    start.check("ten_classes", 2.303)
    start.check("ten_classes", 0.1)
    assert "1 of 4 solved" in repr(start.progress())
    assert "solved this before" in repr(start.check("ten_classes", ...))


def test_hints_have_three_stages_and_the_last_repeats(tmp_path):
    tensors = chapter("01_tensors", tmp_path)
    stages = [repr(tensors.hint("standardise")).split(".")[0] for _ in range(4)]
    assert stages == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"]


def test_entries_of_the_progress_file_that_make_no_sense_are_ignored(tmp_path):
    entry = {"tries": "many", "hints": "two", "solved": "perhaps", "answer": 3, "right_answer": []}
    contents = {"version": 1, "chapters": {"03_linear_regression": {"exercises": {"mse": entry}}}}
    (tmp_path / FILE_NAME).write_text(json.dumps(contents))
    lines = chapter("03_linear_regression", tmp_path)
    assert "0 of 4 solved" in repr(lines.progress())
    assert lines.answer("mse") == ""
    assert "Hint 1 of 3" in repr(lines.hint("mse"))
    assert lines.check("mse", lambda prediction, target: target).tone == "wrong"
    assert "gives the next hint (2 of 3)" in repr(lines.check("mse", lambda p, t: p))


def test_an_answer_that_cannot_be_represented_is_checked_and_stored(tmp_path):
    class Refusing:
        def __repr__(self):
            raise RuntimeError("no")

    start = chapter("03_linear_regression", tmp_path)
    assert start.check("mse", Refusing()).tone == "wrong"
    assert "an object of type Refusing" in start.answer("mse")


def test_an_exercise_that_was_not_tried_says_so_and_counts_no_try(tmp_path):
    lines = chapter("03_linear_regression", tmp_path)

    def mse(prediction, target): ...

    card = lines.check("mse", mse)
    assert (card.tone, card.heading) == ("open", "Not tried yet")
    assert not (tmp_path / FILE_NAME).exists()


def test_unknown_names_raise_with_the_nearest_and_the_known_names(tmp_path):
    tensors = chapter("01_tensors", tmp_path)
    with pytest.raises(ValueError, match=r"did you mean 'standardise'\?\); it has .*standardise"):
        tensors.check("standardize", 1)
    with pytest.raises(ValueError, match=r"'uint8_sum' is a prediction: `chapter\.predict`"):
        tensors.hint("uint8_sum")
    with pytest.raises(TypeError, match=r"a name in quotes, as in 'standardise'; got"):
        tensors.check(lambda table: table, "standardise")
    with pytest.raises(ValueError, match="it has 00_start_here"):
        chapter("rnn", tmp_path)
    with pytest.raises(ValueError, match="did you mean '01_tensors'"):
        chapter("01_tensor", tmp_path)
    with pytest.raises(TypeError, match="a name in quotes, as in '00_start_here'; got `1`"):
        chapter(1, tmp_path)


def test_a_whole_chapter_is_forgotten_and_taken_back(tmp_path):
    tensors, start = (chapter(name, tmp_path) for name in ("01_tensors", "00_start_here"))
    assert "Nothing is stored of this chapter" in repr(tensors.forget())
    start.check("ten_classes", 2.303)
    tensors.predict("uint8_sum", 300, sure=3)
    tensors.predict("two_lists", "b")
    tensors.score("uint8_sum", 44)
    tensors.check("standardise", 3)
    tensors.hint("nearest")
    before = repr(tensors.progress())
    said = repr(tensors.forget())
    assert "Forgotten. 2 predictions, 1 outcome, 1 answer;" in said
    assert "0 of 12 scored" in repr(tensors.progress())
    assert "Hint 1 of 3" in repr(tensors.hint("nearest"))
    assert "1 of 4 solved" in repr(start.progress())
    copy = tmp_path / "labkit-progress-01_tensors-1.json"
    assert str(copy) in said
    restore_progress(copy, tmp_path)
    assert repr(tensors.progress()) == before


def test_what_cannot_be_set_aside_is_not_forgotten(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    tensors = chapter("01_tensors", tmp_path)
    tensors.predict("uint8_sum", 300)
    monkeypatch.setattr(Path, "open", refuse)
    assert "Nothing forgotten" in repr(tensors.forget())
    assert "Locked in: 300" in repr(tensors.predict("uint8_sum"))


def test_the_minutes_that_are_left_fall_to_none(tmp_path):
    plan = load_plan("01_tensors")
    all_of_it = {"predictions": len(plan.predictions), "exercises": len(plan.exercise_names)}
    assert plan.minutes_left(**all_of_it) == plan.minutes
    assert plan.minutes_left(predictions=0, exercises=2) == 10
    assert plan.minutes_left(predictions=0, exercises=0) == 0
    tensors = chapter("01_tensors", tmp_path)
    assert "What is left takes about 75 of 75 minutes." in repr(tensors.progress())
