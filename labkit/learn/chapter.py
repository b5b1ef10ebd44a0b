"""The methods that a notebook calls on its chapter: predict, score, check, hint, progress.

`Chapter` combines the plan of a chapter (predictions and exercises) with the record of the answers,
and returns cards. A name that the chapter does not have is an error in the notebook and raises
`ValueError`. Any input of a learner results in a card.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from labkit.learn.attempts import Attempts, source_of
from labkit.learn.chapter_progress import read_progress
from labkit.learn.chapters import Plan, load_plan
from labkit.learn.checks import Exercise
from labkit.learn.checks.endless import check_patiently
from labkit.learn.feedback import Feedback
from labkit.learn.forgetting import forget_chapter
from labkit.learn.predictions import Prediction, calibration
from labkit.learn.predictions.asking import Asking
from labkit.learn.predictions.card import PredictionCard
from labkit.learn.record import Record
from labkit.learn.unknown_names import named


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

        The first prediction counts. One that is made after the outcome was computed, as by "Run
        all", is scored when the score is run again, but not counted in how sure and how right the
        learner was.

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
        return self._asking.ask(self._prediction(name), value, sure)

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
        return self._asking.score(self._prediction(name), outcome)

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
        exercise = self._exercise(name)
        verdict = check_patiently(exercise, answer)
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
        exercise = self._exercise(name)
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
        return self._attempts.answer(self._exercise(name).name)

    def forget(self, name: str | None = None) -> Feedback:
        """Delete what is stored of one prediction or exercise, or of the whole chapter.

        What is stored of the whole chapter is set aside in a file before, which
        `restore_progress` takes back.

        Parameters
        ----------
        name : str, optional
            One of the chapter's predictions or exercises; by default all of them.
        """
        predictions = [each.name for each in self.plan.predictions]
        if name is None:
            card = forget_chapter(self.plan, self._record)
            self._asking.refresh(*predictions)
            return card
        known = [*predictions, *self.plan.exercise_names]
        named(name, known, "this chapter has no prediction or exercise")
        self._asking.forget(name)
        self._record.drop("exercises", name)
        return Feedback("note", (f"`{name}` has been reset.",), label="Cleared")

    def progress(self) -> Feedback:
        """Return how the predictions went, which exercises are solved, and what to repeat."""
        progress = read_progress(self._record.chapter, self.plan, self._record)
        solved = progress.solved
        lines = [
            *calibration.summary(progress.predictions),
            f"Exercises: {sum(solved.values())} of {len(solved)} solved.",
        ]
        missing = [f"`{name}`" for name, done in solved.items() if not done]
        if missing:
            lines.append(f"Still open: {', '.join(missing)}.")
        if left := progress.minutes_left:
            lines.append(f"What is left takes about {left} of {self.plan.minutes} minutes.")
        return Feedback("note", tuple(lines), label=self.plan.title)

    def _prediction(self, name: str) -> Prediction:
        names = [each.name for each in self.plan.predictions]
        if _is_one_of_the_others(name, names, self.plan.exercise_names):
            raise ValueError(f"{name!r} is an exercise: `chapter.check` and `chapter.hint` take it")
        place = names.index(named(name, names, "this chapter has no prediction"))
        return self.plan.predictions[place]

    def _exercise(self, name: str) -> Exercise:
        names, predictions = self.plan.exercise_names, [p.name for p in self.plan.predictions]
        if _is_one_of_the_others(name, names, predictions):
            raise ValueError(
                f"{name!r} is a prediction: `chapter.predict` and `chapter.score` take it"
            )
        return self.plan.exercise(named(name, names, "this chapter has no exercise"))

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


def _is_one_of_the_others(name: object, names: Sequence[str], others: Sequence[str]) -> bool:
    return isinstance(name, str) and name not in names and name in others
