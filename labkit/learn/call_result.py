"""Calls a learner's function on copies of its arguments and catches its errors.

The checks read a `CallResult`: the returned value, the error, and the arguments after the call. The
call changes neither the tensors of the notebook nor its random state.
"""

from __future__ import annotations

import copy
import dis
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# The instructions of a function whose body is only `...`.
_IDLE_INSTRUCTIONS = frozenset({"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"})


@dataclass(frozen=True)
class CallResult:
    """The result of one call of a learner's function.

    Attributes
    ----------
    result : object
        The returned value; None after an error.
    error : Exception or None
        The raised exception.
    arguments : tuple
        The arguments after the call, with any changes in place.
    """

    result: Any
    error: Exception | None
    arguments: tuple[Any, ...]


def try_out(function: Callable[..., Any], *arguments: Any) -> CallResult:
    """Call a function on copies of the arguments and catch its exception.

    Examples
    --------
    >>> try_out(lambda a: a + 1, 2).result
    3
    >>> try_out(lambda a: a / 0, 2).error
    ZeroDivisionError('division by zero')
    """
    import torch

    own = copy.deepcopy(arguments)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            return CallResult(function(*own), None, own)
        except Exception as error:  # noqa: BLE001 - a learner's function may raise anything
            return CallResult(None, error, own)


def is_open(answer: object) -> bool:
    """Whether an answer is still the `...` that the exercise came with.

    Examples
    --------
    >>> def stub(x):
    ...     '''Return the mean.'''
    ...     ...
    >>> is_open(...), is_open(stub), is_open(lambda x: x + 1), is_open(0)
    (True, True, False, False)
    """
    if answer is ... or answer is None:
        return True
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    done = {instruction.opname for instruction in dis.get_instructions(code)}
    names_a_constant = any(
        constant is not None and constant is not ... and constant != code.co_consts[0]
        for constant in code.co_consts
    )
    return done <= _IDLE_INSTRUCTIONS and not names_a_constant
