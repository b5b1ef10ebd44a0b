"""Messages from the page to the kernel."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages.tuning import Quantity, Schedule
from labkit.views.messages.values import HistogramBins, PictureKind

AssetName = Literal["labkit.js", "plotly.js", "layout.js"]
ControlAction = Literal["pause", "resume", "step", "stop"]


class HelloMessage(TypedDict):
    """Requests a snapshot.

    `again` is whether the page needs one though the kernel has sent it one, as in `AssetRequest`.
    """

    type: Literal["hello"]
    protocol: int
    again: bool


class AssetRequest(TypedDict):
    """Requests a script of the frontend."""

    type: Literal["asset"]
    name: AssetName
    again: bool


class TextRequest(TypedDict):
    """Requests that buffers be sent as text, as none arrive (`labkit.views.text_buffers`)."""

    type: Literal["text"]


class ReceivedMessage(TypedDict):
    """Acknowledges a snapshot or a frame, about once a second.

    `drawing` is the time in ms that drawing a frame takes of the page's main thread, `local`
    whether the page's address is that of the machine of the kernel, `in_sight` whether any view is
    in sight, and `in_place` whether views stay open when the output that shows them is updated.
    """

    type: Literal["received"]
    seq: int
    drawing: float
    local: bool
    in_sight: bool
    in_place: bool


class GraphRequest(TypedDict):
    """Requests the graph with a signature."""

    type: Literal["graph"]
    signature: str


class InspectRequest(TypedDict):
    """Requests statistics of a parameter, by its name, or of a node, by its id."""

    type: Literal["inspect"]
    name: str
    request: int


class SubjectsRequest(TypedDict):
    """Requests the list of modules with pictures of activations."""

    type: Literal["subjects"]
    request: int


class HistogramsRequest(TypedDict):
    """Requests gradient histograms: the newest up to a step, or the newest of all for None."""

    type: Literal["histograms"]
    request: int
    names: list[str]
    bins: HistogramBins
    step: int | None


class PictureRequest(TypedDict):
    """Requests a picture: the newest up to a step, or the newest of all for None."""

    type: Literal["picture"]
    request: int
    module: str
    kind: PictureKind
    step: int | None


class SampleRequest(TypedDict):
    """Requests a sample: the newest up to a step, or the newest of all for None."""

    type: Literal["sample"]
    request: int
    name: str
    step: int | None


class ControlRequest(TypedDict):
    """Requests that the training loop is paused, resumed, stepped or stopped."""

    type: Literal["control"]
    action: ControlAction
    request: int


class PaceRequest(TypedDict):
    """Requests a pace in steps per second, from 1 to 1,000; None for full speed."""

    type: Literal["pace"]
    pace: float | None
    request: int


class IgnoreRequest(TypedDict):
    """Requests that the findings of a rule are silenced in this run, or reported again."""

    type: Literal["ignore"]
    rule: str
    ignored: bool
    request: int


class ExportRequest(TypedDict):
    """Requests the run as an HTML page."""

    type: Literal["export"]
    request: int


class AdjustRequest(TypedDict):
    """Requests another value of a hyperparameter; of betas, `value` has two numbers."""

    type: Literal["adjust"]
    group: str
    quantity: Quantity
    value: list[float]
    schedule: Schedule
    request: int


class FreezeRequest(TypedDict):
    """Requests that a module is frozen or thawed."""

    type: Literal["freeze"]
    module: str
    frozen: bool
    request: int


class BudgetRequest(TypedDict):
    """Requests another part of the loop's time for watching, 0 to 1."""

    type: Literal["budget"]
    budget: float
    request: int


class UndoRequest(TypedDict):
    """Requests that a change is taken back, by the id of its event."""

    type: Literal["undo"]
    event: int
    request: int


PageMessage = (
    HelloMessage
    | AssetRequest
    | TextRequest
    | ReceivedMessage
    | GraphRequest
    | InspectRequest
    | SubjectsRequest
    | HistogramsRequest
    | PictureRequest
    | SampleRequest
    | ControlRequest
    | PaceRequest
    | IgnoreRequest
    | ExportRequest
    | AdjustRequest
    | FreezeRequest
    | BudgetRequest
    | UndoRequest
)
