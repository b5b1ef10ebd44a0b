"""The synchronised state of the storage explorer."""

from __future__ import annotations

from typing import TypedDict

from labkit.views.messages.queries import AnsweringState, Query


class StorageRecipe(TypedDict):
    """How a tensor that shares the storage reads it."""

    name: str
    shape: list[int]
    stride: list[int]
    offset: int


class StorageReading(TypedDict):
    """What a shape, a stride and an offset read.

    `places` has the places in the storage, in the order of the elements. `said` describes it in a
    sentence or two.
    """

    shape: list[int]
    stride: list[int]
    offset: int
    places: list[int]
    said: str


class StorageState(AnsweringState):
    """The state that the kernel sends.

    `values` are the texts of what the storage holds, by place. `said` is a problem, or empty.
    """

    values: list[str]
    recipes: list[StorageRecipe]
    reading: StorageReading


class StorageQuery(Query):
    """A recipe as it was typed; `number` counts the queries of a page."""

    shape: str
    stride: str
    offset: str


class StorageAsked(TypedDict):
    """The changes that a page sends for another recipe, with the page's protocol version."""

    page_protocol: int
    query: StorageQuery
