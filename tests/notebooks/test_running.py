"""Every chapter runs in a real kernel, as stored and with solutions and mistakes."""

from __future__ import annotations

import copy
import json

import nbformat

from labkit.learn.chapters import load_plan
from tests.notebooks.chapters import typed
from tests.notebooks.conftest import text_of

MEGABYTES = 1200
FINAL_RUNS = {
    "00_start_here": "run",
    "03_linear_regression": "run",
    "04_logistic_regression": "run",
    "06_training_loop": "run",
    "08_cnn": "run",
    "09_rnn": "runs['GRU']",
}
"""The run of the final model of each chapter, which must have no findings."""


def test_a_chapter_runs_without_warnings_and_findings(chapter, run_cells):
    cells = copy.deepcopy(chapter.notebook.cells)
    final = FINAL_RUNS.get(chapter.name)
    told = f"print([each.message for each in {final}.findings])" if final else "print([])"
    cells.append(nbformat.v4.new_code_cell(told))
    memory = run_cells(cells)
    assert text_of(cells[-1]).strip() == "[]"
    stored = type(chapter)(chapter.name, nbformat.v4.new_notebook(cells=cells))
    for cell in stored.code_cells:
        assert "Warning" not in text_of(cell)
    for cell in stored.tagged("exercise").values():
        assert "Not tried yet" in text_of(cell)
    assert memory < MEGABYTES


def test_every_section_runs_from_its_start_and_solutions_pass(chapter, run_cells, tmp_path):
    """Every section runs in a reset namespace, with predictions and solutions filled in.

    Right and wrong answers are tried without a kernel, in tests/unit/learn/test_answers.py. Only
    the line of an error is read from a cell here, as its file is named by the kernel. The test
    above runs the loops at their pace.
    """
    plan = load_plan(chapter.name)
    exercises = {exercise.name: exercise for exercise in plan.exercises}
    asked = {f'chapter.predict("{p.name}")': p for p in plan.predictions}
    cells, expected = [], []
    for cell in copy.deepcopy(chapter.notebook.cells):
        tags = cell.metadata.get("tags", [])
        if "continue-here" in tags:
            cells.append(nbformat.v4.new_code_cell(AS_IN_A_NEW_KERNEL))
        if cell.cell_type == "code" and cell.source in asked:
            prediction = asked[cell.source]
            cell.source = f'chapter.predict("{prediction.name}", {typed(prediction)}, sure=2)'
            expected.append((cell, "Locked in: "))
        cells.append(cell)
        for name in (tag.partition(":")[2] for tag in tags if tag.startswith("exercise:")):
            cell.source = _answer(chapter.solution(name), name)
            expected.append((cell, f"Right. {exercises[name].praise}"))
    name = next(exercise.name for exercise in plan.exercises)
    cells.append(nbformat.v4.new_code_cell(_answer(FAILING.format(name=name), name)))
    expected.append((cells[-1], FAILED))
    run_cells(cells, paced=False)
    for cell, message in expected:
        assert message.replace("`", "") in text_of(cell)
    kept = json.loads((tmp_path / ".labkit-progress.json").read_text())["chapters"][chapter.name]
    assert all(kept["exercises"][name]["solved"] for name in exercises)
    scores = {p.name: kept["predictions"][p.name]["score"] for p in plan.predictions}
    # What was typed is the first misconception of each prediction, where it has one.
    assert {p.name: scores[p.name] for p in plan.predictions if p.reasons} == {
        p.name: "off" for p in plan.predictions if p.reasons
    }


# `%reset` deletes `__spec__` too, which each kernel has, and which workers are started with.
AS_IN_A_NEW_KERNEL = "%reset -f\n__spec__ = None"
FAILING = """
def {name}(*arguments):
    return arguments.nonsense
"""
FAILED = "has no attribute 'nonsense' in the line return arguments.nonsense."


def _answer(code: str, name: str) -> str:
    return f'{code.strip()}\n\nchapter.check("{name}", {name})'
