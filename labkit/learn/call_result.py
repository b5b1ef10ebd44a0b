"""Tries out what a learner wrote: on copies, with errors caught.

The checks look at an `CallResult`: what came out, what it raised, and what became of the arguments.
Nothing a learner's function does here reaches the notebook's own tensors or its random state.
"""

from __future__ import annotations

import copy
import dis
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# All that a function does whose body is still `...`.
_IDLE_INSTRUCTIONS = frozenset({"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"})


@dataclass(frozen=True)
class CallResult:
    """What one call of the learner's function did.

    Attributes
    ----------
    result : object
        What it returned; None after an error.
    error : Exception or None
        What it raised.
    arguments : tuple
        The arguments as the call left them: a change in place is seen here.
    """

    result: Any
    error: Exception | None
    arguments: tuple[Any, ...]


def try_out(function: Callable[..., Any], *arguments: Any) -> CallResult:
    """Call the function on copies of the arguments and catch what it raises.

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
