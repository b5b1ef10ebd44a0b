"""The stepper's messages, with the names of `frontend/src/views/stepper/protocol.ts`."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages import BufferIndex, GraphData

Phase = Literal["forward", "backward", "accumulate"]


class WireValue(TypedDict):
    """A tensor's values, or means of blocks of them: numbers float64[rows * columns]."""

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
    """What flows into an operation, or out of it."""

    node: str
    value: WireValue


class Formula(TypedDict):
    """An operation's formula, and the derivative for each of its inputs."""

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
    """A leaf of the graph, which may be edited."""

    node: str
    name: str
    editable: bool
    value: WireValue


class WalkMessage(TypedDict):
    """A walk through a graph."""

    type: Literal["walk"]
    request: int | None
    graph: GraphData
    reason: str | None
    why_not_editable: str | None
    first_not_finite: int | None
    first_zero: int | None
    leaves: list[WireLeaf]
    events: list[WireEvent]


class StepperRefusal(TypedDict):
    """A request that cannot be answered, and why."""

    type: Literal["refused"]
    request: int | None
    reason: str


StepperMessage = WalkMessage | StepperRefusal


class WalkRequest(TypedDict):
    """Asks for the walk."""

    type: Literal["walk"]
    protocol: int


class EditRequest(TypedDict):
    """Asks for a walk with another number in a leaf."""

    type: Literal["edit"]
    request: int
    leaf: str
    index: int
    value: float


class ResetRequest(TypedDict):
    """Asks for a walk without edits."""

    type: Literal["reset"]
    request: int


StepperRequest = WalkRequest | EditRequest | ResetRequest
