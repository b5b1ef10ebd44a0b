"""The line of the user's own code that led to a call."""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType

import torch

from labkit.run.graph_parts import Source

Line = tuple[CodeType, int]
"""A code object and a line number: cheap to keep, made readable later."""

_FOREIGN = tuple(f"{home}/" for home in (Path(torch.__file__).parent, Path(__file__).parents[2]))
_is_users: dict[str, bool] = {}


def users_line(most: int = 100) -> Line | None:
    """Return the innermost line on the stack that is neither torch's nor labkit's.

    Looks at so many frames at most.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the stack
    while frame is not None and most > 0:
        most -= 1
        code = frame.f_code
        users = _is_users.get(code.co_filename)
        if users is None:
            users = _is_users[code.co_filename] = not code.co_filename.startswith(_FOREIGN)
        if users:
            return code, frame.f_lineno
        frame = frame.f_back
    return None


def users_code() -> CodeType | None:
    """Return the code of the innermost frame on the stack that is neither torch's nor labkit's."""
    line = users_line()
    return None if line is None else line[0]


def users_tensors() -> dict[int, str]:
    """Return the names of the tensors that the innermost frame of the user's can see, by `id`.

    Only those of its globals where its local variables cannot be read without a trace.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the stack
    while frame is not None and frame.f_code.co_filename.startswith(_FOREIGN):
        frame = frame.f_back
    if frame is None:
        return {}
    return names_in(frame.f_globals) | _local_names(frame)


def _local_names(frame: FrameType) -> dict[int, str]:
    """Return the names of the tensors among a frame's local variables, and change nothing.

    Until Python 3.12 a function's variables are read by way of a dict that belongs to its frame,
    which reading brings up to date. It is the one that ``locals()`` gives, so it is read only where
    nobody can have it.
    """
    has_own_dict = not frame.f_code.co_flags & inspect.CO_OPTIMIZED  # a module or a class body
    if has_own_dict or sys.version_info >= (3, 13):
        return names_in(frame.f_locals)
    if frame.f_trace is not None or _may_hold_its_locals(frame.f_code):
        return {}
    variables = frame.f_locals
    names = names_in(variables)
    if sys.getrefcount(variables) == _REFERENCES_OF_AN_UNSEEN_DICT:
        # Left there, it would keep alive what the user deletes or replaces.
        variables.clear()
    return names


@functools.lru_cache(maxsize=1024)
def _may_hold_its_locals(code: CodeType) -> bool:
    """Return whether a function's own code can have the dict of its variables."""
    if not _READ_LOCALS.isdisjoint(code.co_names):
        for instruction in dis.get_instructions(code):
            name, is_global = instruction.argval, instruction.opname == "LOAD_GLOBAL"
            if isinstance(name, str) and name in (_READ_LOCALS if is_global else {"f_locals"}):
                return True
    return False


_READ_LOCALS = frozenset({"locals", "vars", "eval", "exec", "f_locals", "builtins"})
_REFERENCES_OF_AN_UNSEEN_DICT = 3
"""The frame's, the variable's, and that of the call which counts."""


def names_in(*spaces: Mapping[str, object]) -> dict[int, str]:
    """Return the names of the tensors in some namespaces by `id`; the later ones win."""
    return {
        id(value): name
        for space in spaces
        for name, value in list(space.items())
        if issubclass(type(value), torch.Tensor) and not name.startswith("_")
    }


def source_of(line: Line | None) -> Source | None:
    """Return a line in readable form; a cell of a notebook is called that."""
    if line is None:
        return None
    code, number = line
    return _source(code.co_filename, number)


@functools.lru_cache(maxsize=4096)
def _source(file: str, number: int) -> Source:
    return Source(_shown(file), number)


def _shown(file: str) -> str:
    path = Path(file)
    if path.parent.name.startswith("ipykernel_") or file.startswith("<ipython"):
        return "notebook cell"
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
