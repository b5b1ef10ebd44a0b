"""The loops around the step that has just ended, from the frames of the training thread."""

from __future__ import annotations

import ast
import inspect
import linecache
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from types import FrameType

from labkit.capture.loop_length.enclosing import Loop, Place, Span, place_of, span_of
from labkit.capture.loop_length.exits import may_leave_out_steps
from labkit.capture.loop_length.names import (
    names_assigned,
    names_changed,
    names_of_target,
    names_read,
)
from labkit.capture.loop_length.progress_bars import BarState, states_of
from labkit.capture.loop_length.surroundings import (
    Surroundings,
    current_extent,
    frames_outside_libraries,
)
from labkit.capture.loop_length.variables import UnknownValueError, Variables

_HOSTS = frozenset({"IPython", "code", "ipykernel", "importlib", "labkit", "marimo", "runpy"})
"""Packages that execute a file, a cell or a line once, whatever loops are around that."""


@dataclass(frozen=True)
class Level:
    """One of the loops.

    Attributes
    ----------
    key : tuple
        Identifies the loop in its source.
    text : str
        Its first line.
    length : int
        Number of its iterations.
    position : int
        Number of its completed iterations.
    is_stable : bool
        Whether its length is certain to be the same in each iteration of the loops around it.
    may_end_early : bool
        Whether it may have fewer steps than that, because of a ``break`` for example.
    """

    key: tuple[str, Span]
    text: str
    length: int
    position: int
    is_stable: bool = True
    may_end_early: bool = False


@dataclass(frozen=True)
class Nest:
    """The loops around a step.

    Attributes
    ----------
    levels : tuple of Level
        Outermost first; at least one.
    where : str
        File and line of the outermost loop.
    """

    levels: tuple[Level, ...]
    where: str

    @property
    def key(self) -> tuple[object, ...]:
        """Identifies the loops and their lengths."""
        return tuple((each.key, each.length) for each in self.levels)

    @property
    def iterations(self) -> int:
        """Number of all iterations of the innermost loop."""
        return math.prod(each.length for each in self.levels)

    @property
    def begun(self) -> int:
        """Number of these that have begun."""
        completed = 0
        for each in self.levels:
            completed = completed * each.length + each.position
        return completed + 1

    @property
    def may_end_early(self) -> bool:
        """Whether there may be fewer steps than that."""
        return any(each.may_end_early for each in self.levels)

    @property
    def text(self) -> str:
        """The first lines of the loops, and where they are."""
        return f"{', '.join(each.text for each in self.levels)} ({self.where})"


def bars_outside(surroundings: Surroundings) -> list[BarState]:
    """Return the progress bars that variables outside of all loops around the step refer to."""
    try:
        found = [each for each in _frames_with_places(surroundings) if each[1].loops]
    except UnknownValueError:
        return []
    if not found:
        return []
    frame, place = found[-1]
    return states_of(Variables(frame).values_except(names_assigned(place.loops[0])))


def read_nest(surroundings: Surroundings) -> Nest | None:
    """Return the loops around the step that has just ended.

    Parameters
    ----------
    surroundings : Surroundings
        The loops in which the run was created; they and those around them are not returned.

    Returns
    -------
    Nest or None
        None if there is no loop, or if the length or the position of one is unknown.
    """
    try:
        found = [each for each in _frames_with_places(surroundings) if each[1].loops]
        levels: list[Level] = []
        changed: frozenset[str] = frozenset()
        for number, (frame, place) in enumerate(reversed(found)):
            variables = Variables(frame)
            for loop in place.loops:
                level = _level(frame, loop, variables, changed, is_called=number > 0)
                is_limit = may_leave_out_steps(loop, place.span)
                levels.append(replace(level, may_end_early=is_limit))
                changed |= names_changed(loop) | names_of_target(loop)
    except UnknownValueError:
        return None
    if not levels:
        return None
    frame, place = found[-1]
    return Nest(tuple(levels), _place_name(frame, place.loops[0].lineno))


def _frames_with_places(surroundings: Surroundings) -> Iterator[tuple[FrameType, Place]]:
    """Yield the frames around a step from the inside outwards, with their loops."""
    for frame in frames_outside_libraries():
        place = place_of(frame)
        if place is None:
            raise UnknownValueError(frame.f_code.co_name)
        if surroundings.contain(frame):
            yield frame, replace(place, loops=tuple(surroundings.loops_within(frame, place)))
            return
        yield frame, place
        if _is_executed_by_host(frame):
            return


def _level(
    frame: FrameType,
    loop: Loop,
    variables: Variables,
    changed: frozenset[str],
    *,
    is_called: bool,
) -> Level:
    """Return the level of a loop.

    Parameters
    ----------
    frame : FrameType
    loop : For or While
    variables : Variables
    changed : frozenset of str
        The names that the loops around this one may change.
    is_called : bool
        Whether the frame is of a function that a loop of another frame calls.
    """
    extent = current_extent(loop, variables)
    assert isinstance(loop, ast.For)  # others have no extent
    if extent.position is None:
        raise UnknownValueError("position")
    read = names_read(loop.iter)
    may_be_passed = is_called and not extent.is_loader and any(map(variables.is_local, read))
    return Level(
        (frame.f_code.co_filename, span_of(loop)),
        _header(loop),
        extent.length,
        extent.position,
        is_stable=not may_be_passed and not read & changed,
    )


def _header(loop: ast.For) -> str:
    """Return the first line of a loop, without the colon."""
    empty = ast.For(loop.target, loop.iter, [ast.Pass()], [])
    return ast.unparse(ast.copy_location(empty, loop)).partition(":\n")[0]


def _is_executed_by_host(frame: FrameType) -> bool:
    """Return whether a frame is that of a file or cell, and what executes it does so once."""
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return False
    outer = frame.f_back
    name = "" if outer is None else str(outer.f_globals.get("__name__"))
    return outer is None or name.partition(".")[0] in _HOSTS


def _place_name(frame: FrameType, line: int) -> str:
    """Return how a person knows a line of the code of a frame."""
    name = frame.f_code.co_filename
    cached = linecache.cache.get(name)
    is_in_no_file = cached is not None and len(cached) > 1 and cached[1] is None
    is_cell = name.startswith("<") or is_in_no_file
    return f"line {line}" if is_cell else f"{PurePath(name).name}:{line}"
