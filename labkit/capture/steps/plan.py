"""The plan for the steps to come: how many are quiet, and what is read after them.

Readings are scheduled by a budget (`labkit.capture.readings.budget`). To look at it at every step
would cost as much as the readings; so it is looked at when a reading may be due, and the steps
until then are planned ahead from the time that those before took.
"""

from __future__ import annotations

import time
from collections import deque

from labkit.capture.incidents.detection import IncidentDetector
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.readings.step_timing import StepTiming
from labkit.run import Run

_LONGEST_NS = 500_000_000
"""Time after which the steps are accounted for at the latest."""
_LONGEST_UNSEEN_NS = 1_000_000_000
"""The same while no page shows the run."""
_MOST_STEPS = 2048
_STOOD_STILL_NS = 1_000_000_000
_STOOD_STILL_TIMES = 8
"""Steps that took so much longer, and so many times as long, as those before were not all it was.

The loop stood still for a while: between two cells of a notebook, or in a validation. Such time is
no time of the loop, which the cost is a part of.
"""
_FIRST_NS, _FIRST_NS_AT_MOST = 2_000_000_000, 20_000_000_000
_FIRST_STEPS, _FIRST_STEPS_AT_LEAST = 125, 20
"""When a run has got started: its early readings are over, or take little of steps so long.

After the first time with the many steps, or after the longer time with the few.
"""


class StepPlan:
    """Plans the steps of one loop, and accounts for those that are done.

    Attributes
    ----------
    quiet : int
        Rounds that end before the plan is looked at again, the one under way included.
    norms_next : bool
        Whether the round after these reads gradient norms and nothing else.
    """

    def __init__(self, run: Run, readings: ReadingSchedule, incidents: IncidentDetector) -> None:
        self.quiet = 0
        self.norms_next = False
        self.pace = StepTiming()
        self._readings = readings
        self._incidents = incidents
        self._began_ns = 0
        """When the first step that is not accounted for began; 0 before the first step."""
        self._accounted = 0
        self._hooks_ns = 0
        self._longest_ns = _LONGEST_NS

    def begin(self) -> None:
        """Start the clock with the first step."""
        if not self._began_ns:
            self._began_ns = time.perf_counter_ns()

    def leave_out(self, ns: int) -> None:
        """Leave out time in which the loop stood still, as while it was paused."""
        if self._began_ns:
            self._began_ns += ns
            self._readings.leave_out(ns)

    def look_ahead(
        self,
        run: Run,
        steps: int,
        losses: deque[float],
        hooks_ns: int,
        *,
        with_forward: bool = True,
    ) -> None:
        """Plan what the next step reads, or how many steps come before the next reading.

        Parameters
        ----------
        run : Run
        steps : int
            Steps that are done.
        losses : deque of float
            The newest losses; they are taken out when the steps are accounted for.
        hooks_ns : int
            What hooks and readings took since the last call, in nanoseconds.
        with_forward : bool
            Whether the forward pass of the next step is yet to come.
        """
        self._hooks_ns += hooks_ns
        now_ns = time.perf_counter_ns()
        quiet, self.norms_next = self._following(now_ns, steps)
        if quiet == 0 and not self.norms_next:
            self._incidents.note(list(losses))
            losses.clear()
            self.account_for_steps(run, steps, 0)
            self._readings.plan(run, now_ns, steps + 1, with_forward=with_forward)
            if self._readings.planned:
                self.quiet = 0
                return
            quiet, self.norms_next = self._following(now_ns, steps)
        if quiet == 0 and self.norms_next:
            self.norms_next = False
            self._readings.plan_norms()
        self.quiet = max(1, quiet)

    def account_for_steps(self, run: Run, steps: int, hooks_ns: int) -> None:
        """Account for the steps since this was last done; learn what one took and earned."""
        now_ns = time.perf_counter_ns()
        if not self._began_ns:
            return
        budget = self._readings.budget
        done, credit = steps - self._accounted, budget.credit
        self._accounted = steps
        loop_ns, self._began_ns = self._loop_ns(done, now_ns - self._began_ns), now_ns
        hooks_ns, self._hooks_ns = hooks_ns + self._hooks_ns, 0
        fixed_ns = int(done * self.pace.cost_ns) + max(0, hooks_ns - self._readings.spent_ns)
        self._readings.account(run, loop_ns, fixed_ns)
        measured = run.measured
        if measured.getting_started and _has_started(steps, measured.loop_ns):
            measured.exclude_start()
        self._longest_ns = _LONGEST_NS if run.viewers.present else _LONGEST_UNSEEN_NS
        if done:
            self.pace.learn(done, loop_ns, budget.credit - credit)

    def _loop_ns(self, steps: int, ns: int) -> int:
        """Return the part of some time in which the loop did these steps."""
        usual_ns = int(steps * self.pace.step_ns)
        stood_still = usual_ns and ns > usual_ns * _STOOD_STILL_TIMES
        return usual_ns if stood_still and ns - usual_ns > _STOOD_STILL_NS else ns

    def _following(self, now_ns: int, steps: int) -> tuple[int, bool]:
        """Return how many steps are quiet, and whether the one after them reads norms.

        None are where the steps must be accounted for before the next one.
        """
        if not self.pace.known:
            return 0, False
        readings, pace = self._readings, self.pace
        until_close = pace.steps_in(self._longest_ns - (now_ns - self._began_ns))
        rest = min(readings.bound_at - steps - 1, until_close, _MOST_STEPS)
        credit = readings.budget.credit + (steps - self._accounted) * pace.earned
        to_norms = readings.norms.budget.steps_until_due(pace, credit, now_ns, steps)
        if to_norms < rest:
            return int(to_norms), True
        return max(0, int(rest)), False


def _has_started(steps: int, loop_ns: int) -> bool:
    if loop_ns >= _FIRST_NS_AT_MOST:
        return steps >= _FIRST_STEPS_AT_LEAST
    return loop_ns >= _FIRST_NS and steps >= _FIRST_STEPS
