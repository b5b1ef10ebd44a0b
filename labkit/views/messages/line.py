"""The synchronised state of the widget in which a line is fitted to points."""

from __future__ import annotations

from typing import TypedDict

from labkit.views.messages.queries import AnsweringState, Query
from labkit.views.messages.race import RaceLane, RaceMap


class LinePlane(TypedDict):
    """The points, those that are held out, and the ends of the axes.

    `best` is the lowest loss that a line can have on the points.
    """

    x: list[float]
    y: list[float]
    held_x: list[float]
    held_y: list[float]
    ends_x: list[float]
    ends_y: list[float]
    best: float


class LineWalk(TypedDict):
    """A training: its places, the loss of held-out points, and the points of each step.

    `held` is empty without held-out points; an entry of `batches` is empty for all points.
    """

    lane: RaceLane
    held: list[float]
    batches: list[list[int]]


class LineState(AnsweringState):
    """The state that the kernel sends.

    The last of the `walks` is the one that is shown in the plane. `batch` is 0 for all points.
    """

    plane: LinePlane
    map: RaceMap
    walks: list[LineWalk]
    start: list[float]
    rate: float
    batch: int
    batches: list[int]


class LineQuery(Query):
    """From where, with which learning rate and batches a walk is wanted."""

    start: list[float]
    rate: float
    batch: int


class LineRequest(TypedDict):
    """The changes that a page sends."""

    page_protocol: int
    query: LineQuery
