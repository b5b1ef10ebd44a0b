"""Statistics of tensors, and pictures of activations."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages.protocol import BufferIndex

PictureKind = Literal["maps", "kernels", "units", "states", "gates", "attention", "time_gradient"]

HistogramBins = Literal["magnitude", "even"]
"""Powers of two of the magnitude, or bins of equal width from the minimum to the maximum."""


class SentStatistics(TypedDict):
    """Statistics of a tensor: numbers float64[4], histogram edges and counts float64."""

    shape: list[int]
    dtype: str
    step: int | None
    sampled: int | None
    numbers: BufferIndex
    zeros: int | None
    not_finite: int | None
    edges: BufferIndex
    counts: BufferIndex


class RecordedNorm(TypedDict):
    """The newest recorded norm of a parameter or of its gradient; None if it is not finite."""

    kind: Literal["weight_norm", "grad_norm"]
    step: int
    value: float | None


class PictureSubject(TypedDict):
    """A module with pictures of one kind, and the steps of these pictures."""

    module: str
    kind: PictureKind
    steps: list[int]
    range: list[float] | None


InputForm = Literal["image", "lines", "table", "values", "tokens"]


class SentInput(TypedDict):
    """A sample of a model's input: values float32[panels * rows * columns]."""

    form: InputForm
    shape: list[int]
    whole: list[int]
    tokens: list[str]
    values: BufferIndex


class SentPicture(TypedDict):
    """A picture of activations: values float32[panels * rows * columns]."""

    module: str
    kind: PictureKind
    step: int
    shape: list[int]
    panels: list[str]
    rows: str
    columns: str
    silent: list[int]
    whole: list[int]
    values: BufferIndex
    given: SentInput | None
