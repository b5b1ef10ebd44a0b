"""Answers, hints and progress of a chapter."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from labkit.learn import chapter
from labkit.learn.chapters import chapter_names
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


def test_unknown_names_raise_with_the_known_names(tmp_path):
    with pytest.raises(ValueError, match=r"it has .*standardise"):
        chapter("01_tensors", tmp_path).check("standardize", 1)
    with pytest.raises(ValueError, match="there is 00_start_here"):
        chapter("tensors", tmp_path)
