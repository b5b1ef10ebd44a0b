"""Ends a round: counts the step, plans those to come, and does what the controls ask for."""

from __future__ import annotations

import time

from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.quiet_rounds import QuietRounds
from labkit.run import Run


class RoundEnds:
    """Ends the rounds of a loop.

    Parameters
    ----------
    loop : Loop
    quiet_rounds : QuietRounds
    """

    def __init__(self, loop: Loop, quiet_rounds: QuietRounds) -> None:
        self._loop = loop
        self._quiet_rounds = quiet_rounds

    def end(self) -> None:
        """Count the round; now and then see what comes next, and do what the controls ask for."""
        loop = self._loop
        plan = loop.plan
        plan.quiet -= 1
        if loop.state is State.QUIET and plan.quiet > 0 and not loop.control.pending:
            loop.steps_done += 1
            loop.rounds.begin()
            return
        loop.guarded(self.close)
        self.go_on()

    def close(self, run: Run, *, with_forward: bool = True) -> None:
        """Count the round, write what its modules gave, and plan the rounds to come.

        `with_forward` says whether the forward pass of the next step is yet to come.
        """
        loop = self._loop
        loop.leave_quiet_rounds()
        if loop.state is not State.QUIET:
            loop.rounds.owe(loop.readings.planned)
        loop.steps_done += 1
        loop.rounds.begin()
        due = loop.state is State.QUIET and loop.plan.quiet <= 0 and loop.plan.norms_next
        if due and not loop.control.pending:
            loop.plan.norms_next = False
            loop.readings.plan_norms()
            loop.state = State.SAMPLED
            return
        if loop.state is not State.QUIET:
            loop.readings.end_step(run, loop.steps_done)
        loop.readings.deliver(run)
        loop.rounds.check_entries()
        loop.plan.look_ahead(
            run,
            loop.steps_done,
            loop.recent,
            loop.hooks_ns,
            with_forward=with_forward,
        )
        loop.hooks_ns = 0
        if with_forward and loop.rounds.awaits_sample():
            loop.readings.plan_calls(run, loop.steps_done + 1)
        loop.limit = loop.incidents.limit
        loop.after_plan(run)
        loop.sees_clearing = True
        for recorder in loop.rounds.recorders:
            if recorder.thread == loop.thread:
                recorder.mark.note_step()
        loop.timing = not loop.readings.planned
        ordinary = not loop.rounds.unannounced and not loop.loss_is_given
        quiet = not loop.readings.planned and ordinary and not loop.scales.found
        loop.state = State.QUIET if quiet else State.SAMPLED
        if quiet:
            self._quiet_rounds.enter()

    def go_on(self) -> None:
        """Count epochs, and do what the run's controls ask for."""
        loop = self._loop
        run = loop.run_reference()
        if run is None:
            return
        if loop.epochs.is_beginning:
            loop.guarded(loop.epochs.count)
        if loop.control.pending:
            loop.write()
            began_ns = time.perf_counter_ns()
            try:
                run.control.at_step_end()
            finally:
                loop.plan.leave_out(time.perf_counter_ns() - began_ns)
