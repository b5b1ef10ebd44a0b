"""Logged images, texts and figures."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages.protocol import BufferIndex

SampleKind = Literal["image", "text", "plotly"]
"""A PNG file, a text in UTF-8, or the JSON of a plotly figure."""


class SampleSeries(TypedDict):
    """What is stored under one name: the steps, and the kind of the newest sample.

    `logged` is the number of samples that were logged under the name; it changes with each. `steps`
    is empty if none is stored any more.
    """

    name: str
    kind: SampleKind
    steps: list[int]
    logged: int


class SentSample(TypedDict):
    """A sample; `width` and `height` are those of an image in pixels, 0 for other kinds."""

    name: str
    step: int
    kind: SampleKind
    description: str
    width: int
    height: int
    content: BufferIndex
