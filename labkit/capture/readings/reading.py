"""The interface of readings: hooks that are called during a step, and a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from labkit.capture.parameters import Watched
from labkit.capture.readings.budget import ReadingBudget
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.capture.readings.parameter_reader import ParameterReader
from labkit.run import Run


@dataclass(slots=True)
class StepContext:
    """The argument of every hook of a reading.

    Attributes
    ----------
    run : Run
        The run that results are recorded in.
    transfer : DeviceTransfer
        Copies results from the device to the host without blocking.
    step : int
        The step under way, counted from 1.
    """

    run: Run
    transfer: DeviceTransfer
    step: int


@dataclass(slots=True)
class PassContext(StepContext):
    """The argument of hooks before a backward pass.

    Attributes
    ----------
    roots : sequence of Tensor
        The tensors that ``backward`` is called on.
    awaits_module_calls : bool
        Whether module calls are recorded only from the model's next call on, so that the graph of
        this pass has none.
    """

    roots: Sequence[torch.Tensor]
    awaits_module_calls: bool


@dataclass(slots=True)
class UpdateContext(StepContext):
    """The argument of hooks after a backward pass and around an optimizer's update.

    Attributes
    ----------
    reader : ParameterReader
        Reads the parameters of this optimizer and their gradients.
    readers : sequence of ParameterReader
        The readers of all optimizers that hold watched parameters.
    optimizer : Optimizer or None
        None if no hook is called for the update, or if no update is under way.
    scale : Tensor or None
        The factor by which a gradient scaler has multiplied the gradients, shape (); None if there
        is none, or if they are unscaled.
    entries : sequence of Watched or None
        The parameters to read; None for all of the reader's.
    """

    reader: ParameterReader
    readers: Sequence[ParameterReader]
    optimizer: torch.optim.Optimizer | None = None
    scale: torch.Tensor | None = None
    entries: Sequence[Watched] | None = None


class Reading:
    """A kind of values that is read of a model in some steps.

    In the steps for which a reading is planned, its hooks are called in the order in which they are
    defined here; a subclass defines those that it needs. A hook returns whether it has read
    something; only then is its time charged to the reading's budget. A reading whose hook raises is
    disabled with a notice, and training continues.

    Parameters
    ----------
    budget : ReadingBudget
        Determines when the reading is due.

    Attributes
    ----------
    name : str
        Its name in notices.
    needs_module_calls : bool
        Whether module calls are recorded in the steps for which it is planned.
    needs_forward_pass : bool
        Whether it can only be planned before the forward pass of a step.
    can_be_deferred : bool
        Whether it is taken in an optimizer's next step if the optimizer misses the planned one.
    follows_pace : bool
        Whether it is taken at each step of a loop that waits for its pace.
    is_free : bool
        Whether it is taken in such a wait in the step under way, so that it costs the loop nothing.
    step_ns : int
        Time that it took in the step under way, in nanoseconds.
    calls_ns : int
        Time spent on recording module calls for it in the step under way, in nanoseconds.
    """

    name: str
    needs_module_calls = False
    needs_forward_pass = False
    can_be_deferred = False
    follows_pace = False

    def __init__(self, budget: ReadingBudget) -> None:
        self.budget = budget
        self.is_free = False
        self.step_ns = 0

    @property
    def calls_ns(self) -> int:  # noqa: D102 - see the attributes of the class
        return 0

    # ── planning ─────────────────────────────────────────────────────────────

    def needs_next_step(self, readers: Sequence[ParameterReader]) -> bool:
        """Return whether it is needed in the next step, too, as two steps in a row are compared."""
        return False

    def exclude_time(self, ns: int) -> None:
        """Exclude a pause of the loop, in nanoseconds, from the interval between readings."""
        self.budget.due_at_ns += ns

    # ── hooks, in the order of a step ────────────────────────────────────────

    def start_module_calls(self, context: StepContext, now_ns: int) -> None:
        """Begin to record module calls; `now_ns` is a value of `time.perf_counter_ns`."""

    def before_pass(self, context: PassContext) -> bool:
        """Read the graph before a backward pass frees its buffers."""
        return False

    def before_steps_inside(self, context: UpdateContext) -> bool:
        """Read weights before a backward pass in which optimizers step."""
        return False

    def after_pass(self, context: UpdateContext) -> bool:
        """Read gradients after a backward pass: scaled, and before clipping."""
        return False

    def before_update(self, context: UpdateContext) -> bool:
        """Read the gradients that the optimizer uses, and weights before they change."""
        return False

    def after_update(self, context: UpdateContext) -> bool:
        """Read weights after they have changed."""
        return False

    def end_step(self, context: StepContext) -> bool:
        """Record values of the whole step, after all optimizers have stepped."""
        return False

    def stop_module_calls(self) -> None:
        """Remove the hooks on modules, and drop the recorded calls."""
