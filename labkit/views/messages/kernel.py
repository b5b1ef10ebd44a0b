"""Messages from the kernel to the page."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from labkit.views.messages.graph import GraphData
from labkit.views.messages.page import AssetName
from labkit.views.messages.protocol import BufferIndex
from labkit.views.messages.run import Finding, FindingsHistory, Progress, RunState
from labkit.views.messages.samples import SampleSeries, SentSample
from labkit.views.messages.tables import TableRows, TableSnapshot
from labkit.views.messages.tuning import Tuning, TuningChanges
from labkit.views.messages.values import (
    HistogramBins,
    PictureSubject,
    RecordedNorm,
    SentPicture,
    SentStatistics,
)

MessageHandler = Literal["subshell", "step end", "background"]
"""What handled a message of a page while a loop ran.

A subshell, the loop itself at the end of a step, or the free main thread, as the loop runs in the
background.
"""


NotebookKind = Literal["jupyter", "marimo"]
"""What executes the notebook."""


class SnapshotMessage(TypedDict):
    """The complete state of a run, except the tables in `pending`, which follow in frames.

    `acknowledged` is the highest number that a page has acknowledged; None if none. `handler`
    handled the newest message of a page that was handled while a loop ran; None if none was.
    `exported` is when the page that contains the message was exported, in s since 1970; None if the
    message was sent.
    """

    type: Literal["snapshot"]
    seq: int
    acknowledged: int | None
    handler: MessageHandler | None
    run: RunState
    progress: Progress
    tables: list[TableSnapshot]
    graph: GraphData | None
    findings: list[Finding]
    history: FindingsHistory
    frozen: list[str]
    configuration: dict[str, str]
    tuning: Tuning
    samples: list[SampleSeries]
    course: str | None
    notebook: NotebookKind
    pending: list[str]
    exported: float | None


class FrameMessage(TypedDict):
    """What changed since the previous snapshot or frame.

    `run` has the fields of `RunState` that have changed. `tables` are new rows. `snapshots` are
    complete tables that replace those of the page. `samples` are those series of samples that
    changed. `draws_all` is whether all views draw the frame, or only the status and the curves.
    `awaited` is whether the page acknowledges it at once, as the kernel waits for that.
    """

    type: Literal["frame"]
    seq: int
    acknowledged: int | None
    draws_all: bool
    awaited: bool
    handler: MessageHandler | None
    run: dict[str, Any]
    tables: list[TableRows]
    snapshots: NotRequired[list[TableSnapshot]]
    graph: NotRequired[GraphData]
    findings: NotRequired[list[Finding]]
    history: NotRequired[FindingsHistory]
    frozen: NotRequired[list[str]]
    configuration: NotRequired[dict[str, str]]
    tuning: NotRequired[TuningChanges]
    samples: NotRequired[list[SampleSeries]]


class GraphMessage(TypedDict):
    """The graph with a signature; None if it is not stored any more."""

    type: Literal["graph"]
    signature: str
    graph: GraphData | None


class InspectionMessage(TypedDict):
    """Statistics of a tensor and of its gradient; None where they are not available."""

    type: Literal["inspection"]
    request: int
    value: SentStatistics | None
    gradient: SentStatistics | None
    norms: list[RecordedNorm]
    reason: str | None


class SubjectsMessage(TypedDict):
    """The modules with pictures of activations.

    `request` is None without a request, where requests wait for the end of the cell; so it is in
    the next three.
    """

    type: Literal["subjects"]
    request: int | None
    subjects: list[PictureSubject]


class HistogramsMessage(TypedDict):
    """Gradient histograms: steps float64[names], edges float64[names * 41], counts float32.

    `counts` has 40 values per name.
    """

    type: Literal["histograms"]
    request: int | None
    names: list[str]
    bins: HistogramBins
    steps: BufferIndex
    edges: BufferIndex
    counts: BufferIndex


class PictureMessage(TypedDict):
    """A picture of activations; None if there is none."""

    type: Literal["picture"]
    request: int | None
    picture: SentPicture | None


class SampleMessage(TypedDict):
    """A logged image, text or figure; None if there is none."""

    type: Literal["sample"]
    request: int | None
    sample: SentSample | None


class AssetMessage(TypedDict):
    """A script of the frontend, compressed with gzip, in one buffer."""

    type: Literal["asset"]
    name: AssetName


class PagePartMessage(TypedDict):
    """A part of an HTML page that is compressed with gzip, in one buffer; parts come in order."""

    type: Literal["page"]
    request: int
    index: int
    count: int


class AcknowledgedMessage(TypedDict):
    """The reply to a `ControlRequest`, an `IgnoreRequest`, or a request of a change or a page."""

    type: Literal["acknowledged"]
    request: int


class RefusedMessage(TypedDict):
    """The reply to a request that cannot be fulfilled, with the reason.

    `subject` is the graph, tensor or script that was requested; of a `hello`, the page's version.
    """

    type: Literal["refused"]
    reason: str
    request: int | None
    question: str | None
    subject: str | None


class FragmentMessage(TypedDict):
    """Part `index` of `count` of an encoded message, in one buffer (`labkit.views.fragments`)."""

    type: Literal["fragment"]
    message: int
    index: int
    count: int


KernelMessage = (
    SnapshotMessage
    | FrameMessage
    | GraphMessage
    | InspectionMessage
    | SubjectsMessage
    | HistogramsMessage
    | PictureMessage
    | SampleMessage
    | AssetMessage
    | PagePartMessage
    | AcknowledgedMessage
    | RefusedMessage
    | FragmentMessage
)
