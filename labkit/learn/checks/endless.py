"""A check that says how an answer is stopped that takes long, and where one was interrupted."""

from __future__ import annotations

import threading

from labkit.learn.checks.exercise import Exercise
from labkit.learn.checks.fallback import line_of
from labkit.learn.checks.judging import Verdict, check_answer

PATIENCE = 10.0
"""Seconds until something is said; right answers take two at most."""


def check_patiently(exercise: Exercise, answer: object, patience: float = PATIENCE) -> Verdict:
    """Return the verdict of `check_answer`; print a sentence if it takes long.

    Parameters
    ----------
    exercise : Exercise
    answer : object
    patience : float
        In seconds.

    Examples
    --------
    >>> from labkit.learn.checks import Case
    >>> double = Exercise("double", "Twice a number.", solution=lambda a: 2 * a,
    ...     cases=(Case(2),), praise="Yes.", hints=("", "", ""))
    >>> check_patiently(double, lambda a: a + a).outcome
    'right'
    """
    timer = threading.Timer(patience, print, (_notice(patience),), {"flush": True})
    timer.daemon = True
    timer.start()
    try:
        return check_answer(exercise, answer)
    except KeyboardInterrupt as interrupt:
        # A new one, as the way through the check says nothing to a learner.
        stopped = KeyboardInterrupt()
        stopped.add_note(_stopped(interrupt, answer))
        raise stopped from None
    finally:
        timer.cancel()


def _notice(patience: float) -> str:
    return (
        f"Your answer has been running for {patience:g} seconds. If it never ends, interrupt the "
        "kernel: the square in the toolbar, or Control+C in a terminal."
    )


def _stopped(interrupt: KeyboardInterrupt, answer: object) -> str:
    line = line_of(interrupt, answer)
    where = f" in the line `{line}`" if line else " running"
    return f"You stopped the check while your answer was{where}. Does each loop come to its end?"
