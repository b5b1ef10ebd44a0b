"""Messages between the stepper's widget and its page."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages.graph import GraphData
from labkit.views.messages.kernel import FragmentMessage
from labkit.views.messages.page import TextRequest
from labkit.views.messages.protocol import BufferIndex

Phase = Literal["forward", "backward", "accumulate"]


class WireValue(TypedDict):
    """The elements of a tensor, or the means of blocks: numbers float64[rows * columns]."""

    shape: list[int]
    dtype: str
    whole: bool
    rows: int
    columns: int
    numbers: BufferIndex | None
    stats: BufferIndex | None
    zeros: int
    not_finite: int
    reason: str | None


class WireFlow(TypedDict):
    """A tensor that a node receives or produces."""

    node: str
    value: WireValue
    output: int


class Formula(TypedDict):
    """The formula of an operation, and its derivative for each input."""

    forward: str
    backward: list[list[str]]
    source: str


class WireEvent(TypedDict):
    """One step of a walk."""

    phase: Phase
    node: str
    words: str
    inputs: list[WireFlow]
    outputs: list[WireFlow]
    formula: Formula | None
    before: WireValue | None
    after: WireValue | None


class WireLeaf(TypedDict):
    """A leaf of the graph, and whether its elements can be edited."""

    node: str
    name: str
    editable: bool
    value: WireValue


class WalkMessage(TypedDict):
    """A walk through a graph, forward and backward."""

    type: Literal["walk"]
    protocol: int
    request: int | None
    graph: GraphData
    reason: str | None
    why_not_editable: str | None
    first_not_finite: int | None
    first_zero: int | None
    leaves: list[WireLeaf]
    events: list[WireEvent]


class StepperRefusal(TypedDict):
    """The reply to a request that cannot be fulfilled, with the reason."""

    type: Literal["refused"]
    request: int | None
    reason: str


StepperMessage = WalkMessage | StepperRefusal | FragmentMessage


class WalkRequest(TypedDict):
    """Requests the walk; `again` is as in `HelloMessage`."""

    type: Literal["walk"]
    protocol: int
    again: bool


class EditRequest(TypedDict):
    """Requests a walk with another value in one element of a leaf."""

    type: Literal["edit"]
    request: int
    leaf: str
    index: int
    value: float


class ResetRequest(TypedDict):
    """Requests a walk without edits."""

    type: Literal["reset"]
    request: int


StepperRequest = WalkRequest | EditRequest | ResetRequest | TextRequest
