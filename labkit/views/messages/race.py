"""The synchronised state of the widget in which optimizers race."""

from __future__ import annotations

from typing import TypedDict

from labkit.views.messages.queries import AnsweringState, Query


class RaceAxis(TypedDict):
    """The name of a parameter, and the ends of its range."""

    name: str
    low: float
    high: float


class RaceMap(TypedDict):
    """The map of the loss; `image` is the address of a picture, `second` grows upward."""

    first: RaceAxis
    second: RaceAxis
    image: str
    lowest: float
    highest: float


class HeldValues(TypedDict):
    """What an optimizer holds, two numbers per step, flat; None where it holds nothing yet."""

    name: str
    values: list[float | None]


class RaceLane(TypedDict):
    """What one optimizer did; `places` and `gradients` have two numbers per step, flat."""

    name: str
    kind: str
    rate: float | None
    places: list[float]
    losses: list[float]
    gradients: list[float]
    rates: list[float]
    state: list[HeldValues]
    ended: str


class RaceState(AnsweringState):
    """The state that the kernel sends; `said` is a problem, or empty."""

    surface: str
    surfaces: list[str]
    map: RaceMap
    start: list[float]
    steps: int
    lanes: list[RaceLane]


class RaceQuery(Query):
    """From where, with which learning rates and on which surface the race is wanted."""

    start: list[float] | None
    rates: dict[str, float]
    surface: str


class RaceRequest(TypedDict):
    """The changes that a page sends; `start` is None for the usual start of the surface."""

    page_protocol: int
    query: RaceQuery
