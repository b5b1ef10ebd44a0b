"""The methods that a notebook calls on its chapter: predict, score, check, hint, progress.

`Chapter` combines the plan of a chapter (predictions and exercises) with the record of the answers,
and returns cards. A name that the chapter does not have is an error in the notebook and raises
`ValueError`. Any input of a learner results in a card.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

from labkit.learn.attempts import Attempts, source_of
from labkit.learn.chapters import Plan, load_plan
from labkit.learn.checks import Exercise, check_answer
from labkit.learn.feedback import Feedback
from labkit.learn.predictions import Prediction, calibration
from labkit.learn.predictions.asking import Asking
from labkit.learn.predictions.card import PredictionCard
from labkit.learn.record import Record

_Item = TypeVar("_Item", Prediction, Exercise)


def chapter(name: str, folder: str | os.PathLike[str] = ".") -> Chapter:
    """Open a chapter, with the answers stored earlier.

    Parameters
    ----------
    name : str
        The notebook's name without suffix, as in ``"01_tensors"``.
    folder : path
        The folder of the file that stores the progress; by default the working directory.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     chapter("01_tensors", folder).predict("transpose_stride", (1, 4))
    Predict: What is the stride of t.T?
    Locked in: (1, 4).
    """
    return Chapter(load_plan(name), Record(name, folder))


class Chapter:
    """One chapter of the course; `chapter` returns it.

    Examples
    --------
    >>> import tempfile
    >>> from labkit import learn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tensors = learn.chapter("01_tensors", folder)
    ...     card = tensors.predict("transpose_stride", (1, 3), sure=1)
    ...     tensors.score("transpose_stride", (1, 4)).heading
    'Not what you expected'
    """

    def __init__(self, plan: Plan, record: Record) -> None:
        self.plan = plan
        self._record = record
        self._asking = Asking(record)
        self._attempts = Attempts(record)

    def predict(self, name: str, value: object = ..., *, sure: object = None) -> PredictionCard:
        """Return the card that asks for a prediction, or lock one in that was typed.

        The first prediction counts. After the outcome was scored, none is taken.

        Parameters
        ----------
        name : str
            One of the chapter's predictions.
        value : object, optional
            A letter, a number, a shape, heights of a curve, or a place; by default the card asks.
        sure : {1, 2, 3}, optional
            1 for guessing, 2 for fairly sure, 3 for certain.

        Returns
        -------
        PredictionCard
            A widget; it says what is locked in, or what is wrong with the value.

        Raises
        ------
        ValueError
            If the chapter has no prediction of this name.
        """
        return self._asking.ask(_find(self.plan.predictions, name), value, sure)

    def score(self, name: str, outcome: object) -> Feedback:
        """Compare the prediction with the outcome of the run, and explain the outcome.

        The first outcome counts: a later one changes nothing.

        Parameters
        ----------
        name : str
            One of the chapter's predictions.
        outcome : object
            What the run gave, of the same kind as the prediction.

        Returns
        -------
        Feedback
            Right, close, or not what was expected, with the explanation.

        Raises
        ------
        ValueError
            If the chapter has no prediction of this name, or the outcome is of another kind.
        """
        return self._asking.score(_find(self.plan.predictions, name), outcome)

    def check(self, name: str, answer: object) -> Feedback:
        """Check the answer to an exercise; a usual mistake is recognised and explained.

        Parameters
        ----------
        name : str
            One of the chapter's exercises.
        answer : object
            A function or a value, as the exercise says.

        Returns
        -------
        Feedback
            Right, or what is wrong; an exception of the answer is part of the card.

        Raises
        ------
        ValueError
            If the chapter has no exercise of this name.
        """
        exercise = _find(self.plan.exercises, name)
        verdict = check_answer(exercise, answer)
        if verdict.outcome == "open":
            return self._open_exercise(exercise)
        right = verdict.outcome == "right"
        self._attempts.store(name, source_of(answer), verdict.mistake, right=right)
        if right:
            return Feedback("right", verdict.paragraphs)
        return Feedback("wrong", (*verdict.paragraphs, self._help(exercise)))

    def hint(self, name: str) -> Feedback:
        """Return the next hint to an exercise and count it.

        The first call returns hint 1, the second hint 2, the third and every later call hint 3. The
        count is stored in the record, so a restart of the kernel does not reset it.

        Raises
        ------
        ValueError
            If the chapter has no exercise of this name.
        """
        exercise = _find(self.plan.exercises, name)
        available = len(exercise.hints)
        stage = self._attempts.take_hint(name, available)
        after = ("Expand the solution below the exercise when you want to see it.",)
        paragraphs = (exercise.hints[stage - 1], *(after if stage == available else ()))
        return Feedback("note", paragraphs, label=f"Hint {stage} of {available}")

    def answer(self, name: str) -> str:
        """Return the last right answer to an exercise, else the last one tried, as text.

        A comment in its first line says which of the two it is; the text is empty if nothing was
        tried. Answers are stored beside the notebooks.

        Raises
        ------
        ValueError
            If the chapter has no exercise of this name.
        """
        _find(self.plan.exercises, name)
        return self._attempts.answer(name)

    def forget(self, name: str) -> Feedback:
        """Delete what is stored of one prediction or exercise."""
        known = {p.name for p in self.plan.predictions} | {e.name for e in self.plan.exercises}
        if name not in known:
            raise ValueError(_unknown(name, known))
        self._asking.forget(name)
        self._record.drop("exercises", name)
        return Feedback("note", (f"`{name}` has been reset.",), label="Cleared")

    def progress(self) -> Feedback:
        """Return how the predictions went, which exercises are solved, and what to repeat."""
        stored = {each.name: self._asking.stored(each) for each in self.plan.predictions}
        solved = {item.name: self._attempts.solved(item.name) for item in self.plan.exercises}
        lines = [
            *calibration.summary(stored),
            f"Exercises: {sum(solved.values())} of {len(solved)} solved.",
        ]
        missing = [f"`{name}`" for name, done in solved.items() if not done]
        if missing:
            lines.append(f"Still open: {', '.join(missing)}.")
        return Feedback("note", tuple(lines), label=self.plan.title)

    def _open_exercise(self, exercise: Exercise) -> Feedback:
        if not self._attempts.solved(exercise.name):
            paragraphs = (exercise.task, self._help(exercise))
            return Feedback("open", paragraphs, label="Not tried yet")
        solved = (
            f'You have solved this before; `print(chapter.answer("{exercise.name}"))` shows your '
            "answer."
        )
        return Feedback("note", (exercise.task, solved), label="Solved before")

    def _help(self, exercise: Exercise) -> str:
        used, available = self._attempts.hints(exercise.name), len(exercise.hints)
        call = f'`chapter.hint("{exercise.name}")`'
        if used >= available:
            return f"{call} shows the last hint again; the solution is below the exercise."
        if used:
            return f"{call} gives the next hint ({used + 1} of {available})."
        return f"Stuck? {call} gives a hint; {available} are available."


def _find(items: Iterable[_Item], name: str) -> _Item:
    by_name = {item.name: item for item in items}
    if name not in by_name:
        raise ValueError(_unknown(name, by_name))
    return by_name[name]


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"this chapter has no {name!r}; it has {', '.join(sorted(known))}"
