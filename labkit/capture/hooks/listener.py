"""The interfaces that the hooks call: one listener for each watch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader

Backward = Callable[..., None]
"""`torch.autograd.backward`, or a function that replaces it."""


class StepListener(Protocol):
    """Records the steps that the fast path handles."""

    def end_step(self, recorder: Any, optimizer: torch.optim.Optimizer) -> None:
        """Record the end of a step."""


class OptimizerListener(Protocol):
    """Records the steps of the optimizers that hold some watched parameters.

    Attributes
    ----------
    thread : int
        Identity of the thread that trains these parameters.
    passes : int
        Number of pending backward passes: those since the last step.
    stepped : bool
        Whether it has stepped in the training step under way.
    depth : int
        Number of nested ``step`` calls of its optimizers that are under way.
    outermost : int
        Identity of the optimizer whose step is under way; 0 if there is none.
    """

    thread: int
    passes: int
    stepped: bool
    depth: int
    outermost: int

    @property
    def fast_path(self) -> StepListener | None:
        """Handles steps of training steps without readings; None if the general path has to."""

    @property
    def loop(self) -> LoopListener:
        """The watched loop that it belongs to."""


class LoopListener(Protocol):
    """Records one watched loop. Its methods raise nothing but interrupts.

    Attributes
    ----------
    thread : int
        Identity of the training thread; before the first pass, of the one that opened the watch.
    """

    thread: int
    run_pass: Callable[..., None]
    """Runs a backward pass for this listener only.

    Its arguments are the `Backward` function, the function's first argument and its other ones.
    """

    def claim(self, thread: int, tensors: object, recorder: Any) -> bool:
        """Make a thread the training thread; return whether it is.

        On that thread begins either a backward pass from `tensors`, or a step of an optimizer that
        `recorder` records.
        """

    def begin_pass(self) -> bool:
        """Begin a backward pass on the calling thread; return whether it is recorded."""

    def before_pass(self, tensors: object) -> None:
        """Record the state before a recorded pass."""

    def after_pass(self, tensors: object) -> None:
        """Record the end of the pass."""

    def pass_failed(self) -> None:
        """Record that the pass raised."""

    def recorder_of(self, optimizer: torch.optim.Optimizer) -> OptimizerListener | None:
        """Return the recorder of an optimizer; None if it holds no watched parameter."""

    def before_step(
        self, recorder: Any, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any
    ) -> tuple[Any, Any] | None:
        """Record the start of a step; return arguments that replace the given ones, or None."""

    def after_step(self, recorder: Any, optimizer: torch.optim.Optimizer) -> None:
        """Record the end of the step."""

    def exclude_time(self, ns: int) -> None:
        """Exclude a pause of the loop, in nanoseconds, from the time of its steps."""

    def loader_started(self, loader: DataLoader[Any]) -> None:
        """Record that an iteration over a loader begins."""

    def batch_loaded(self, iterator: Any, waited_ns: int) -> None:
        """Record that a loader's iterator returned a batch, and the time that this took."""
