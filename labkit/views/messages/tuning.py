"""What a person can change in a run's training, and what was changed."""

from __future__ import annotations

from typing import Literal, TypedDict

Quantity = Literal["lr", "momentum", "betas", "weight_decay"]
Schedule = Literal["scale", "hold"]


class GroupValue(TypedDict):
    """A hyperparameter of a parameter group.

    `used` is what the next step uses, of betas two numbers; `own` what the optimizer's group
    contains. `varies` is whether the optimizer's own value has changed by itself.
    """

    quantity: Quantity
    used: list[float]
    own: list[float]
    varies: bool


class GroupFacts(TypedDict):
    """A parameter group; `reason` is why its values cannot be changed."""

    name: str
    parameters: int
    values: list[GroupValue]
    reason: str | None


class ModuleFacts(TypedDict):
    """A module with its number of scalar parameters.

    `frozen` is the number of those that require no gradient, `frozen_here` of those of them that
    labkit has frozen. `type` is the name of its class.
    """

    path: str
    type: str
    parameters: int
    frozen: int
    frozen_here: int


class RunEvent(TypedDict):
    """A change that a person made, and the step after which it was taken back."""

    id: int
    step: int
    kind: Literal["lr", "momentum", "betas", "weight_decay", "freeze", "thaw", "budget"]
    where: str
    text: str
    taken_back: int | None


class Tuning(TypedDict):
    """All parameter groups and modules, up to a limit, and the newest events, oldest first."""

    groups: list[GroupFacts]
    modules: list[ModuleFacts]
    events: list[RunEvent]


class TuningChanges(TypedDict, total=False):
    """Those parts of `Tuning` that have changed."""

    groups: list[GroupFacts]
    modules: list[ModuleFacts]
    events: list[RunEvent]
