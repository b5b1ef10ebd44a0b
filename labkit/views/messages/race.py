"""The synchronised state of the widget in which optimizers race."""

from __future__ import annotations

from typing import TypedDict


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


class RaceState(TypedDict):
    """The state that the kernel sends.

    `answered` is the number of the last wish that was handled; `said` is a problem, or empty.
    """

    protocol: int
    surface: str
    surfaces: list[str]
    map: RaceMap
    start: list[float]
    steps: int
    lanes: list[RaceLane]
    answered: int
    said: str


class RaceWish(TypedDict):
    """From where, with which learning rates and on which surface the race is wanted."""

    number: int
    start: list[float] | None
    rates: dict[str, float]
    surface: str


class RaceRequest(TypedDict):
    """The changes that a page sends; `start` is None for the usual start of the surface."""

    page_protocol: int
    wish: RaceWish
