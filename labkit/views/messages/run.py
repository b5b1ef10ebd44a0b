"""The scalar state of a run, and its findings."""

from __future__ import annotations

from typing import Literal, TypedDict

RunStatus = Literal[
    "waiting", "running", "pausing", "paused", "finished", "stopped", "interrupted", "failed"
]


class Notice(TypedDict):
    """A message about labkit itself, for example that a part was switched off."""

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
    """A range of steps in which the graph had the same structure."""

    signature: str
    first: int
    last: int


class RunState(TypedDict):
    """The scalar facts of a run. Every snapshot and every frame contains all of them."""

    name: str
    status: RunStatus
    message: str | None
    step: int
    epoch: int | None
    steps_per_epoch: int | None
    total_steps: int | None
    steps_per_second: float | None
    elapsed: float
    remaining: float | None
    device: str
    process_memory: int | None
    device_memory: int | None
    cost: float
    getting_started: bool
    budget: float
    parameters: int
    trainable: int
    notices: list[Notice]
    structures: list[GraphSpan]
    pictures: int
    skipped: list[int]
