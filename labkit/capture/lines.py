"""The line of the user's own code that led to a call."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType

import torch

from labkit.run.graph import Source

Line = tuple[CodeType, int]
"""A code object and a line number: cheap to keep, made readable later."""

_FOREIGN = tuple(f"{home}/" for home in (Path(torch.__file__).parent, Path(__file__).parents[1]))
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
    """Return the names of the tensors that the innermost frame of the user's can see, by `id`."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the stack
    while frame is not None and frame.f_code.co_filename.startswith(_FOREIGN):
        frame = frame.f_back
    if frame is None:
        return {}
    names = names_in(frame.f_globals, frame.f_locals)
    _release(frame)
    return names


def _release(frame: FrameType) -> None:
    """Empty the copy of a function's variables that reading them left with its frame.

    Until Python 3.12 that copy would keep alive what the user deletes or replaces meanwhile; the
    variables themselves are not in it, except in a class body or a module.
    """
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        frame.f_locals.clear()


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
