"""The data of an exercise: its cases, its reference solution, and the mistakes it recognises.

An exercise holds no results. `check_answer` calls the answer and the solution on the same cases,
and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from labkit.learn.checks.comparison import Comparison, close
from labkit.learn.checks.forbidden import Forbidden
from labkit.learn.checks.trial import Call, Case, Observation, Procedure, Trial, parameters_of

WITH_DEFAULT = close()


def result_of(call: Call) -> Any:
    """Return the result, which is what most exercises compare."""
    return call.result


@dataclass(frozen=True)
class Mistake:
    """A usual wrong answer, recognised where all conditions that are given hold.

    Attributes
    ----------
    name : str
        A short name for it, stored in the progress file.
    message : str
        What this mistake does, and where to look; not the answer itself.
    like : object
        A function that makes this mistake, or several, or a wrong value: recognised where the
        answer gives the same on every case. A tuple holds several.
    seen_in : callable, optional
        Takes the `Trial`; True where this mistake was made. Where a call failed, it is asked only
        together with `raises` or `like`.
    raises : str, optional
        A regular expression that is found in the first error, as ``"AttributeError.*Conv2D"``.
    changes : str, optional
        The name of an argument that the answer changed.
    """

    name: str
    message: str
    _: KW_ONLY
    like: Any = None
    seen_in: Callable[[Trial], bool] | None = None
    raises: str | None = None
    changes: str | None = None

    @property
    def examples(self) -> tuple[Any, ...]:
        """The wrong functions, or wrong values, of `like`."""
        if self.like is None:
            return ()
        return self.like if isinstance(self.like, tuple) else (self.like,)


@dataclass(frozen=True)
class Exercise:
    """A task with its check.

    Attributes
    ----------
    name : str
        How the notebook calls it.
    task : str
        One or two sentences.
    solution : object
        The reference: a function, or the expected value where the exercise asks for a value.
    cases : tuple of Case
        The inputs; none where the exercise asks for a value.
    same : callable
        Compares what is seen of the answer with what is seen of the solution.
    observe : callable
        Takes a `Call`, returns what is compared: the result, or a dictionary of named properties,
        such as the weights after the call.
    may_change : tuple of str
        The names of arguments that the function may change.
    unneeded : tuple of str
        The names of arguments that a right answer need not read.
    mistakes : tuple of Mistake
        In the order in which they are checked.
    forbids : tuple of Forbidden
        Ways that the task forbids.
    praise : str
        What a right answer has shown.
    hints : tuple of three str
        From general to specific.
    """

    name: str
    task: str
    _: KW_ONLY
    solution: Any
    praise: str
    hints: tuple[str, str, str]
    cases: tuple[Case, ...] = ()
    same: Comparison = WITH_DEFAULT
    observe: Observation = result_of
    may_change: tuple[str, ...] = ()
    unneeded: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    forbids: tuple[Forbidden, ...] = ()

    @property
    def asks_for_a_function(self) -> bool:
        """Whether the answer is a function; otherwise it is a value."""
        return bool(self.cases)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the function's arguments."""
        return parameters_of(self.solution) if self.asks_for_a_function else ()

    @property
    def procedure(self) -> Procedure:
        """How a function is called."""
        return Procedure(self.cases, self.parameters, self.observe)
