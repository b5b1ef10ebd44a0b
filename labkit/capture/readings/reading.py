"""What a reading is: hooks that a step calls in turn, and a budget that says how often."""

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
    """What every hook of a reading gets.

    Attributes
    ----------
    run : Run
        Where results are recorded.
    transfer : DeviceTransfer
        Brings results from the device to the host without blocking.
    step : int
        The step under way, counted from 1.
    """

    run: Run
    transfer: DeviceTransfer
    step: int


@dataclass(slots=True)
class PassContext(StepContext):
    """What is known before a backward pass.

    Attributes
    ----------
    roots : sequence of Tensor
        What ``backward`` is called on.
    awaits_module_calls : bool
        Whether calls of the modules are recorded only from the model's next call on, which the
        graph of this pass does not contain.
    """

    roots: Sequence[torch.Tensor]
    awaits_module_calls: bool


@dataclass(slots=True)
class UpdateContext(StepContext):
    """What is known of one optimizer after a backward pass, and around its update.

    Attributes
    ----------
    reader : ParameterReader
        Reads the parameters of this optimizer and their gradients.
    readers : sequence of ParameterReader
        Those of all optimizers that hold watched parameters.
    optimizer : Optimizer or None
        None where no hook announces the update, and before an update is under way.
    scale : Tensor or None
        The factor by which a gradient scaler has multiplied the gradients, shape (); None if there
        is none, or if they are unscaled.
    entries : sequence of Watched or None
        The parameters to read, if they are a part of the reader's.
    """

    reader: ParameterReader
    readers: Sequence[ParameterReader]
    optimizer: torch.optim.Optimizer | None = None
    scale: torch.Tensor | None = None
    entries: Sequence[Watched] | None = None


class Reading:
    """Something that is read of a model in some steps.

    In the steps for which it is planned its hooks are called, in the order in which they are
    defined here; a subclass defines those that it needs. A hook returns whether it has read
    something: only then its time is charged to the reading's budget. A reading whose hook raises is
    disabled; a notice says so, and training goes on.

    Parameters
    ----------
    budget : ReadingBudget
        When the reading is due.

    Attributes
    ----------
    name : str
        Its name in notices.
    needs_module_calls : bool
        Whether calls of the modules are recorded in the steps that it reads.
    needs_forward_pass : bool
        Whether it reads nothing in a step whose forward pass is over.
    can_be_deferred : bool
        Whether an optimizer that misses the step for which it is planned is read in its next one.
    calls_ns : int
        Time that recording module calls has taken for it in the step under way, in nanoseconds.
    """

    name: str
    needs_module_calls = False
    needs_forward_pass = False
    can_be_deferred = False

    def __init__(self, budget: ReadingBudget) -> None:
        self.budget = budget

    @property
    def calls_ns(self) -> int:  # noqa: D102 - see the attributes of the class
        return 0

    # ── planning ─────────────────────────────────────────────────────────────

    def is_half_done(self, readers: Sequence[ParameterReader]) -> bool:
        """Return whether the next step has to be read as well, as two in a row are compared."""
        return False

    def exclude_time(self, ns: int) -> None:
        """Exclude some time, in nanoseconds, in which the loop stood still, from intervals."""
        self.budget.due_at_ns += ns

    # ── hooks, in the order of a step ────────────────────────────────────────

    def start_module_calls(self, context: StepContext, now_ns: int) -> None:
        """Begin to record the calls of modules; `now_ns` is of `time.perf_counter_ns`."""

    def before_pass(self, context: PassContext) -> bool:
        """Read the graph while its buffers exist."""
        return False

    def before_steps_inside(self, context: UpdateContext) -> bool:
        """Read weights before a backward pass inside which optimizers step."""
        return False

    def after_pass(self, context: UpdateContext) -> bool:
        """Read gradients as one backward pass left them: before clipping, scaled."""
        return False

    def before_update(self, context: UpdateContext) -> bool:
        """Read gradients as the optimizer uses them, and weights before they change."""
        return False

    def after_update(self, context: UpdateContext) -> bool:
        """Read weights after they have changed."""
        return False

    def end_step(self, context: StepContext) -> bool:
        """Record what belongs to the whole step, once all optimizers have stepped."""
        return False

    def stop_module_calls(self) -> None:
        """Remove the hooks on modules, and drop what they have recorded."""
