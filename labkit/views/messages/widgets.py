"""The synchronised state of the channel's widget and of the views' widgets."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

ViewName = Literal[
    "dashboard",
    "curves",
    "gradients",
    "activations",
    "samples",
    "graph",
    "layers",
    "controls",
    "findings",
    "comparison",
    "runs",
    "stepper",
]


DashboardForm = Literal["whole", "compact"]
"""All cards, or one line and the curve of the loss."""


class ChannelState(TypedDict):
    """The state of a run's channel. The page checks `protocol` before it sends a message."""

    protocol: int
    run_id: str


class ViewState(TypedDict):
    """The state of a view. `channel` is the model id of the channel, after "IPY_MODEL_".

    Dashboards have a `form`; None for the form that was last used in the browser.

    A comparison has the channels and the names of several runs; `channel` is the first of them.
    """

    view: ViewName
    channel: str | None
    form: NotRequired[DashboardForm | None]
    channels: NotRequired[list[str]]
    names: NotRequired[list[str]]
