"""The messages between the kernel and the page, with the names of `frontend/src/protocol.ts`.

Numbers that can be NaN or infinite travel in binary buffers, little endian; a `BufferIndex` is the
place of a buffer in its message's list. The stepper's messages have the names of
`frontend/src/views/stepper/protocol.ts`. One fixture of each message is read by the tests of both
sides (`tests/widgets/fixtures.py`).
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

BufferIndex = int
AssetName = Literal["labkit.js", "plotly.js", "layout.js"]
ControlAction = Literal["pause", "resume", "step", "stop"]
RunStatus = Literal[
    "waiting", "running", "pausing", "paused", "finished", "stopped", "interrupted", "failed"
]
PictureKind = Literal["maps", "kernels", "units", "states", "gates", "attention", "time_gradient"]


class Notice(TypedDict):
    """A message of labkit about itself."""

    part: str
    text: str


class Finding(TypedDict):
    """A problem of the run, with its evidence."""

    rule: str
    severity: Literal["error", "warning", "hint"]
    message: str
    where: list[str]
    steps: list[int]
    cause: str
    advice: list[str]
    series: list[str]
    node: str | None
    line: str | None
    chapter: str | None


class GraphSpan(TypedDict):
    """Steps over which the graph had one structure."""

    signature: str
    first: int
    last: int


class RunState(TypedDict):
    """The run's scalar facts; sent whole with every frame."""

    name: str
    status: RunStatus
    message: str | None
    step: int
    epoch: int | None
    steps_per_epoch: int | None
    total_steps: int | None
    steps_per_second: float | None
    elapsed: float | None
    remaining: float | None
    device: str
    process_memory: int | None
    device_memory: int | None
    cost: float | None
    getting_started: bool
    budget: float
    parameters: int
    trainable: int
    notices: list[Notice]
    structures: list[GraphSpan]
    pictures: int
    skipped: list[int]


class TableRows(TypedDict):
    """New rows of one table: steps float64[rows], values float32[rows * columns], row major."""

    id: str
    kind: str
    names: list[str] | None
    columns: int
    rows: int
    steps: BufferIndex
    values: BufferIndex


class TableSnapshot(TableRows):
    """A whole table: folded rows in buckets of `stride` samples, and the newest rows whole."""

    stride: int
    buckets: int
    first: BufferIndex
    low: BufferIndex
    low_at: BufferIndex
    high: BufferIndex
    high_at: BufferIndex
    tail_limit: int
    bucket_limit: int


class Source(TypedDict):
    """A line of the user's own code."""

    file: str
    line: int


class GraphNode(TypedDict):
    """One node of a graph."""

    id: str
    kind: Literal["op", "parameter", "input", "output", "cut"]
    op: str
    scope: str
    shape: list[int] | None
    dtype: str | None
    device: str | None
    saved_bytes: int | None
    parameters: list[str]
    source: Source | None
    note: str | None
    backward: str | None


class GraphEdge(TypedDict):
    """A tensor that flows from one node to the next in the forward direction."""

    source: str
    target: str
    shape: list[int] | None
    dtype: str | None


class ModuleCall(TypedDict):
    """One call of one module."""

    id: str
    path: str
    call: int
    type: str
    parent: str | None
    parameters: int
    source: Source | None
    seconds: float | None


class GraphData(TypedDict):
    """A computation graph."""

    version: int
    signature: str
    step: int | None
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    modules: list[ModuleCall]
    reason: str | None


class SentStatistics(TypedDict):
    """Statistics of a tensor's values: numbers float64[4], edges and counts of a histogram."""

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
    """The newest recorded norm of a parameter or of its gradient; None where it is not finite."""

    kind: Literal["weight_norm", "grad_norm"]
    step: int
    value: float | None


class PictureSubject(TypedDict):
    """A module of which there are pictures."""

    module: str
    kind: PictureKind
    steps: list[int]
    range: list[float] | None


class SentPicture(TypedDict):
    """A picture: values float32[panels * rows * columns]."""

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


# ── kernel to page ───────────────────────────────────────────────────────────


class SnapshotMessage(TypedDict):
    """All that a page needs to show a run from its beginning."""

    type: Literal["snapshot"]
    seq: int
    run: RunState
    tables: list[TableSnapshot]
    graph: GraphData | None
    findings: list[Finding]
    course: str | None


class FrameMessage(TypedDict):
    """What is new since the message before."""

    type: Literal["frame"]
    seq: int
    run: RunState
    tables: list[TableRows]
    graph: NotRequired[GraphData]
    findings: NotRequired[list[Finding]]


class GraphMessage(TypedDict):
    """An earlier structure; None when it is no longer stored."""

    type: Literal["graph"]
    signature: str
    graph: GraphData | None


class InspectionMessage(TypedDict):
    """Statistics of values and of their gradient; None where not known."""

    type: Literal["inspection"]
    request: int
    value: SentStatistics | None
    gradient: SentStatistics | None
    norms: list[RecordedNorm]
    reason: str | None


class SubjectsMessage(TypedDict):
    """The modules of which there are pictures."""

    type: Literal["subjects"]
    request: int
    subjects: list[PictureSubject]


class HistogramsMessage(TypedDict):
    """Histograms of gradients: steps float64[names], edges float64, counts float32 for each."""

    type: Literal["histograms"]
    request: int
    names: list[str]
    steps: BufferIndex
    edges: BufferIndex
    counts: BufferIndex


class PictureMessage(TypedDict):
    """One picture; None where there is none."""

    type: Literal["picture"]
    request: int
    picture: SentPicture | None


class AssetMessage(TypedDict):
    """A script, in one buffer, compressed with gzip."""

    type: Literal["asset"]
    name: AssetName


class AcknowledgedMessage(TypedDict):
    """The answer to a control."""

    type: Literal["acknowledged"]
    request: int


class RefusedMessage(TypedDict):
    """A request that cannot be answered, and why."""

    type: Literal["refused"]
    reason: str
    request: int | None
    question: str | None
    subject: str | None


KernelMessage = (
    SnapshotMessage
    | FrameMessage
    | GraphMessage
    | InspectionMessage
    | SubjectsMessage
    | HistogramsMessage
    | PictureMessage
    | AssetMessage
    | AcknowledgedMessage
    | RefusedMessage
)

# ── page to kernel ───────────────────────────────────────────────────────────


class HelloMessage(TypedDict):
    """Asks for a snapshot."""

    type: Literal["hello"]
    protocol: int


class AssetRequest(TypedDict):
    """Asks for a script."""

    type: Literal["asset"]
    name: AssetName


class ReceivedMessage(TypedDict):
    """Acknowledges a frame."""

    type: Literal["received"]
    seq: int


class GraphRequest(TypedDict):
    """Asks for an earlier structure."""

    type: Literal["graph"]
    signature: str


class InspectRequest(TypedDict):
    """Asks for values."""

    type: Literal["inspect"]
    name: str
    request: int


class SubjectsRequest(TypedDict):
    """Asks which modules there are pictures of."""

    type: Literal["subjects"]
    request: int


class HistogramsRequest(TypedDict):
    """Asks for histograms, the newest not after a step."""

    type: Literal["histograms"]
    request: int
    names: list[str]
    bins: Literal["magnitude", "even"]
    step: int | None


class PictureRequest(TypedDict):
    """Asks for a picture, the newest not after a step."""

    type: Literal["picture"]
    request: int
    module: str
    kind: PictureKind
    step: int | None


class ControlRequest(TypedDict):
    """Asks to pause, resume, step or stop the loop."""

    type: Literal["control"]
    action: ControlAction
    request: int


PageMessage = (
    HelloMessage
    | AssetRequest
    | ReceivedMessage
    | GraphRequest
    | InspectRequest
    | SubjectsRequest
    | HistogramsRequest
    | PictureRequest
    | ControlRequest
)
