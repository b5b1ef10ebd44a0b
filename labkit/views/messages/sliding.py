"""The synchronised state of the widget in which a kernel slides over an image."""

from __future__ import annotations

from typing import TypedDict

from labkit.views.messages.queries import AnsweringState, Query


class SlidingTable(TypedDict):
    """A table of numbers, row major."""

    rows: int
    columns: int
    values: list[float]


class SlidingFilter(TypedDict):
    """A classic filter of the menu, and what it finds."""

    name: str
    finds: str
    kernel: SlidingTable


class SlidingState(AnsweringState):
    """The state that the kernel sends; `said` is a problem, or empty."""

    image: SlidingTable
    filters: list[SlidingFilter]
    weights: SlidingTable
    stride: int
    padding: int
    answers: SlidingTable
    code: str


class SlidingQuery(Query):
    """The convolution that a page wants."""

    weights: SlidingTable
    stride: int
    padding: int


class SlidingRequest(TypedDict):
    """The changes that a page sends."""

    page_protocol: int
    query: SlidingQuery
