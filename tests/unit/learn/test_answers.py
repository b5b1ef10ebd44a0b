"""Every exercise with its solution, other right ways, and the recorded wrong answers."""

from __future__ import annotations

import functools
import re

import pytest

from labkit.learn import chapter
from labkit.learn.chapters import load_plan
from labkit.learn.checks import try_answer, wrong_examples
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


def card_of(folder, name, exercise, label, code):
    answer = stored(name).run_answer(exercise, label, code)
    return chapter(name, folder).check(exercise, answer)


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_solution_is_right(name, exercise, tmp_path):
    card = card_of(tmp_path, name, exercise, "solution", stored(name).solution(exercise))
    assert card.tone == "right", card


@pytest.mark.parametrize(("name", "exercise", "label"), all_answers("right_answers"))
def test_other_right_ways_are_right(name, exercise, label, tmp_path):
    code = stored(name).right_answers()[exercise][label]
    card = card_of(tmp_path, name, exercise, label, code)
    assert card.tone == "right", card


@pytest.mark.parametrize(("name", "exercise", "label"), all_answers("wrong_answers"))
def test_a_wrong_answer_gets_the_card_that_explains_it(name, exercise, label, tmp_path):
    answers = stored(name).wrong_answers()[exercise]
    wrong = next(answer for answer in answers if answer.label == label)
    card = card_of(tmp_path, name, exercise, label, wrong.code)
    assert card.tone == "wrong"
    expected = wrong.says or message_of(exercise_of(name, exercise), wrong.mistake)
    assert plain(expected) in plain(repr(card))


def message_of(exercise, name):
    known = (*exercise.mistakes, *exercise.forbids)
    return next(each.message for each in known if each.name == name)


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
