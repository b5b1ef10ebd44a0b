"""Checks of exercises: cases, the reference solution, recognised mistakes, and verdicts."""

from __future__ import annotations

from labkit.learn.checks.comparison import as_tensor, close, either_deviation, whole
from labkit.learn.checks.exercise import Exercise, Mistake
from labkit.learn.checks.forbidden import Forbidden, autograd, calls, loops, names
from labkit.learn.checks.judging import Verdict, check_answer, try_answer, wrong_examples
from labkit.learn.checks.source import Source
from labkit.learn.checks.trial import Call, Case, Trial

__all__ = [
    "Call",
    "Case",
    "Exercise",
    "Forbidden",
    "Mistake",
    "Source",
    "Trial",
    "Verdict",
    "as_tensor",
    "autograd",
    "calls",
    "check_answer",
    "close",
    "either_deviation",
    "loops",
    "names",
    "try_answer",
    "whole",
    "wrong_examples",
]
