"""Messages between the playground's widget and its page."""

from __future__ import annotations

from typing import Literal, TypedDict

from labkit.views.messages.page import TextRequest
from labkit.views.messages.protocol import BufferIndex

Playing = Literal["playing", "waiting", "paused"]
"""Whether the network trains; "waiting" while no page shows the playground."""


class PlaygroundSettings(TypedDict):
    """The settings, named as the arguments of `labkit.playground`."""

    data: str
    noise: float
    split: float
    batch_size: int
    features: list[str]
    hidden: list[int]
    activation: str
    loss: str
    optimizer: str
    lr: float
    regularisation: str
    penalty: float
    seed: int


class PlaygroundLayer(TypedDict):
    """A column of units after the inputs: a linear layer, or outputs computed in another way.

    `units` and `inputs` are how many are drawn of `all_units` and `all_inputs`; `source` is the
    column whose units are its inputs, 0 for those of the network, null if that is not known; `note`
    is what is not drawn, as sentences.
    """

    name: str
    units: int
    all_units: int
    inputs: int
    all_inputs: int
    source: int | None
    note: str


class PlaygroundSetup(TypedDict):
    """All that changes only when the training begins again.

    `outputs` is one, or the number of classes; `class_names` is empty for values. Buffers:
    `points` float32[n * 3] with x1, x2 and the target, those for training first; `previews` the
    same of equally many points of each data set that can be chosen, none for own data;
    `feature_maps` uint8 and `feature_scales` float32 of all features; `history` float64[k * 3] with
    step, training loss and test loss.
    """

    type: Literal["setup"]
    protocol: int
    settings: PlaygroundSettings
    regression: bool
    outputs: int
    own_data: bool
    class_names: list[str]
    own_model: str | None
    why_not_drawn: str | None
    parameters: int
    layers: list[PlaygroundLayer]
    inputs: list[str]
    steps_per_epoch: int
    train_points: int
    plane: list[float]
    y_range: list[float]
    points: BufferIndex
    previews: BufferIndex
    feature_maps: BufferIndex
    feature_scales: BufferIndex
    history: BufferIndex


class PlaygroundFrame(TypedDict):
    """The state of the network after a step.

    `answer` is whether the page has to acknowledge the frame when it has drawn it. Buffers:
    `losses` float64[2], of all training and of all test points; `weights` float32, of each layer
    the matrix and the biases; `unit_maps` uint8, square, and `unit_scales` float32 of all hidden
    units, and of the outputs if there are several; `output_map` uint8; `misclassified` a bit for
    each point, in the order of the setup's, none for values.
    """

    type: Literal["frame"]
    number: int
    answer: bool
    playing: Playing
    speed: str
    step: int
    error: str | None
    losses: BufferIndex
    weights: BufferIndex
    unit_maps: BufferIndex
    unit_scales: BufferIndex
    output_map: BufferIndex
    misclassified: BufferIndex


class PlaygroundCode(TypedDict):
    """The network as plain PyTorch, and the call that opens a playground with its settings."""

    type: Literal["code"]
    text: str
    call: str


class PlaygroundRefusal(TypedDict):
    """The reply to a request that cannot be fulfilled, with the reason."""

    type: Literal["refused"]
    reason: str


PlaygroundMessage = PlaygroundSetup | PlaygroundFrame | PlaygroundCode | PlaygroundRefusal


class PlaygroundHello(TypedDict):
    """Requests the setup and a frame, for a page that has begun to show the playground.

    `in_place` is whether views stay open when the output that shows them is updated.
    """

    type: Literal["hello"]
    protocol: int
    page: str
    in_place: bool


class PlaygroundSight(TypedDict):
    """Reports whether the playground is in sight; repeated while it is.

    `number` is that of the last frame that was drawn.
    """

    type: Literal["sight"]
    page: str
    visible: bool
    number: int


class PlaygroundPlay(TypedDict):
    """Requests to play, or to pause."""

    type: Literal["play"]
    playing: bool


class PlaygroundReset(TypedDict):
    """Requests to begin again, with the initial weights."""

    type: Literal["reset"]


class PlaygroundSteps(TypedDict):
    """Requests one step, or the steps up to the end of the epoch."""

    type: Literal["step"]
    of: Literal["step", "epoch"]


class PlaygroundSpeed(TypedDict):
    """Sets how many steps are taken for each frame."""

    type: Literal["speed"]
    speed: str


class PlaygroundChange(TypedDict):
    """Changes settings; only those that differ."""

    type: Literal["change"]
    settings: dict[str, object]


class PlaygroundWeight(TypedDict):
    """Sets a weight of a layer; `source` is the unit or input before, null for the bias."""

    type: Literal["weight"]
    layer: int
    unit: int
    source: int | None
    value: float


class PlaygroundCodeRequest(TypedDict):
    """Requests the network as plain PyTorch."""

    type: Literal["code"]


PlaygroundRequest = (
    PlaygroundHello
    | PlaygroundSight
    | PlaygroundPlay
    | PlaygroundReset
    | PlaygroundSteps
    | PlaygroundSpeed
    | PlaygroundChange
    | PlaygroundWeight
    | PlaygroundCodeRequest
    | TextRequest
)
