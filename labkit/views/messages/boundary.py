"""The synchronised states of the boundary and threshold views, and how a page asks for steps.

Arrays are text: base64 of their bytes, little endian, so that they arrive in every front end.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class BoundaryPlane(TypedDict):
    """The samples, and the part of the plane that is drawn.

    `points` has two float32 for each sample, `labels` a byte. `x` and `y` are the ends of the
    plane; the grid of each moment has `side` times `side` places. `pulls` is whether the view shows
    how hard each sample pulls.
    """

    names: list[str]
    classes: list[str]
    x: list[float]
    y: list[float]
    side: int
    points: str
    labels: str
    pulls: bool


class BoundaryMoment(TypedDict):
    """What the model says at one moment, as float32.

    `index` is its place among the `count` moments that are recorded, `step` how many steps of the
    training came before it. `grid` has the logits of the plane, the first row at the top;
    `directions` has two numbers for each sample, the other arrays one.
    """

    index: int
    count: int
    step: int
    grid: str
    logits: str
    losses: str
    pulls: str
    directions: str


class BoundaryViewState(TypedDict):
    """The state that the kernel sends; `moment` is the latest one."""

    protocol: int
    plane: BoundaryPlane
    moment: BoundaryMoment


class WantMessage(TypedDict):
    """A page asks for a moment by its index."""

    type: Literal["want"]
    protocol: int
    index: int


class MomentMessage(TypedDict):
    """The kernel sends a moment that was asked for."""

    type: Literal["moment"]
    moment: BoundaryMoment


class ThresholdViewState(TypedDict):
    """The state of a threshold view; a page sends nothing.

    `logits` has a float32 for each sample, `labels` a byte. `price` is how many false alarms a miss
    is worth at first.
    """

    protocol: int
    classes: list[str]
    logits: str
    labels: str
    price: float
