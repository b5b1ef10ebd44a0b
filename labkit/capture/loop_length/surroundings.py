"""The loops around the place where a run was created, which are not part of the run."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType

from labkit.capture.graph.source_lines import is_users
from labkit.capture.loop_length.enclosing import Loop, Place, contains, place_of, span_of
from labkit.capture.loop_length.iterables import Extent, extent_of
from labkit.capture.loop_length.names import names_changed, names_of_target, names_read
from labkit.capture.loop_length.variables import UnknownValueError, Variables

_MAX_FRAMES = 200
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


@dataclass(frozen=True)
class _Creation:
    """What a frame executed when the run was created."""

    instruction: int
    positions: tuple[int | None, ...]
    """Those of the loops around it, as far as they are known."""


class Surroundings:
    """The frames in which a run is created, and the loops in which they are at that moment.

    Must be created in a function that the creation of the run calls.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, CodeType], _Creation] = {}
        for frame in frames_outside_libraries():
            is_library = frame.f_code.co_filename.startswith(_LIBRARIES)
            place = None if is_library else place_of(frame)
            positions = () if place is None else _positions(place.loops, frame)
            self._known[id(frame), frame.f_code] = _Creation(frame.f_lasti, positions)

    def contain(self, frame: FrameType) -> bool:
        """Return whether the run was created in a frame or in a function that it called."""
        return (id(frame), frame.f_code) in self._known

    def loops_within(self, frame: FrameType, place: Place) -> Sequence[Loop]:
        """Return the loops around a place that are part of the run; it was created in the frame.

        Raises
        ------
        UnknownValueError
            If they are unknown, or if the run continues in another iteration of a loop around it.
        """
        created = self._known[id(frame), frame.f_code]
        before = place_of(frame, created.instruction)
        if before is None:
            raise UnknownValueError("where the run was created")
        common = 0
        for earlier, now in zip(before.loops, place.loops, strict=False):
            if span_of(earlier) != span_of(now):
                break
            common += 1
        if common and not _is_in_with(place, common, before):
            positions = created.positions[:common]
            same = positions == _positions(place.loops[:common], frame)
            if len(positions) < common or None in positions or not same:
                raise UnknownValueError("the iteration in which the run was created")
        return place.loops[common:]


def current_extent(loop: Loop, variables: Variables) -> Extent:
    """Return the extent of a loop whose body changes none of the variables that determine it.

    Raises
    ------
    UnknownValueError
        If the body changes one, or if the length is unknown.
    """
    if isinstance(loop, ast.While):
        raise UnknownValueError("while")
    if (names_read(loop.iter) | names_of_target(loop)) & names_changed(loop):
        raise UnknownValueError("changed in the loop")
    return extent_of(loop, variables)


def frames_outside_libraries() -> Iterator[FrameType]:
    """Yield the frames of the calling thread that are of neither torch nor labkit, from inside."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the stack
    for _ in range(_MAX_FRAMES):
        if frame is None:
            return
        if is_users(frame.f_code):
            yield frame
        frame = frame.f_back


def _is_in_with(place: Place, loops: int, created: Place) -> bool:
    """Return whether a place is in the ``with`` block of a run that was created in these loops."""
    return any(
        contains(item.context_expr, created.span)
        for around, statement in place.withs
        for item in statement.items
        if around == loops
    )


def _positions(loops: Sequence[Loop], frame: FrameType) -> tuple[int | None, ...]:
    variables = Variables(frame) if loops else None
    return tuple(None if variables is None else _position(each, variables) for each in loops)


def _position(loop: Loop, variables: Variables) -> int | None:
    try:
        return current_extent(loop, variables).position
    except UnknownValueError:
        return None
