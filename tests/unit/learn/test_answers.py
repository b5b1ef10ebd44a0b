"""Every exercise with its solution, other right ways, and the recorded wrong answers."""

from __future__ import annotations

import functools
import re

import pytest

from labkit.learn import chapter
from labkit.learn.chapters import load_plan
from labkit.learn.checks import check_answer, try_answer, wrong_examples
from tests.notebooks.chapters import NAMES, Chapter, all_answers

# A learner's code may warn, and a notebook shows it; here it must not stop the answer.
pytestmark = pytest.mark.filterwarnings("ignore")

EXERCISES = [(name, exercise.name) for name in NAMES for exercise in load_plan(name).exercises]
stored = functools.cache(Chapter.read)


def exercise_of(name, exercise):
    return next(each for each in load_plan(name).exercises if each.name == exercise)


def plain(text):
    """Return text without the marks for code and emphasis, on one line."""
    return " ".join(text.replace("`", "").replace("*", "").split())


def verdict_on(name, exercise, label, code):
    answer = stored(name).run_answer(exercise, label, code)
    return check_answer(exercise_of(name, exercise), answer)


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_solution_is_right(name, exercise):
    verdict = verdict_on(name, exercise, "solution", stored(name).solution(exercise))
    assert verdict.outcome == "right", verdict


@pytest.mark.parametrize(("name", "exercise", "label"), all_answers("right_answers"))
def test_other_right_ways_are_right(name, exercise, label):
    code = stored(name).right_answers()[exercise][label]
    verdict = verdict_on(name, exercise, label, code)
    assert verdict.outcome == "right", verdict


@pytest.mark.parametrize(("name", "exercise", "label"), all_answers("wrong_answers"))
def test_a_wrong_answer_is_explained(name, exercise, label):
    answers = stored(name).wrong_answers()[exercise]
    wrong = next(answer for answer in answers if answer.label == label)
    verdict = verdict_on(name, exercise, label, wrong.code)
    assert verdict.outcome == "wrong"
    if wrong.mistake is not None:
        assert verdict.mistake == wrong.mistake, verdict
    assert plain(wrong.says or "") in plain(" ".join(verdict.paragraphs))


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_a_card_shows_no_internals(name, exercise, tmp_path):
    opened = chapter(name, tmp_path)
    answers = (lambda *given: given, lambda *given: object(), lambda *given: opened, opened.check)
    for answer in answers:
        text = repr(opened.check(exercise, answer))
        assert not re.search(r"at 0x|Call\(|Case\(|Trial\(", text), text


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_reference_functions_with_mistakes_are_not_right(name, exercise):
    found = exercise_of(name, exercise)
    for mistake, example in wrong_examples(found):
        assert not try_answer(found, example).is_right, mistake
