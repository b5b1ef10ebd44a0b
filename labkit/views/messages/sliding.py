"""The synchronised state of the widget in which a kernel slides over an image."""

from __future__ import annotations

from typing import TypedDict


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


class SlidingState(TypedDict):
    """The state that the kernel sends.

    `answered` is the number of the last wish that was handled; `said` is a problem, or empty.
    """

    protocol: int
    image: SlidingTable
    filters: list[SlidingFilter]
    weights: SlidingTable
    stride: int
    padding: int
    answers: SlidingTable
    code: str
    answered: int
    said: str


class SlidingWish(TypedDict):
    """The convolution that a page wants."""

    number: int
    weights: SlidingTable
    stride: int
    padding: int


class SlidingRequest(TypedDict):
    """The changes that a page sends."""

    page_protocol: int
    wish: SlidingWish
