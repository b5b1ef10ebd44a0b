"""From an answer to a verdict: in which order the evidence is looked at.

Not tried yet; not a function; what the call left changed; forbidden ways; errors; right; known
mistakes; and at last the first case that is wrong, with what was given and what is expected. A
mistake is named only where the evidence shows it.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import nn

from labkit.learn.checks import fallback
from labkit.learn.checks.changes import only_gradients_differ
from labkit.learn.checks.exercise import Exercise, Mistake
from labkit.learn.checks.model_state import model_left, same_numbers, state_changed
from labkit.learn.checks.source import read_source
from labkit.learn.checks.stub import is_open
from labkit.learn.checks.trial import Trial, call_of_value, text_of

Outcome = Literal["right", "wrong", "open"]


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes
    ----------
    outcome : {"right", "wrong", "open"}
        "open" where the exercise was not tried yet.
    paragraphs : tuple of str
        What the card says.
    mistake : str or None
        The name of the mistake that was recognised.
    """

    outcome: Outcome
    paragraphs: tuple[str, ...]
    mistake: str | None = None


def check_answer(exercise: Exercise, answer: object) -> Verdict:
    """Say whether `answer` is right, and if not, which usual mistake it shows.

    Examples
    --------
    >>> from labkit.learn.checks import Case
    >>> double = Exercise("double", "Twice a number.", solution=lambda a: 2 * a,
    ...     cases=(Case(2), Case(3)), praise="Yes.", hints=("", "", ""),
    ...     mistakes=(Mistake("square", "That is a square.", like=lambda a: a**2),))
    >>> check_answer(double, lambda a: a * a).paragraphs
    ('That is a square.',)
    >>> check_answer(double, lambda a: a + 1).paragraphs[0]
    "I don't recognise this one yet. For `a = 2`, you returned `3`, expected `4`."
    >>> check_answer(double, ...).outcome
    'open'
    """
    if is_open(answer) and not (answer is None and exercise.asks_for_a_function):
        return Verdict("open", (exercise.task,))
    unusable = _unusable(exercise, answer)
    if unusable is not None:
        return unusable
    trial = try_answer(exercise, answer)
    for look in (_left_changed, _forbidden, _reordered, _raised, _right, _known, _model_left):
        verdict = look(exercise, trial)
        if verdict is not None:
            return verdict
    return Verdict("wrong", fallback.unknown(exercise, trial))


def _unusable(exercise: Exercise, answer: Any) -> Verdict | None:
    if not exercise.asks_for_a_function:
        if inspect.isroutine(answer):
            return Verdict("wrong", (fallback.NOT_A_VALUE,), "not_a_value")
        return None
    if not callable(answer) or _is_what_it_returns(exercise, answer):
        return Verdict("wrong", (fallback.not_a_function(exercise, answer),), "not_a_function")
    arguments = exercise.cases[0].build()
    try:
        inspect.signature(answer).bind(*arguments)
    except TypeError:
        return Verdict("wrong", (fallback.other_arguments(exercise, answer),), "other_arguments")
    except ValueError:
        return None
    return None


def _is_what_it_returns(exercise: Exercise, answer: Any) -> bool:
    """Whether a module came where a function is asked that makes one; others are called as such."""
    if not isinstance(answer, nn.Module):
        return False
    return isinstance(next(exercise.procedure.calls(exercise.solution)).result, nn.Module)


def try_answer(exercise: Exercise, answer: Any) -> Trial:
    """Call an answer and the solution on all cases, and return the evidence.

    Examples
    --------
    >>> from labkit.learn.checks import Case
    >>> double = Exercise("double", "Twice a number.", solution=lambda a: 2 * a,
    ...     cases=(Case(2), Case(3)), praise="Yes.", hints=("", "", ""))
    >>> try_answer(double, lambda a: a * a).results
    (4, 9)
    """
    source = read_source(answer)
    if not exercise.asks_for_a_function:
        given, wanted = call_of_value(answer), call_of_value(exercise.solution)
        return Trial(answer, (given,), (wanted,), exercise.same, source)
    run = exercise.procedure.run
    with _own_warnings_ignored():
        reference = run(exercise.solution)
    return Trial(answer, run(answer), reference, exercise.same, source)


def _left_changed(exercise: Exercise, trial: Trial) -> Verdict | None:
    for call in trial.calls:
        if call.modes:
            return Verdict("wrong", (fallback.mode_changed(call.modes[0]),), "kernel_changed")
        for name in call.changed:
            if name not in exercise.may_change:
                return _argument_changed(exercise, trial, name)
    return None


def _argument_changed(exercise: Exercise, trial: Trial, name: str) -> Verdict:
    """Return the mistake that changes this argument, or one that the exercise lists before it."""
    places = [place for place, each in enumerate(exercise.mistakes) if each.changes == name]
    for mistake in exercise.mistakes[: places[-1] + 1] if places else ():
        about_it = mistake.changes == name and _holds(exercise, mistake, trial)
        if about_it or (mistake.changes is None and _is_made(exercise, mistake, trial)):
            return _named(mistake)
    call = next(call for call in trial.calls if name in call.changed)
    place = exercise.parameters.index(name)
    before, after = call.case.build()[place], call.arguments[place]
    said = state_changed(name, before, after)
    if said and same_numbers(before, after):
        return Verdict("wrong", (said,), "argument_changed")
    by_backward = only_gradients_differ(before, after)
    say = fallback.gradient_changed if by_backward else fallback.argument_changed
    return Verdict("wrong", (say(name),), "argument_changed")


def _model_left(exercise: Exercise, trial: Trial) -> Verdict | None:
    said = model_left(exercise, trial)
    return Verdict("wrong", (said,), "model_left") if said else None


def _forbidden(exercise: Exercise, trial: Trial) -> Verdict | None:
    for forbidden in exercise.forbids:
        if forbidden.is_taken(trial):
            return Verdict("wrong", (forbidden.message,), forbidden.name)
    return None


def _reordered(exercise: Exercise, trial: Trial) -> Verdict | None:
    """Return a verdict if the answer is right once its arguments are given by name."""
    order = fallback.other_order(exercise, trial)
    if not order or trial.is_right:
        return None

    def by_name(*arguments: Any) -> Any:
        return trial.answer(**dict(zip(exercise.parameters, arguments, strict=True)))  # type: ignore[operator]

    if replace(trial, calls=exercise.procedure.run(by_name)).is_right:
        return Verdict("wrong", order, "other_order")
    return None


def _raised(exercise: Exercise, trial: Trial) -> Verdict | None:
    if trial.error is None:
        return None
    known = _known(exercise, trial)
    return known or Verdict("wrong", fallback.raised(exercise, trial), "raised")


def _right(exercise: Exercise, trial: Trial) -> Verdict | None:
    if not trial.is_right:
        return None
    return _model_left(exercise, trial) or Verdict("right", (exercise.praise,))


def _known(exercise: Exercise, trial: Trial) -> Verdict | None:
    for mistake in exercise.mistakes:
        if mistake.changes is None and _is_made(exercise, mistake, trial):
            return _named(mistake)
    return None


def _named(mistake: Mistake) -> Verdict:
    return Verdict("wrong", (mistake.message,), mistake.name)


def _is_made(exercise: Exercise, mistake: Mistake, trial: Trial) -> bool:
    # What is seen after an error shows nothing by itself: the function has not come to its end.
    shown = trial.error is None or mistake.raises is not None or mistake.like is not None
    return shown and _holds(exercise, mistake, trial)


def _holds(exercise: Exercise, mistake: Mistake, trial: Trial) -> bool:
    """Whether all conditions of a mistake hold, apart from that of `changes`."""
    if mistake.raises is not None and not _is_raised(mistake.raises, trial.error):
        return False
    if mistake.seen_in is not None and not _is_seen(mistake.seen_in, trial):
        return False
    return mistake.like is None or _is_like(exercise, mistake, trial)


def _is_raised(pattern: str, error: BaseException | None) -> bool:
    text = f"{type(error).__name__}: {text_of(error)}"
    return error is not None and bool(re.search(pattern, text))


def _is_seen(test: Callable[[Trial], bool], trial: Trial) -> bool:
    """Whether the test holds; evidence too strange for the test (another type) fails it."""
    try:
        return bool(test(trial))
    except Exception:  # noqa: BLE001 - an answer may be of any type
        return False


def _is_like(exercise: Exercise, mistake: Mistake, trial: Trial) -> bool:
    if not exercise.asks_for_a_function:
        return any(trial.gives((value,)) for value in mistake.examples)
    calls = exercise.procedure.calls
    with _own_warnings_ignored():
        return any(trial.behaves_like(calls(example)) for example in mistake.examples)


@contextmanager
def _own_warnings_ignored() -> Iterator[None]:
    """Ignore warnings of reference functions, which would appear below the learner's cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def wrong_examples(exercise: Exercise) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the wrong functions and values of all mistakes, with the mistake's name."""
    for mistake in exercise.mistakes:
        for example in mistake.examples:
            yield mistake.name, example
