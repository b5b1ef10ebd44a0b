"""The structure of every chapter, read from its file without running it."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from labkit.learn.chapters import chapter_names, load_plan
from tests.notebooks.conftest import NAMES


def test_notebooks_and_plans_match():
    assert tuple(NAMES) == chapter_names()


def test_a_notebook_is_valid_and_stored_without_outputs(chapter):
    nbformat.validate(chapter.notebook)
    assert (chapter.notebook.nbformat, chapter.notebook.nbformat_minor) == (4, 5)
    assert chapter.notebook.metadata.kernelspec.name == "python3"
    ids = [cell.id for cell in chapter.notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(not cell.outputs and cell.execution_count is None for cell in chapter.code_cells)


def test_the_first_cell_has_the_question_and_the_picture(chapter):
    opening = chapter.notebook.cells[0].source
    assert opening.startswith("# ")
    assert "**The question:**" in opening
    assert "**The picture to take home:**" in opening


TIMES = {
    "fifty minutes": 50,
    "about an hour.": 60,
    "seventy-five minutes": 75,
    "an hour and a quarter": 75,
    "eighty minutes": 80,
    "an hour and a half": 90,
}


def test_the_first_cell_says_how_long_the_chapter_takes(chapter):
    opening = chapter.notebook.cells[0].source
    said = [minutes for text, minutes in TIMES.items() if text in opening]
    assert len(said) == 1
    assert abs(said[0] - load_plan(chapter.name).minutes) <= 10


def test_each_section_has_a_heading_and_starts_with_a_continue_cell(chapter):
    cells = chapter.notebook.cells
    headings = [i for i, cell in enumerate(cells) if cell.source.startswith("## ")]
    assert len(headings) >= 4
    for i in headings:
        assert "continue-here" in cells[i + 1].metadata.get("tags", [])
        assert "learn.chapter(" in cells[i + 1].source


def test_each_prediction_precedes_its_score(chapter):
    sources = [cell.source for cell in chapter.code_cells]
    for prediction in load_plan(chapter.name).predictions:
        asked = [i for i, s in enumerate(sources) if f'predict("{prediction.name}")' in s]
        scored = [i for i, s in enumerate(sources) if f'score("{prediction.name}"' in s]
        assert len(asked) == len(scored) == 1
        assert asked[0] < scored[0]


def test_each_exercise_is_open_and_has_a_solution_and_three_hints(chapter):
    exercises = {exercise.name: exercise for exercise in load_plan(chapter.name).exercises}
    assert len(exercises) >= 3
    assert list(chapter.tagged("exercise")) == list(exercises)
    assert list(chapter.tagged("solution")) == list(exercises)
    for name, exercise in exercises.items():
        assert "..." in chapter.tagged("exercise")[name].source
        assert "<details>" in chapter.tagged("solution")[name].source
        assert len({*exercise.hints, ""}) == 4


def test_exercises_are_tried_on_several_cases_and_recognise_many_mistakes(chapter):
    for exercise in load_plan(chapter.name).exercises:
        if exercise.parameters and exercise.name != "best_device":  # of a boolean there are two
            assert len(exercise.cases) >= 3
        messages = [each.message for each in (*exercise.mistakes, *exercise.forbids)]
        assert len(set(messages)) == len(messages) >= 8, exercise.name


def test_every_mistake_has_a_recorded_answer_and_exercises_have_other_right_ways(chapter):
    right, wrong = chapter.right_answers(), chapter.wrong_answers()
    for exercise in load_plan(chapter.name).exercises:
        mistakes = {each.name for each in (*exercise.mistakes, *exercise.forbids)}
        assert {answer.mistake for answer in wrong[exercise.name] if answer.mistake} == mistakes
        assert len(wrong[exercise.name]) >= 8
        assert len(right[exercise.name]) >= 3


def test_no_exercise_has_the_name_of_something_that_the_chapter_uses(chapter):
    """A cell that is about an answer of the learner says so with a tag, as in ``uses:train``."""
    exercises = {exercise.name for exercise in load_plan(chapter.name).exercises}
    for cell in chapter.code_cells:
        tags = cell.metadata.get("tags", [])
        used = {tag.removeprefix("uses:") for tag in tags}
        if not any(tag.startswith("exercise:") for tag in tags):
            assert not (names_in(cell.source) & exercises) - used


def names_in(source):
    """Return the names that a cell reads, assigns or defines."""
    nodes = list(ast.walk(ast.parse(plain_python(source))))
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return defined | {node.id for node in nodes if isinstance(node, ast.Name)}


def test_code_cells_are_short_and_make_no_downloads(chapter):
    for cell in chapter.code_cells:
        ast.parse(plain_python(cell.source))
        assert len(cell.source.splitlines()) <= 40
        assert not re.search(r"https?://|urlopen|requests|pip install", cell.source)


def plain_python(source):
    """Return the code of a cell without its magics."""
    body = source.partition("\n")[2] if source.startswith("%%") else source
    return TransformerManager().transform_cell(body)


def test_what_is_trained_in_the_background_is_waited_for_in_the_next_cell(chapter):
    sources = [cell.source for cell in chapter.code_cells]
    for i, source in enumerate(sources):
        if source.startswith("%%train"):
            task = source.splitlines()[0].removeprefix("%%train").strip()
            assert sources[i + 1].startswith(f"{task}.result()")


@pytest.mark.parametrize("name", NAMES)
def test_every_prediction_is_explained_and_every_reason_is_reachable(name):
    for prediction in load_plan(name).predictions:
        assert prediction.why
        wrong = prediction.misconceptions()
        assert set(wrong) == set(prediction.reasons)
        for key, value in wrong.items():
            assert prediction.reason(prediction.read(value)) == prediction.reasons[key]
