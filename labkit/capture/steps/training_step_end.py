"""Ends a training step: counts it, plans the next ones, and handles the run's controls."""

from __future__ import annotations

import time

from labkit.capture.steps.fast_path import FastPath
from labkit.capture.steps.loop import Loop, State
from labkit.run import Run


class TrainingStepEnd:
    """Ends the training steps of a loop.

    Parameters
    ----------
    loop : Loop
    fast_path : FastPath
    """

    def __init__(self, loop: Loop, fast_path: FastPath) -> None:
        self._loop = loop
        self._fast_path = fast_path

    def end(self) -> None:
        """Count the training step; if the plan has run out, plan again and handle controls."""
        loop = self._loop
        plan = loop.plan
        plan.steps_left -= 1
        if loop.state is State.FAST and plan.steps_left > 0 and not loop.control.pending:
            loop.steps_done += 1
            loop.training_step.begin()
            return
        loop.guarded(self.close)
        self.handle_controls()

    def close(self, run: Run, *, with_forward: bool = True) -> None:
        """Count the training step, record its readings, and plan the next ones.

        Parameters
        ----------
        run : Run
        with_forward : bool
            Whether the forward pass of the next step is yet to come.
        """
        loop = self._loop
        loop.leave_fast_path()
        if loop.state is not State.FAST:
            loop.training_step.defer_readings(loop.readings.planned)
        loop.steps_done += 1
        loop.training_step.begin()
        due = loop.state is State.FAST and loop.plan.steps_left <= 0 and loop.plan.norms_next
        if due and not loop.control.pending:
            loop.plan.norms_next = False
            loop.readings.plan_norms()
            loop.state = State.GENERAL
            return
        if loop.state is not State.FAST:
            loop.readings.end_step(run, loop.steps_done)
        loop.readings.deliver(run)
        loop.recorders.check_entries()
        loop.plan.plan_interval(
            run,
            loop.steps_done,
            loop.recent_losses,
            loop.hooks_ns,
            with_forward=with_forward,
        )
        loop.hooks_ns = 0
        if with_forward and loop.training_step.requests_sample():
            loop.readings.plan_calls(run, loop.steps_done + 1)
        loop.loss_limit = loop.incidents.limit
        loop.after_plan(run)
        loop.checks_clearing = True
        for recorder in loop.recorders.active:
            if recorder.thread == loop.thread:
                recorder.probe.record_step()
                recorder.clearing.record_step(recorder.entries)
        loop.measures_cost = not loop.readings.planned
        ordinary = not loop.recorders.without_hook and not loop.loss_is_given
        is_fast = not loop.readings.planned and ordinary and not loop.scales.found
        loop.state = State.FAST if is_fast else State.GENERAL
        if is_fast:
            self._fast_path.enter()

    def handle_controls(self) -> None:
        """Count epochs, and handle what the run's controls request."""
        loop = self._loop
        run = loop.run_reference()
        if run is None:
            return
        if loop.epochs.is_beginning:
            loop.guarded(loop.epochs.count)
        if loop.control.pending:
            loop.write()
            loop.recorders.restore_own_values()  # a pause or a stop comes before the other hooks
            run.record_time(loop.steps_done)
            began_ns = time.perf_counter_ns()
            try:
                run.control.at_step_end()
            finally:
                loop.plan.exclude_time(time.perf_counter_ns() - began_ns)
                run.record_time(loop.steps_done)
