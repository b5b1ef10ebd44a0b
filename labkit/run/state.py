"""The small facts of a run: what it is doing, how fast, and what labkit has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labkit.run.graph_parts import GraphSpan

Status = Literal[
    "waiting", "running", "pausing", "paused", "finished", "stopped", "interrupted", "failed"
]

FINAL_STATUSES: frozenset[Status] = frozenset({"finished", "stopped", "interrupted", "failed"})
"""Statuses after which nothing more is recorded."""


@dataclass(frozen=True)
class Notice:
    """Something labkit has to say about itself, for example a part that was switched off.

    Attributes
    ----------
    part : str
        The part of labkit that speaks, for example ``"graph"``.
    text : str
        One plain sentence.
    """

    part: str
    text: str


@dataclass(frozen=True)
class ModelFacts:
    """What is known of the models that train.

    Attributes
    ----------
    device : str
        Where their parameters are, for example ``"cpu"``.
    parameters, trainable : int
        Numbers of scalar parameters.
    """

    device: str = "unknown"
    parameters: int = 0
    trainable: int = 0


@dataclass(frozen=True)
class RunState:
    """A run's small facts at one moment. Names and units are those of the views' protocol.

    Attributes
    ----------
    step : int
        Completed optimizer steps.
    epoch : int or None
        Counted from 1, when known.
    steps_per_second : float or None
    elapsed, remaining : float
        Seconds since the watch began, and seconds left when the total is known.
    process_memory, device_memory : int or None
        Bytes.
    getting_started : bool
        Whether the cost is that of the first steps, in which costly readings come early.
    cost, budget : float
        Parts of the loop's time, 0 to 1: what watching took, and what it may take.
    parameters, trainable : int
        Numbers of scalar parameters.
    structures : tuple of GraphSpan
        The newest structures of the graph, with the steps over which they held.
    """

    name: str
    status: Status
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
    notices: tuple[Notice, ...]
    structures: tuple[GraphSpan, ...] = ()
    pictures: int = 0
    skipped: tuple[int, ...] = ()
