"""What the hooks call: one listener per watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader

Backward = Callable[..., None]
"""`torch.autograd.backward`, or what stands in its place."""


class StepListener(Protocol):
    """Records everyday steps."""

    def end_step(self, recorder: Any, optimizer: torch.optim.Optimizer) -> None:
        """Record that a step ended."""


class OptimizerListener(Protocol):
    """Records the steps of the optimizers that hold some watched parameters.

    Attributes
    ----------
    thread : int
        Identity of the thread that trains these parameters.
    passes : int
        Backward passes whose gradients wait for a step.
    stepped : bool
        Whether it has stepped in the round under way.
    depth : int
        How many ``step`` calls of its optimizers are under way, one within the other.
    outermost : int
        Identity of the optimizer whose step is under way; 0 while none is.
    """

    thread: int
    passes: int
    stepped: bool
    depth: int
    outermost: int

    @property
    def fast_path(self) -> StepListener | None:
        """What records everyday steps, while nothing else is recorded."""

    @property
    def loop(self) -> LoopListener:
        """The watch that it belongs to."""


class LoopListener(Protocol):
    """Records one watched loop. Raises nothing but an interrupt.

    Attributes
    ----------
    thread : int
        Identity of the thread that trains, or that opened the watch while nothing has trained.
    """

    thread: int
    run_pass: Callable[..., None]
    """Runs a backward pass for this listener alone: `Backward`, its first argument, its others."""

    def claim(self, thread: int, tensors: object, recorder: Any) -> bool:
        """Make a thread the one that trains; return whether it is.

        Either a backward pass from `tensors` begins on it, or a step of what `recorder` records.
        """

    def begin_pass(self) -> bool:
        """Begin a backward pass on the calling thread; return whether it is to be recorded."""

    def before_pass(self, tensors: object) -> None:
        """Record what there is before a pass that was begun."""

    def after_pass(self, tensors: object) -> None:
        """Record that the pass ended."""

    def pass_failed(self) -> None:
        """Record that the pass raised."""

    def recorder_of(self, optimizer: torch.optim.Optimizer) -> OptimizerListener | None:
        """Return what records an optimizer's steps, None if it holds nothing watched."""

    def before_step(
        self, recorder: Any, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any
    ) -> tuple[Any, Any] | None:
        """Record that a step begins; return arguments to call it with instead, or None."""

    def after_step(self, recorder: Any, optimizer: torch.optim.Optimizer) -> None:
        """Record that the step ended."""

    def exclude_time(self, ns: int) -> None:
        """Leave out some time in which the loop stood still, of the time that it takes."""

    def loader_started(self, loader: DataLoader[Any]) -> None:
        """Record that an iteration over a loader begins."""

    def batch_loaded(self, iterator: Any, waited_ns: int) -> None:
        """Record that a loader's iterator gave a batch, and how long that took."""
