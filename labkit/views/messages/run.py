"""The scalar state of a run, and its findings."""

from __future__ import annotations

from typing import Literal, TypedDict

RunStatus = Literal[
    "waiting",
    "running",
    "pausing",
    "paused",
    "idle",
    "finished",
    "stopped",
    "interrupted",
    "failed",
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
    certainty: Literal["certain", "likely", "possible"]


class PastFinding(TypedDict):
    """A finding that has gone.

    `steps` are those at which the problem was detected, and `step` and `ended_step` the numbers of
    completed steps when the finding came and went.
    """

    id: int
    rule: str
    severity: Literal["error", "warning", "hint"]
    message: str
    steps: list[int]
    step: int
    ended_step: int
    reason: str


class SilencedRule(TypedDict):
    """A rule that the user has silenced, with its newest finding, if there is one."""

    rule: str
    severity: Literal["error", "warning", "hint"] | None
    message: str | None
    holds: bool


class FindingsHistory(TypedDict):
    """What a run's findings were before, the newest first, and which rules are silenced.

    `rules` is the number of rules that are evaluated, and `dropped` that of the findings that are
    not stored any more.
    """

    rules: int
    silenced: list[SilencedRule]
    past: list[PastFinding]
    dropped: int


class GraphSpan(TypedDict):
    """A range of steps in which the graph had the same structure."""

    signature: str
    first: int
    last: int
    title: str


class EpochStart(TypedDict):
    """The begin of the newest epoch: its number, counted from 1, and the steps before it.

    `steps` is the estimated number of its steps; None if unknown. `logged_from` is where the epochs
    that the user logs begin, as a step and the completed epochs; None if there are none.
    """

    number: float
    step: int
    steps: int | None
    logged_from: tuple[int, float] | None


class Knots(TypedDict):
    """A value that rises with the steps, at some steps; a step may occur twice."""

    steps: list[int]
    values: list[float]


class Progress(TypedDict):
    """The completed epochs where epochs began or were logged, and the seconds since the start."""

    epochs: Knots
    seconds: Knots


class RunState(TypedDict):
    """The scalar facts of a run: all of them in a snapshot, those that have changed in a frame."""

    name: str
    status: RunStatus
    message: str | None
    step: int
    epoch: int | None
    steps_per_epoch: int | None
    epoch_start: EpochStart | None
    total_steps: int | None
    length_source: str | None
    may_end_early: bool
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
    pace: float | None
    read_from: str | None
