"""The synchronised state of the loop whose lines can be switched off."""

from __future__ import annotations

from typing import TypedDict

from labkit.views.messages.queries import AnsweringState, Query


class LoopLine(TypedDict):
    """A line of the loop. `number` counts from 1; `has_switch` says if it can be switched off."""

    number: int
    text: str
    has_switch: bool


class LoopSeries(TypedDict):
    """A series of a run. A value that is NaN or infinite is None."""

    name: str
    steps: list[int]
    values: list[float | None]


class LoopCurves(TypedDict):
    """The series of a run.

    `label` says which lines it was without, `error` what ended it early; it is empty otherwise.
    """

    label: str
    series: list[LoopSeries]
    error: str


class LoopState(AnsweringState):
    """The state that the kernel sends.

    `runs` has the run with all lines and, if lines are off, the run without them. `said` is a
    sentence about them.
    """

    lines: list[LoopLine]
    off: list[int]
    runs: list[LoopCurves]


class LoopQuery(Query):
    """The numbers of the lines that should be switched off."""

    off: list[int]


class LoopSwitched(TypedDict):
    """The changes that a page sends after a switch, with the page's protocol version."""

    page_protocol: int
    query: LoopQuery
