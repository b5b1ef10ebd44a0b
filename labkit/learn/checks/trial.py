"""Calls an answer on the cases of an exercise and collects the evidence.

Each call gets its own copy of the arguments and of the kernel's state. The evidence is a `Trial`:
one `Call` for each case, beside what the reference solution gives on the same case.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.learn.checks.changes import is_unchanged
from labkit.learn.checks.comparison import Comparison
from labkit.learn.checks.kernel_state import kernel_state_kept
from labkit.learn.checks.source import Source


class Case:
    """The arguments of one call.

    Parameters
    ----------
    *arguments : object
        Copied for each call.
    make : callable, optional
        Returns the tuple of arguments, for those that cannot be copied.
    shown : str, optional
        How the input is described in a card, in place of the arguments.

    Examples
    --------
    >>> Case([1, 2], 3).build()
    ([1, 2], 3)
    """

    def __init__(
        self,
        *arguments: Any,
        make: Callable[[], tuple[Any, ...]] | None = None,
        shown: str = "",
    ) -> None:
        self._arguments = arguments
        self._make = make
        self.shown = shown

    def build(self) -> tuple[Any, ...]:
        """Return new arguments."""
        return self._make() if self._make is not None else copy.deepcopy(self._arguments)


@dataclass(frozen=True)
class Call:
    """One call of a function.

    Attributes
    ----------
    case : Case
        Its input.
    arguments : tuple
        The arguments after the call, with any changes in place.
    result : object
        The returned value; None after an error.
    seen : object
        What is compared: what the exercise observes of this call, by default the result.
    error : BaseException or None
        What the call, or the use of its result, raised.
    in_use : bool
        Whether the error was raised by the use of the result, as by the forward pass of a model.
    changed : tuple of str
        The names of the arguments that are different after the call.
    modes : tuple of str
        The names of the kernel's modes that the call changed.
    """

    case: Case
    arguments: tuple[Any, ...]
    result: Any = None
    seen: Any = None
    error: BaseException | None = None
    in_use: bool = False
    changed: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()


Observation = Callable[[Call], Any]


@dataclass(frozen=True)
class Procedure:
    """How an exercise calls a function and what it observes.

    Attributes
    ----------
    cases : tuple of Case
        The inputs.
    parameters : tuple of str
        The names of the arguments.
    observe : callable
        Takes the `Call`, returns what is compared.
    """

    cases: tuple[Case, ...]
    parameters: tuple[str, ...]
    observe: Observation

    def run(self, function: Callable[..., Any]) -> tuple[Call, ...]:
        """Call the function once for each case."""
        return tuple(self.calls(function))

    def calls(self, function: Callable[..., Any]) -> Iterator[Call]:
        """Yield the calls one by one, so that a comparison can stop at the first difference."""
        return (self._call(function, case) for case in self.cases)

    def _call(self, function: Callable[..., Any], case: Case) -> Call:
        arguments, before = case.build(), case.build()
        with kernel_state_kept() as modes:
            result, error = _attempt(lambda: function(*arguments))
            if inspect.iscoroutine(result):
                result.close()  # it would warn that nobody waits for it
            changed = tuple(
                name
                for name, old, new in zip(self.parameters, before, arguments, strict=False)
                if not is_unchanged(old, new)
            )
            seen, in_use = None, error is None
            if error is None:
                call = Call(case, arguments, result, changed=changed)
                seen, error = _attempt(lambda: self.observe(call))
        return Call(
            case,
            arguments,
            result,
            seen,
            error,
            in_use=in_use and error is not None,
            changed=changed,
            modes=tuple(modes),
        )


def _attempt(action: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """Return the result of an action, or what it raised."""
    try:
        return action(), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - an answer may raise anything
        return None, error


@dataclass(frozen=True)
class Trial:
    """The evidence that all diagnoses look at.

    Attributes
    ----------
    answer : object
        What was handed in.
    calls : tuple of Call
        One for each case; for an exercise that asks for a value, one with that value as its result.
    reference : tuple of Call
        The calls of the reference solution.
    same : callable
        The comparison of the exercise.
    source : Source
        The answer's source code.
    """

    answer: object
    calls: tuple[Call, ...]
    reference: tuple[Call, ...]
    same: Comparison
    source: Source

    @property
    def expected(self) -> tuple[Any, ...]:
        """What is seen of the reference solution, by case."""
        return tuple(call.seen for call in self.reference)

    @property
    def results(self) -> tuple[Any, ...]:
        """What the calls returned."""
        return tuple(call.result for call in self.calls)

    @property
    def error(self) -> BaseException | None:
        """The first error."""
        return next((call.error for call in self.calls if call.error is not None), None)

    @property
    def is_right(self) -> bool:
        """Whether every call gave what is expected."""
        return self.gives(self.expected)

    def gives(self, values: Sequence[Any]) -> bool:
        """Whether the calls gave these values, one for each case, without an error."""
        return all(
            call.error is None and self.same(call.seen, value)
            for call, value in zip(self.calls, values, strict=True)
        )

    def behaves_like(self, others: Iterable[Call]) -> bool:
        """Whether each call gave what the other gave, or failed with the same error."""
        return all(self._alike(one, other) for one, other in zip(self.calls, others, strict=True))

    def _alike(self, one: Call, other: Call) -> bool:
        if one.error is None and other.error is None:
            return self.same(one.seen, other.seen)
        return type(one.error) is type(other.error) and text_of(one.error) == text_of(other.error)


def text_of(error: BaseException | None) -> str:
    """Return the text of an error; empty if there is none, or if the error cannot give it.

    Examples
    --------
    >>> text_of(ValueError("no"))
    'no'
    """
    try:
        return "" if error is None else str(error)
    except Exception:  # noqa: BLE001 - a learner's own exception
        return ""


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters.

    Examples
    --------
    >>> parameters_of(lambda table, dim: table)
    ('table', 'dim')
    """
    return tuple(inspect.signature(function).parameters)


def call_of_value(value: object) -> Call:
    """Return the call that stands for a value, where an exercise asks for no function."""
    return Call(Case(), (), value, value)
