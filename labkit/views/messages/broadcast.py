"""The synchronised state of the broadcasting explorer."""

from __future__ import annotations

from typing import TypedDict

from labkit.views.messages.queries import AnsweringState, Query


class BroadcastPair(TypedDict):
    """Two tensors by name, their shapes, and the name of the button that shows them."""

    name: str
    names: list[str]
    shapes: list[list[int]]


class BroadcastReading(TypedDict):
    """What PyTorch does with two tensors of these shapes.

    `result` is the shape of the result and `strides` are those of both tensors, stretched to it;
    where the shapes clash, both are empty, `error` is PyTorch's message and `clash` the dimension
    that it names (-1 otherwise). `said` describes it in a sentence or two, `element` says where an
    element of the result comes from.
    """

    names: list[str]
    shapes: list[list[int]]
    result: list[int]
    strides: list[list[int]]
    error: str
    clash: int
    element: str
    said: str


class BroadcastState(AnsweringState):
    """The state that the kernel sends.

    `said` says why the shapes that were asked for cannot be tried; it is empty otherwise.
    """

    pairs: list[BroadcastPair]
    reading: BroadcastReading


class BroadcastQuery(Query):
    """Two shapes as they were typed, for the names of a pair."""

    pair: int
    shapes: list[str]


class BroadcastAsked(TypedDict):
    """The changes that a page sends for other shapes, with the page's protocol version."""

    page_protocol: int
    query: BroadcastQuery
