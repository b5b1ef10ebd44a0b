"""Whether an answer is still the stub that the exercise came with."""

from __future__ import annotations

import dis

# The instructions of a function whose body is only `...`.
_IDLE_INSTRUCTIONS = frozenset({"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"})


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
