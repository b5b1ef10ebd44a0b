"""Whether an answer is still the stub that the exercise came with."""

from __future__ import annotations

import dis

# The instructions of a function whose body is only `...`; those in the second set have a constant.
_IDLE = frozenset({"RESUME", "NOP", "RETURN_VALUE"})
_CONSTANT = frozenset({"LOAD_CONST", "RETURN_CONST"})


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
    return all(map(_is_idle, dis.get_instructions(code)))


def _is_idle(instruction: dis.Instruction) -> bool:
    # The instructions' own constants, since `co_consts` has others too, in an order that varies.
    if instruction.opname in _CONSTANT:
        return instruction.argval is None or instruction.argval is ...
    return instruction.opname in _IDLE
