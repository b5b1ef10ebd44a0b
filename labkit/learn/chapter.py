"""The methods that a notebook calls on its chapter: predict, score, check, hint, progress.

`Chapter` combines the plan of a chapter (predictions and exercises) with the record of the answers,
and returns cards. A name that the chapter does not have is an error in the notebook and raises
`ValueError`. Any input of a learner results in a card.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable
from typing import Any, TypeVar

from labkit.learn.call_result import is_open
from labkit.learn.chapters import Plan, load_plan
from labkit.learn.exercise import Exercise, check_answer
from labkit.learn.feedback import Feedback
from labkit.learn.prediction import Prediction
from labkit.learn.record import Record

_KEPT_CHARACTERS = 2000
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
    ...     chapter("01_tensors", folder).predict("transpose_stride", ...)
    Not answered yet. Put your prediction in place of the ... and run this cell before the next.
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
    ...     tensors.predict("transpose_stride", (1, 3)).tone
    'note'
    """

    def __init__(self, plan: Plan, record: Record) -> None:
        self.plan = plan
        self._record = record

    def predict(self, name: str, value: object) -> Feedback:
        """Store a prediction before the run. The last one before the score counts.

        Parameters
        ----------
        name : str
            One of the chapter's predictions.
        value : object
            A letter, a number or an exact value such as a shape; ``...`` for none yet.

        Returns
        -------
        Feedback
            A card for the notebook: what was stored, or what is wrong with the value.

        Raises
        ------
        ValueError
            If the chapter has no prediction of this name.
        """
        prediction = _find(self.plan.predictions, name)
        if value is ...:
            return self._open_prediction(prediction)
        try:
            read = prediction.read(value)
        except ValueError as error:
            return Feedback("open", (f"{str(error)[0].upper()}{str(error)[1:]}.",))
        kept = self._record.get("predictions", name)
        if "score" in kept:
            was = prediction.text(_lists_to_tuples(kept["value"]))
            return Feedback(
                "note",
                (
                    (
                        f"You predicted {was} before the run, and that is the one that counts. "
                        f'`chapter.forget("{name}")` clears it.'
                    ),
                ),
            )
        self._record.put("predictions", name, {"value": read})
        return Feedback(
            "note", (f"You predict {prediction.text(read)}. Now run the next cells and see.",)
        )

    def score(self, name: str, outcome: object) -> Feedback:
        """Compare the stored prediction with the outcome of the run.

        Parameters
        ----------
        name : str
            One of the chapter's predictions.
        outcome : object
            What the run gave, of the same kind as the prediction.

        Returns
        -------
        Feedback
            Right, close, or a surprise with its usual reason.

        Raises
        ------
        ValueError
            If the chapter has no prediction of this name, or the outcome is of another kind.
        """
        prediction = _find(self.plan.predictions, name)
        actual = prediction.read(outcome)
        shown = prediction.text(actual)
        kept = self._record.get("predictions", name)
        if "value" not in kept:
            return Feedback(
                "open",
                (
                    (
                        f"The outcome is {shown}. You made no prediction here: "
                        "a guess made first, right or wrong, is what makes the answer stay."
                    ),
                ),
                label="No prediction",
            )
        value = _lists_to_tuples(kept["value"])
        result = prediction.score(value, actual)
        self._record.put(
            "predictions",
            name,
            {"value": value, "outcome": actual, "score": result},
        )
        said = f"You predicted {prediction.text(value)}; the outcome is {shown}."
        if result == "right":
            return Feedback("right", (said,))
        label = "Close" if result == "close" else "A surprise"
        reason = prediction.reason(value)
        return Feedback("wrong", (said, reason) if reason else (said,), label=label)

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
        help_line = f'Stuck? `chapter.hint("{name}")` gives a hint, three in all.'
        if verdict.outcome == "open":
            return self._open_exercise(exercise, help_line)
        kept = self._record.get("exercises", name)
        kept["tries"] = int(kept.get("tries", 0)) + 1
        kept["solved"] = bool(kept.get("solved")) or verdict.outcome == "right"
        kept["mistake"] = verdict.mistake
        kept["answer"] = _source(answer)
        self._record.put("exercises", name, kept)
        if verdict.outcome == "right":
            return Feedback("right", (verdict.message,))
        return Feedback("wrong", (verdict.message, help_line))

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
        kept = self._record.get("exercises", name)
        stage = min(int(kept.get("hints", 0)) + 1, len(exercise.hints))
        kept["hints"] = stage
        self._record.put("exercises", name, kept)
        last = stage == len(exercise.hints)
        after = "The solution can be folded out below the exercise." if last else ""
        paragraphs = (exercise.hints[stage - 1], after) if after else (exercise.hints[stage - 1],)
        return Feedback("note", paragraphs, label=f"Hint {stage} of {len(exercise.hints)}")

    def answer(self, name: str) -> str:
        """Return the last answer to an exercise, as text; it is stored beside the notebooks."""
        _find(self.plan.exercises, name)
        return str(self._record.get("exercises", name).get("answer", ""))

    def forget(self, name: str) -> Feedback:
        """Delete what is stored of one prediction or exercise."""
        known = {p.name for p in self.plan.predictions} | {e.name for e in self.plan.exercises}
        if name not in known:
            raise ValueError(_unknown(name, known))
        self._record.drop("predictions", name)
        self._record.drop("exercises", name)
        return Feedback("note", (f"`{name}` is as it was at first.",))

    def progress(self) -> Feedback:
        """Return how many predictions are scored, and how many exercises are solved."""
        scores = [
            self._record.get("predictions", item.name).get("score")
            for item in self.plan.predictions
        ]
        made = sum(score is not None for score in scores)
        hits = sum(score in ("right", "close") for score in scores)
        solved = {
            item.name: bool(self._record.get("exercises", item.name).get("solved"))
            for item in self.plan.exercises
        }
        lines = [
            f"Predictions: {made} of {len(scores)} scored, {hits} right or close.",
            f"Exercises: {sum(solved.values())} of {len(solved)} solved.",
        ]
        missing = [f"`{name}`" for name, done in solved.items() if not done]
        if missing:
            lines.append(f"Still open: {', '.join(missing)}.")
        return Feedback("note", tuple(lines), label=self.plan.title)

    def _open_prediction(self, prediction: Prediction) -> Feedback:
        kept = self._record.get("predictions", prediction.name)
        if "value" in kept:
            value = prediction.text(_lists_to_tuples(kept["value"]))
            return Feedback("note", (f"Kept from before: you predict {value}.",))
        return Feedback(
            "open",
            ("Put your prediction in place of the `...` and run this cell before the next.",),
        )

    def _open_exercise(self, exercise: Exercise, help_line: str) -> Feedback:
        kept = self._record.get("exercises", exercise.name)
        if not kept.get("solved"):
            return Feedback("open", (exercise.task, help_line))
        return Feedback(
            "note",
            (
                (
                    f"{exercise.task} You have solved this before; "
                    f'`print(chapter.answer("{exercise.name}"))` shows your answer.'
                ),
            ),
        )


def _find(items: Iterable[_Item], name: str) -> _Item:
    by_name = {item.name: item for item in items}
    if name not in by_name:
        raise ValueError(_unknown(name, by_name))
    return by_name[name]


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"this chapter has no {name!r}; it has {', '.join(sorted(known))}"


def _lists_to_tuples(value: Any) -> Any:
    """Convert a list, which JSON returns for a tuple, to a tuple; return other values unchanged."""
    return tuple(value) if isinstance(value, list) else value


def _source(answer: object) -> str:
    """Return an answer as text: a function's source, else its repr."""
    if is_open(answer):
        return ""
    try:
        text = inspect.getsource(answer)  # type: ignore[arg-type]
    except (TypeError, OSError):
        text = repr(answer)
    return text[:_KEPT_CHARACTERS]
