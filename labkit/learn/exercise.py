"""An exercise: how its answer is tried out, what is right, and which wrong answers are recognised.

The judging is plain data: an exercise lists its usual mistakes, each with a test and a sentence on
what that mistake does. The first mistake whose test holds is named. An answer that is neither
right nor known is told so, with what it gave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from labkit.learn.call_result import CallResult, is_open

Outcome = Literal["right", "wrong", "open"]


@dataclass(frozen=True)
class Mistake:
    """A usual wrong answer.

    Attributes
    ----------
    name : str
        A short name for it, kept in the progress file.
    seen_in : callable
        Takes what the exercise's `evaluate` returned; True where this mistake was made.
    message : str
        What this mistake does, and where to look; not the answer itself.
    """

    name: str
    seen_in: Callable[[Any], bool]
    message: str


@dataclass(frozen=True)
class Exercise:
    """A task with its check.

    Attributes
    ----------
    name : str
        How the notebook calls it.
    task : str
        One sentence.
    evaluate : callable
        Takes the answer, returns the evidence that all tests look at; for a function, its attempts.
    is_right : callable
        Takes the evidence.
    praise : str
        What a right answer has shown.
    mistakes : tuple of Mistake
        In the order in which they are checked.
    hints : tuple of three str
        From general to specific.
    """

    name: str
    task: str
    evaluate: Callable[[Any], Any]
    is_right: Callable[[Any], bool]
    praise: str
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, str, str]


@dataclass(frozen=True)
class Verdict:
    """What a check found: the outcome, what to say, and the mistake that was recognised."""

    outcome: Outcome
    message: str
    mistake: str | None = None


def check_answer(exercise: Exercise, answer: object) -> Verdict:
    """Say whether `answer` is right, and if not, which usual mistake it shows.

    Examples
    --------
    >>> double = Exercise("double", "Twice three.", lambda a: a, lambda a: a == 6, "Yes.",
    ...     (Mistake("square", lambda a: a == 9, "That is three times three."),), ("", "", ""))
    >>> check_answer(double, 9).message
    'That is three times three.'
    >>> check_answer(double, ...).outcome
    'open'
    """
    if is_open(answer):
        return Verdict("open", exercise.task)
    try:
        evidence = exercise.evaluate(answer)
    except Exception as error:  # noqa: BLE001 - an answer may be anything at all
        return Verdict("wrong", f"The check could not use this answer: {error}", "unusable")
    if _holds(exercise.is_right, evidence):
        return Verdict("right", exercise.praise)
    for mistake in exercise.mistakes:
        if _holds(mistake.seen_in, evidence):
            return Verdict("wrong", mistake.message, mistake.name)
    return Verdict("wrong", _describe(evidence))


def _holds(test: Callable[[Any], bool], evidence: Any) -> bool:
    """Whether a test holds; evidence too strange for the test (another type or shape) fails it."""
    try:
        return bool(test(evidence))
    except Exception:  # noqa: BLE001 - as above
        return False


def _describe(evidence: Any) -> str:
    """Say what an unrecognised answer did, without giving the right one away."""
    attempts = evidence if isinstance(evidence, tuple) else (evidence,)
    for attempt in attempts:
        if isinstance(attempt, CallResult) and attempt.error is not None:
            return (
                f"Your function raised `{type(attempt.error).__name__}: "
                f"{_shorten(str(attempt.error))}`."
            )
    first = attempts[0].result if attempts and isinstance(attempts[0], CallResult) else evidence
    if first is None:
        return "Your function returned `None`: is there a `return` line?"
    return f"This is not the usual mistake. The check got `{_shorten(repr(first))}`."


def _shorten(text: str, limit: int = 300) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[:limit] + " ..."
