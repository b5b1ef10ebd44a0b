"""What an exported page contains of a run: requests of a page, and the kernel's replies."""

from __future__ import annotations

from typing import TypedDict

from labkit.views.messages.kernel import (
    GraphMessage,
    HistogramsMessage,
    InspectionMessage,
    PictureMessage,
    SampleMessage,
    SnapshotMessage,
    SubjectsMessage,
)
from labkit.views.messages.page import (
    GraphRequest,
    HelloMessage,
    HistogramsRequest,
    InspectRequest,
    PictureRequest,
    SampleRequest,
    SubjectsRequest,
)
from labkit.views.messages.widgets import ViewName

Question = (
    HelloMessage
    | GraphRequest
    | InspectRequest
    | SubjectsRequest
    | HistogramsRequest
    | PictureRequest
    | SampleRequest
)
Reply = (
    SnapshotMessage
    | GraphMessage
    | InspectionMessage
    | SubjectsMessage
    | HistogramsMessage
    | PictureMessage
    | SampleMessage
)


class ExportedRecord(TypedDict):
    """A request and the reply to it; the numbers of both are 0."""

    question: Question
    reply: Reply


class ExportedRun(TypedDict):
    """A run of an exported page. `name` is its name in a comparison."""

    run_id: str
    name: str


class ExportedPage(TypedDict):
    """What an exported page shows."""

    protocol: int
    view: ViewName
    runs: list[ExportedRun]
