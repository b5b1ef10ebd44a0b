"""What the index says of a chapter: its question, how long it takes, and what it asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from labkit.learn.chapters import MINUTES_PER_EXERCISE, Plan, chapter_names, load_plan
from labkit.learn.predictions import Curve

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
WORDS_PER_MINUTE = 130
"""The speed at which a text with code and pictures is read."""
MINUTES_PER_PREDICTION = 1.0
MINUTES_PER_CELL = 0.3
"""To read the code of a cell, run it and look at what it shows."""
_QUESTION = re.compile(r"\*\*The question:\*\*\s*(.+)")


@dataclass(frozen=True)
class ChapterFacts:
    """What the index says of one chapter.

    Attributes
    ----------
    name : str
        The name of the notebook without its suffix.
    title, question : str
    minutes : int
        Those of the plan.
    estimate : float
        What they are compared with; see `reading_minutes`.
    predictions, sketched, exercises, mistakes : int
        The numbers of predictions, of those that are sketched or clicked, of exercises, and of
        wrong answers that are recognised.
    """

    name: str
    title: str
    question: str
    minutes: int
    estimate: float
    predictions: int
    sketched: int
    exercises: int
    mistakes: int


def chapter_facts() -> tuple[ChapterFacts, ...]:
    """Return the facts of every chapter, in reading order.

    Examples
    --------
    >>> chapter_facts()[0].name
    '00_start_here'
    """
    return tuple(_facts(name) for name in chapter_names())


def _facts(name: str) -> ChapterFacts:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    plan = load_plan(name)
    opening = notebook.cells[0].source
    asked = _QUESTION.search(opening)
    if asked is None:
        raise ValueError(f"{name} has no line that begins with **The question:**")
    return ChapterFacts(
        name=name,
        title=plan.title,
        question=asked[1].strip(),
        minutes=plan.minutes,
        estimate=reading_minutes(notebook, plan),
        predictions=len(plan.predictions),
        sketched=sum(isinstance(each, Curve) for each in plan.predictions),
        exercises=len(plan.exercises),
        mistakes=sum(len(each.mistakes) + len(each.forbids) for each in plan.exercises),
    )


def reading_minutes(notebook: Any, plan: Plan) -> float:
    """Return the minutes that a learner takes, estimated from what there is to read and to do.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    plan : Plan
        The texts of its predictions count as well.
    """
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    texts += [f"{each.question} {each.why}" for each in plan.predictions]
    visible = (re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL) for text in texts)
    words = sum(len(text.split()) for text in visible)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    minutes: float = (
        words / WORDS_PER_MINUTE
        + cells * MINUTES_PER_CELL
        + len(plan.predictions) * MINUTES_PER_PREDICTION
        + len(plan.exercises) * MINUTES_PER_EXERCISE
    )
    return minutes
