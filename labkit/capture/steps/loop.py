"""What the parts of the step machine share: the state of one watched loop."""

from __future__ import annotations

import enum
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import torch

from labkit.capture.hooks.listener import Backward
from labkit.capture.incidents.detection import IncidentDetector
from labkit.capture.parameters import ParameterTable
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.steps.epochs import EpochCounter
from labkit.capture.steps.losses import GivenLosses, Loss, ScaleFinder
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.plan import StepPlan
from labkit.capture.steps.rounds import Rounds
from labkit.capture.steps.watched_gradients import WatchedGradients
from labkit.run import Run
from labkit.run.error_text import described

RunPass = Callable[[Backward, Any, tuple[Any, ...], dict[str, Any]], None]
"""Runs a backward pass: the function, its first argument, its others."""


class State(enum.Enum):
    """What the machine does with the calls that come."""

    WAITING = "waiting"
    """No step has ended yet."""
    QUIET = "quiet"
    """The round under way records losses and learning rates."""
    SAMPLED = "sampled"
    """The round under way is read as planned."""
    CLOSED = "closed"
    """The watch has ended; calls pass."""


class Loop:
    """The state of one watched loop; `StepMachine` adds what torch calls.

    Parameters
    ----------
    run : Run
        Held weakly, so that an abandoned run can be collected and its watch with it.
    table : ParameterTable
    readings : ReadingSchedule
    incidents : IncidentDetector
    loss_is_given : bool
        Whether the loss comes from a loss module, and not from ``backward``.
    after_plan : callable
        Called with the run each time that steps have been planned ahead.
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
        """What runs a backward pass: the fast path in quiet rounds, else `run_any_pass`."""
        self.quiet_recorders: tuple[OptimizerRecorder, ...] = ()
        """Those that a pass of the fast path may be for; none while it is not taken."""
        self.steps_done = 0
        self.rounds = Rounds(self, table, readings)
        self.table = table
        self.readings = readings
        self.incidents = incidents
        self.plan = StepPlan(run, readings, incidents)
        self.epochs = EpochCounter()
        self.run_reference = weakref.ref(run)
        self.control = run.control
        self.limit = incidents.limit
        self.scales = ScaleFinder()
        self.scale: torch.Tensor | None = None
        self.loss_is_given = loss_is_given
        self.given_losses = GivenLosses()
        self.is_in_pass = False
        """Whether a backward pass is under way that is recorded."""
        self.is_busy = False
        """Whether a call is under way that may read watched tensors: no other thread trains now."""
        self.value: Loss = None
        self.gradients = WatchedGradients(table)
        self.misses = 0
        """Passes that moved no mark since one that did not, either, was found to be watched."""
        self.is_beside = False
        """Whether the newest passes are another model's: not searched if no gradient moves."""
        self.beside_limit = 0.0
        """A larger loss of such a pass is looked at: it may be one of the watched model's."""
        self.timing = False
        self.sees_clearing = False
        """Whether the next pass shows if gradients were cleared since the step before."""
        self.sample_ns = 0
        self.hooks_ns = 0
        self.recent: deque[float] = deque(maxlen=64)
        self._writer = 0
        self._write_lock = threading.Lock()
        self.after_plan = after_plan
        self.saw_nothing = True
        """Whether no backward pass has reached a watched parameter yet."""

    @property
    def was_passed_by(self) -> bool:
        """Whether several backward passes reached nothing that is watched, and none did."""
        return self.saw_nothing and self.misses > 1

    def run_any_pass(
        self, original: Backward, tensors: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Run a backward pass, whatever it is like."""
        original(tensors, *args, **kwargs)

    def leave_quiet_rounds(self) -> None:
        """Have all calls take the general path."""
        for recorder in self.quiet_recorders:
            recorder.quiet = None
        self.quiet_recorders = ()
        self.run_pass = self.run_any_pass

    def add_notice(self, text: str) -> None:
        """Add a notice to the run, if it lives."""
        run = self.run_reference()
        if run is not None:
            run.add_notice("watch", text)

    def guarded(self, action: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Do something for the run; time it, and stop its faults from reaching the loop."""
        run = self.run_reference()
        if run is None or self.state is State.CLOSED:
            return
        began = time.perf_counter_ns()
        try:
            action(run, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
            _note_fault(run, error)
        finally:
            self.hooks_ns += time.perf_counter_ns() - began

    def write(self) -> None:
        """Move rows that wait into the run's tables; on any thread. Its faults become notices."""
        run, me = self.run_reference(), threading.get_ident()
        if run is None or self._writer == me:
            return
        with self._write_lock:
            self._writer = me
            try:
                done = self.steps_done + (self.state is State.CLOSED)
                for recorder in self.rounds.every:
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
