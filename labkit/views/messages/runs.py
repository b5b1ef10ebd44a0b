"""Messages between the widget of a folder of runs and its page."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages.kernel import FragmentMessage
from labkit.views.messages.page import TextRequest
from labkit.views.messages.protocol import BufferIndex
from labkit.views.messages.run import RunStatus


class RunRow(TypedDict):
    """A run of the table; `key` is the path of its file in the folder.

    `error` says why its file cannot be read; then `status` and the numbers are None. `findings` is
    their number, and `finding` the first one. `results` are the names of its losses and metrics,
    and `points` the number of points of the outline of its loss.
    """

    key: str
    name: str
    error: str | None
    status: RunStatus | None
    message: str | None
    steps: int | None
    started: float | None
    duration: float | None
    note: str
    findings: int
    finding: str
    configuration: dict[str, str]
    results: list[str]
    points: int


class RowsOfRuns(TypedDict):
    """Rows, with their numbers one row after the other.

    `numbers` is float64: the last, the lowest and the highest value of each result. `outlines` is
    float32: the steps of each outline from 0 to 1, then its values.
    """

    rows: list[RunRow]
    numbers: BufferIndex
    outlines: BufferIndex


class RunsMessage(TypedDict):
    """All runs of a folder. `problem` says why not all are listed, or why it is not followed."""

    type: Literal["runs"]
    protocol: int
    folder: str
    problem: str | None
    content: RowsOfRuns


class RunRowsMessage(TypedDict):
    """The rows that are new or have changed, and the keys of those that are gone."""

    type: Literal["run-rows"]
    problem: str | None
    removed: list[str]
    content: RowsOfRuns


class ComparedMessage(TypedDict):
    """The channels of the runs that are compared; none after the comparison was closed.

    `request` is None for a page that was loaded after the comparison was made.
    """

    type: Literal["compared"]
    request: int | None
    keys: list[str]
    names: list[str]
    channels: list[str]


class RunsRefusal(TypedDict):
    """The reply to a request that cannot be fulfilled, with the reason."""

    type: Literal["refused"]
    request: int | None
    reason: str


RunsKernelMessage = RunsMessage | RunRowsMessage | ComparedMessage | RunsRefusal | FragmentMessage


class RunsRequest(TypedDict):
    """Requests all rows; `again` is as in `HelloMessage`."""

    type: Literal["runs"]
    protocol: int
    again: bool


class CompareRequest(TypedDict):
    """Requests a comparison of some runs, by their keys; none closes the comparison."""

    type: Literal["compare"]
    request: int
    keys: list[str]


RunsPageMessage = RunsRequest | CompareRequest | TextRequest
