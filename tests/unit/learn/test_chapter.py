"""Answers, hints and progress of a chapter."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from labkit.learn import chapter
from labkit.learn.chapters import chapter_names


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


def test_an_answer_is_stored_as_text(tmp_path):
    chapter("00_start_here", tmp_path).check("ten_classes", 2.303)
    assert chapter("00_start_here", tmp_path).answer("ten_classes") == "2.303"


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


def test_unknown_names_raise_with_the_known_names(tmp_path):
    with pytest.raises(ValueError, match=r"it has .*standardise"):
        chapter("01_tensors", tmp_path).check("standardize", 1)
    with pytest.raises(ValueError, match="there is 00_start_here"):
        chapter("tensors", tmp_path)
