"""The line of the user's code that led to a call."""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import TypeVar

import torch
from torch import nn

from labkit.run.graph.parts import Source

Line = tuple[CodeType, int]
"""A code object and a line number, which `source_of` converts to a readable form."""

_LIBRARY_PATHS = tuple(
    f"{home}/" for home in (Path(torch.__file__).parent, Path(__file__).parents[2])
)
Read = TypeVar("Read")

_MAX_ITEMS = 100
"""Maximum number of items of a container that is searched for tensors."""
_is_user_file: dict[str, bool] = {}


def user_line(max_frames: int = 100) -> Line | None:
    """Return the innermost line on the stack that is part of neither torch nor labkit.

    At max_frames `max_frames` frames are searched.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the stack
    while frame is not None and max_frames > 0:
        max_frames -= 1
        code = frame.f_code
        users = _is_user_file.get(code.co_filename)
        if users is None:
            users = is_users(code)
        if users:
            return code, frame.f_lineno
        frame = frame.f_back
    return None


def is_users(code: CodeType) -> bool:
    """Return whether code is part of neither torch nor labkit."""
    known = _is_user_file.get(code.co_filename)
    if known is None:
        known = not code.co_filename.startswith(_LIBRARY_PATHS)
        _is_user_file[code.co_filename] = known
    return known


def is_labkits(code: CodeType) -> bool:
    """Return whether code is part of labkit."""
    return code.co_filename.startswith(_LIBRARY_PATHS[1])


def user_code() -> CodeType | None:
    """Return the code of the innermost frame that is part of neither torch nor labkit."""
    line = user_line()
    return None if line is None else line[0]


def user_tensors() -> dict[int, str]:
    """Return the names of the tensors that are visible in the user's innermost frame, by `id`.

    Only those of global variables if reading local ones would have side effects.
    """
    return _read_variables(names_in)


def user_values() -> list[torch.Tensor]:
    """Return the tensors that are visible in the user's innermost frame, and those in containers.

    Only those of global variables if reading local ones would have side effects.
    """
    return list(_read_variables(_values_in).values())


def user_modules() -> list[nn.Module]:
    """Return the modules that are visible in the user's innermost frame, as for `user_tensors`."""
    return list(_read_variables(_modules_in).values())


def _modules_in(space: Mapping[str, object]) -> dict[int, nn.Module]:
    return {id(value): value for value in list(space.values()) if isinstance(value, nn.Module)}


def _read_variables(read: Callable[[Mapping[str, object]], dict[int, Read]]) -> dict[int, Read]:
    """Return what a function reads of the variables of the user's innermost frame."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the stack
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARY_PATHS):
        frame = frame.f_back
    if frame is None:
        return {}
    return read(frame.f_globals) | read(local_variables(frame))


def local_variables(frame: FrameType) -> dict[str, object]:
    """Return a frame's local variables, without side effects; none if reading them has some.

    Up to Python 3.12, the variables of a function are read through a dict of its frame, which is
    updated by reading. ``locals()`` returns the same dict, so it is read only if no other code can
    have a reference to it.
    """
    has_own_dict = not frame.f_code.co_flags & inspect.CO_OPTIMIZED  # a module or a class body
    if has_own_dict or sys.version_info >= (3, 13):
        return dict(frame.f_locals)
    if frame.f_trace is not None or _may_access_locals(frame.f_code):
        return {}
    variables = frame.f_locals
    copied = dict(variables)
    if sys.getrefcount(variables) == _REFERENCES_OF_UNSHARED_DICT:
        # Its entries would keep objects alive that the user deletes or replaces.
        variables.clear()
    return copied


@functools.lru_cache(maxsize=1024)
def _may_access_locals(code: CodeType) -> bool:
    """Return whether a function's code can access the dict of its variables."""
    if not _READ_LOCALS.isdisjoint(code.co_names):
        for instruction in dis.get_instructions(code):
            name, is_global = instruction.argval, instruction.opname == "LOAD_GLOBAL"
            if isinstance(name, str) and name in (_READ_LOCALS if is_global else {"f_locals"}):
                return True
    return False


_READ_LOCALS = frozenset({"locals", "vars", "eval", "exec", "f_locals", "builtins"})
_REFERENCES_OF_UNSHARED_DICT = 3
"""The references of the frame, of the variable, and of the call of `sys.getrefcount`."""


def names_in(*spaces: Mapping[str, object]) -> dict[int, str]:
    """Return the names of the tensors in some namespaces, by `id`; later ones take priority."""
    return {
        id(value): name
        for space in spaces
        for name, value in list(space.items())
        if issubclass(type(value), torch.Tensor) and not name.startswith("_")
    }


def _values_in(space: Mapping[str, object]) -> dict[int, torch.Tensor]:
    found: dict[int, torch.Tensor] = {}
    for value in list(space.values()):
        items: Iterable[object] = (value,)
        if type(value) in (tuple, list, dict) and len(value) <= _MAX_ITEMS:  # type: ignore[arg-type]
            items = value.values() if isinstance(value, dict) else value  # type: ignore[assignment]
        found |= {id(item): item for item in items if isinstance(item, torch.Tensor)}
    return found


def source_of(line: Line | None) -> Source | None:
    """Return a line in readable form; the file of a notebook cell is ``"notebook cell"``."""
    if line is None:
        return None
    code, number = line
    return _source(code.co_filename, number)


@functools.lru_cache(maxsize=4096)
def _source(file: str, number: int) -> Source:
    return Source(_display_path(file), number)


def _display_path(file: str) -> str:
    path = Path(file)
    if path.parent.name.startswith("ipykernel_") or file.startswith("<ipython"):
        return "notebook cell"
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
