"""The state of one watched loop, which the parts of the step machine share."""

from __future__ import annotations

import enum
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch

from labkit.capture.hooks.listener import Backward
from labkit.capture.incidents.detection import IncidentDetector
from labkit.capture.parameters import ParameterTable
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.steps.epochs import EpochCounter
from labkit.capture.steps.losses import Loss, LossModuleResults, ScaleFinder
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.optimizer_recorders import OptimizerRecorders
from labkit.capture.steps.plan import StepPlan
from labkit.capture.steps.recorder_set import WatchedLoop
from labkit.capture.steps.training_step import TrainingStep
from labkit.capture.steps.watched_gradients import WatchedGradients
from labkit.run import Run
from labkit.run.error_text import described

_Result = TypeVar("_Result")
RunPass = Callable[[Backward, Any, tuple[Any, ...], dict[str, Any]], None]
"""Runs a backward pass: the function, its first argument, its other arguments."""


class State(enum.Enum):
    """How the machine handles calls."""

    WAITING = "waiting"
    """No training step has ended yet."""
    FAST = "fast"
    """The training step under way records losses and learning rates only.

    The fast path handles its ordinary passes and steps, unless an optimizer steps inside a pass.
    """
    GENERAL = "general"
    """The training step under way reads what is planned, which may be nothing.

    All calls are handled in full, as they are also without planned readings where the loss is that
    of a loss module, where a gradient scaler is used, and where no hook is called for some steps.
    """
    CLOSED = "closed"
    """The watch has ended; calls are ignored."""


class Loop:
    """The state of one watched loop; `StepMachine` adds the methods that the hooks call.

    Parameters
    ----------
    run : Run
        Held weakly, so that an abandoned run and its watch can be collected.
    table : ParameterTable
    readings : ReadingSchedule
    incidents : IncidentDetector
    loss_is_given : bool
        Whether the loss is the result of a loss module rather than the argument of ``backward``.
    after_plan : callable
        Called with the run each time after steps have been planned.
    """

    def __init__(
        self,
        run: Run,
        table: ParameterTable,
        readings: ReadingSchedule,
        incidents: IncidentDetector,
        *,
        loss_is_given: bool,
        after_plan: Callable[[Run], None],
    ) -> None:
        self.thread = threading.get_ident()
        self.state = State.WAITING
        self.pass_number = 0
        self.run_pass: RunPass = self.run_any_pass
        """Runs a backward pass: the fast path where it is in use, else `run_any_pass`."""
        self.fast_recorders: tuple[OptimizerRecorder, ...] = ()
        """Recorders of the passes that the fast path handles; empty while it is not used."""
        self.steps_done = 0
        self.recorders = OptimizerRecorders(cast("WatchedLoop", self), table, readings)
        self.training_step = TrainingStep(self.recorders)
        self.table = table
        self.readings = readings
        self.incidents = incidents
        self.plan = StepPlan(run, readings, incidents)
        self.epochs = EpochCounter()
        self.run_reference = weakref.ref(run)
        self.control = run.control
        self.loss_limit = incidents.limit
        self.scales = ScaleFinder()
        self.scale: torch.Tensor | None = None
        self.loss_is_given = loss_is_given
        self.loss_module_results = LossModuleResults()
        self.is_in_pass = False
        """Whether a recorded backward pass is under way."""
        self.is_busy = False
        """Whether a call that may read watched tensors is under way: no other thread may train."""
        self.ends_late = False
        """Whether a training step is ended that was completed before the call under way."""
        self.pass_loss: Loss = None
        self.gradients = WatchedGradients(table)
        self.unrelated_passes = 0
        """Number of passes that changed no probe, since the last one that was the model's."""
        self.assumes_unrelated = False
        """Whether passes that change no watched gradient are not searched any more."""
        self.unrelated_loss_limit = 0.0
        """A pass of another model whose loss exceeds this is searched all the same."""
        self.measures_cost = False
        self.checks_clearing = False
        """Whether the next pass shows if gradients were cleared since the previous step."""
        self.measured_ns = 0
        self.hooks_ns = 0
        self.recent_losses: deque[float] = deque(maxlen=64)
        self._writer = 0
        self._write_lock = threading.Lock()
        self.after_plan = after_plan
        self.awaits_first_pass = True
        """Whether no backward pass has reached a watched parameter yet."""

    @property
    def saw_unrelated_passes_only(self) -> bool:
        """Whether there were several backward passes, and none reached a watched parameter."""
        return self.awaits_first_pass and self.unrelated_passes > 1

    def run_any_pass(
        self, original: Backward, tensors: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Run a backward pass of any kind."""
        original(tensors, *args, **kwargs)

    def leave_fast_path(self) -> None:
        """Handle all calls on the general path."""
        for recorder in self.fast_recorders:
            recorder.fast_path = None
        self.fast_recorders = ()
        self.run_pass = self.run_any_pass

    def leave_for_general_path(self) -> None:
        """Handle the rest of the training step in the state GENERAL."""
        self.leave_fast_path()
        if self.state is State.FAST:
            self.state = State.GENERAL

    def add_notice(self, text: str) -> None:
        """Add a notice to the run, if it exists."""
        run = self.run_reference()
        if run is not None:
            run.add_notice("watch", text)

    def guarded(self, action: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result | None:
        """Call an action with the run, measure its time, and turn its errors into notices.

        Returns
        -------
        object
            The result of the action; None if it raised, or if the watch has ended.
        """
        run = self.run_reference()
        if run is None or self.state is State.CLOSED:
            return None
        began = time.perf_counter_ns()
        try:
            return action(run, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            _note_fault(run, error)
            return None
        finally:
            self.hooks_ns += time.perf_counter_ns() - began

    def write(self) -> None:
        """Move pending rows into the run's tables, on any thread; errors become notices."""
        run, me = self.run_reference(), threading.get_ident()
        if run is None or self._writer == me:
            return
        with self._write_lock:
            self._writer = me
            try:
                done = self.steps_done + (self.state is State.CLOSED)
                for recorder in self.recorders.all:
                    try:
                        recorder.write(run)
                    except Exception as error:  # noqa: BLE001 - nor reach who reads the run
                        _note_fault(run, error)
                    self.readings.write(run, recorder.reader, done)
            finally:
                self._writer = 0


def _note_fault(run: Run, error: Exception) -> None:
    run.add_notice(
        "watch",
        f"labkit missed something in this run; training is not affected. ({described(error)})",
    )
