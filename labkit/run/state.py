"""The state of a run: its status, progress, speed and notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labkit.run.graph.parts import GraphSpan
from labkit.run.step_knots import Knot

Status = Literal[
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

FINAL_STATUSES: frozenset[Status] = frozenset({"finished", "stopped", "interrupted", "failed"})
"""The statuses of an ended run."""


@dataclass(frozen=True)
class Notice:
    """A message about labkit itself, for example that a part was switched off after an error.

    Attributes
    ----------
    part : str
        The part of labkit concerned, for example ``"graph"``.
    text : str
        One sentence.
    """

    part: str
    text: str


@dataclass(frozen=True)
class ModelFacts:
    """Properties of the watched models.

    Attributes
    ----------
    device : str
        Device of the parameters, for example ``"cpu"``; ``"unknown"`` by default.
    parameters : int
        Number of scalar parameters.
    trainable : int
        Number of scalar parameters that require a gradient.
    frozen : tuple of str
        Names of the parameters that require no gradient, as of the newest reading of norms.
    """

    device: str = "unknown"
    parameters: int = 0
    trainable: int = 0
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True)
class EpochStart:
    """The begin of the newest epoch.

    Attributes
    ----------
    number : float
        Number of the epoch, counted from 1; one more than the completed epochs.
    step : int
        Number of steps completed before it.
    steps : int or None
        Estimated number of its optimizer steps; None if the number of batches is unknown.
    logged_from : Knot or None
        Where the epochs that the user logs begin, as a step and the completed epochs; None if
        epochs are counted from the loader.
    """

    number: float
    step: int
    steps: int | None
    logged_from: Knot | None = None


@dataclass(frozen=True)
class RunState:
    """The state of a run at one moment. Names and units are those of the views' protocol.

    Attributes
    ----------
    name : str
        Name of the run.
    status : str
        One of `Status`.
    message : str or None
        Why the run was interrupted or failed; None otherwise.
    step : int
        Number of completed optimizer steps.
    epoch : int or None
        The current epoch, counted from 1; None if unknown.
    steps_per_epoch : int or None
        Number of batches per epoch; None if unknown.
    epoch_start : EpochStart or None
        The begin of the newest iteration over the training loader; None before the first one.
    total_steps : int or None
        The number of steps that the run is to have; None if unknown.
    length_source : str or None
        What the number of steps and the remaining time are read from, for example
        ``"for epoch in range(10) (train.py:12)"``; None if neither is known.
    may_end_early : bool
        Whether the run may have fewer steps, because the loop has a ``break`` for example.
    steps_per_second : float or None
        None before the first steps.
    elapsed : float
        Time since the run was created, in s; until its end if it has ended.
    remaining : float or None
        Estimated time until the last of the steps, in s; None if it is unknown.
    device : str
        Device of the parameters, for example ``"cpu"``.
    process_memory : int or None
        Resident memory of the process, in bytes; None if unknown.
    device_memory : int or None
        Memory in use on the device, in bytes; None if unknown.
    cost : float
        Share of the loop's time that watching took, usually 0 to 1.
    getting_started : bool
        Whether `cost` still includes the first steps, which have more readings than later ones.
    budget : float
        Maximum share of the loop's time for watching, 0 to 1.
    parameters, trainable : int
        Number of scalar parameters, and of those that require a gradient.
    notices : tuple of Notice
        Oldest first.
    structures : tuple of GraphSpan
        The newest structures of the graph, with their spans of steps.
    pictures : int
        Number of activation pictures recorded so far.
    skipped : tuple of int
        Numbers of the steps that a gradient scaler skipped.
    pace : float or None
        Steps per second that the loop takes at most; None for full speed.
    read_from : str or None
        Name of the file that the run was read from; None if it is recorded in this process.
    """

    name: str
    status: Status
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
    notices: tuple[Notice, ...]
    structures: tuple[GraphSpan, ...] = ()
    pictures: int = 0
    skipped: tuple[int, ...] = ()
    pace: float | None = None
    read_from: str | None = None
