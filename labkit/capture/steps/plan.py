"""Plans the next steps: the number of steps without readings, and the readings after them.

Readings are scheduled by a budget (`labkit.capture.readings.budget`). Checking it at every step
would cost as much as the readings. Therefore the number of steps until the next reading is
estimated from the duration of earlier steps, and the budget is checked after that many.
"""

from __future__ import annotations

import math
import time
from collections import deque

from labkit.capture.incidents.detection import IncidentDetector
from labkit.capture.readings.process_series import ProcessSeries
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.readings.step_timing import StepTiming
from labkit.run import Run

_MAX_INTERVAL_NS = 500_000_000
"""Longest time after which steps are accounted for."""
_MAX_INTERVAL_UNSEEN_NS = 1_000_000_000
"""Longest time after which steps are accounted for while no page shows the run."""
_MAX_STEPS = 2048
_PAUSE_NS = 1_000_000_000
_PAUSE_RATIO = 8
"""Excess duration, absolute and as a ratio to earlier steps, that is taken for a pause.

Pauses occur between two cells of a notebook or in a validation. They do not count as time of the
loop, of which the cost of watching is a fraction.
"""
_STARTUP_NS, _STARTUP_MAX_NS = 2_000_000_000, 20_000_000_000
_STARTUP_STEPS, _STARTUP_MIN_STEPS = 125, 20
"""Duration and number of steps after which the start of a run is over.

Its early readings are then complete, or are a small fraction of such long steps. Either the shorter
time with the larger number of steps, or the longer time with the smaller number is sufficient.
"""
_STARTUP_PACED_STEPS = 10
"""The same for a loop that waits for its pace, as its early readings are those of the first steps.
"""


class StepPlan:
    """Plans the steps of one loop, and accounts for completed steps.

    Attributes
    ----------
    steps_left : int
        Training steps until the plan is updated, including the one under way.
    norms_next : bool
        Whether the training step after these reads gradient norms and nothing else.
    """

    def __init__(self, run: Run, readings: ReadingSchedule, incidents: IncidentDetector) -> None:
        self.steps_left = 0
        self.norms_next = False
        self.timing = StepTiming()
        self._readings = readings
        self._incidents = incidents
        self._pace = run.control.pace
        self._own_ns = 0
        """Duration of the newest step without watching; known while the loop has a pace."""
        self._began_ns = 0
        """Start of the first step that is not accounted for; 0 before the first step."""
        self._accounted = 0
        self._hooks_ns = 0
        self._max_interval_ns = _MAX_INTERVAL_NS
        self._process_series = ProcessSeries()

    def begin(self) -> None:
        """Start measuring time at the first step."""
        if not self._began_ns:
            self._began_ns = time.perf_counter_ns()

    def exclude_time(self, ns: int) -> None:
        """Exclude a pause of the loop, in nanoseconds."""
        if self._began_ns:
            self._began_ns += ns
            self._readings.exclude_time(ns)

    def plan_interval(
        self,
        run: Run,
        steps: int,
        losses: deque[float],
        hooks_ns: int,
        *,
        with_forward: bool = True,
    ) -> None:
        """Plan what the next step reads, or the number of steps before the next reading.

        Parameters
        ----------
        run : Run
        steps : int
            Number of completed steps.
        losses : deque of float
            The newest losses; cleared when the steps are accounted for.
        hooks_ns : int
            Time that hooks and readings took since the last call, in nanoseconds.
        with_forward : bool
            Whether the forward pass of the next step is yet to come.
        """
        self._hooks_ns += hooks_ns
        now_ns = time.perf_counter_ns()
        if self._pace.rate is not None:
            self._incidents.add_losses(list(losses))
            losses.clear()
            self._plan_paced_step(run, now_ns, steps, with_forward=with_forward)
            return
        until_reading, self.norms_next = self._steps_until_reading(run, now_ns, steps)
        if until_reading == 0 and not self.norms_next:
            self._incidents.add_losses(list(losses))
            losses.clear()
            self.account_for_steps(run, steps, 0)
            self._readings.choose_readings(run, now_ns, steps + 1, with_forward=with_forward)
            if self._readings.planned:
                self.steps_left = 0
                return
            until_reading, self.norms_next = self._steps_until_reading(run, now_ns, steps)
        if until_reading == 0 and self.norms_next:
            self.norms_next = False
            self._readings.plan_norms()
        self.steps_left = max(1, until_reading)

    def _plan_paced_step(self, run: Run, now_ns: int, steps: int, *, with_forward: bool) -> None:
        """Plan what the next step reads: also what fits into its wait for the pace.

        Of the two newest steps the shorter one determines how long the wait is.
        """
        own_ns = self._own_ns
        self.account_for_steps(run, steps, 0)
        self._readings.choose_readings(
            run,
            now_ns,
            steps + 1,
            with_forward=with_forward,
            spare_ns=self._pace.period_ns - min(own_ns, self._own_ns),
        )
        self.steps_left, self.norms_next = int(not self._readings.planned), False

    def account_for_steps(self, run: Run, steps: int, hooks_ns: int) -> None:
        """Account for the steps since the last call, and update the estimates for one step."""
        now_ns = time.perf_counter_ns()
        if not self._began_ns:
            return
        budget = self._readings.budget
        done, credit = steps - self._accounted, budget.credit
        self._accounted = steps
        hooks_ns, self._hooks_ns = hooks_ns + self._hooks_ns, 0
        fixed_ns = int(done * self.timing.cost_ns) + max(0, hooks_ns - self._readings.spent_ns)
        watching_ns = fixed_ns + self._readings.spent_ns
        if done:
            run.record_time(steps)
            self._own_ns = max(0, now_ns - self._began_ns - watching_ns) // done
        waited_ns = self._waited_ns(watching_ns)
        self.exclude_time(waited_ns)
        loop_ns, self._began_ns = self._loop_ns(done, now_ns - self._began_ns), now_ns
        self._readings.account(run, loop_ns, fixed_ns, waited_ns)
        cost = run.cost_totals
        if cost.includes_start and self._has_started(steps, cost.loop_ns):
            cost.exclude_start()
        self._max_interval_ns = _MAX_INTERVAL_NS if run.viewers.present else _MAX_INTERVAL_UNSEEN_NS
        if done:
            self.timing.add_steps(done, loop_ns, budget.credit - credit)
            if run.ranks is not None:
                self._process_series.record(run, steps, done, loop_ns)

    def _waited_ns(self, watching_ns: int) -> int:
        """Return the part of the cost of a step for which the loop would have waited otherwise."""
        if self._pace.rate is None:
            return 0
        unwatched_left_ns = self._pace.left_ns() + watching_ns
        waited_ns = min(watching_ns, max(0, unwatched_left_ns))
        self._readings.spare_time.adapt(made_late=watching_ns > unwatched_left_ns > 0)
        self._pace.waited_ns += waited_ns
        return waited_ns

    def _loop_ns(self, steps: int, ns: int) -> int:
        """Return the time that the loop spent on these steps, without pauses."""
        usual_ns = int(steps * self.timing.step_ns)
        is_pause = usual_ns and ns > usual_ns * _PAUSE_RATIO
        return usual_ns if is_pause and ns - usual_ns > _PAUSE_NS else ns

    def _steps_until_reading(self, run: Run, now_ns: int, steps: int) -> tuple[int, bool]:
        """Return the number of steps without readings, and whether the next one reads norms.

        The number is 0 if steps must be accounted for before the next one.
        """
        if not self.timing.known:
            return 0, False
        readings, timing = self._readings, self.timing
        until_close = timing.steps_in(self._max_interval_ns - (now_ns - self._began_ns))
        required = min(readings.next_required_step, _last_step_after(run, steps))
        rest = min(required - steps - 1, until_close, _MAX_STEPS)
        credit = readings.budget.credit + (steps - self._accounted) * timing.earned
        to_norms = readings.norms.budget.steps_until_due(timing, credit, now_ns, steps)
        if to_norms < rest:
            return int(to_norms), True
        return max(0, int(rest)), False

    def _has_started(self, steps: int, loop_ns: int) -> bool:
        if self._pace.has_spare_time:
            return steps >= _STARTUP_PACED_STEPS
        if loop_ns >= _STARTUP_MAX_NS:
            return steps >= _STARTUP_MIN_STEPS
        return loop_ns >= _STARTUP_NS and steps >= _STARTUP_STEPS


def _last_step_after(run: Run, steps: int) -> float:
    """Return the number of the run's last step if it is known and yet to come, else infinity."""
    last = run.total_steps
    return math.inf if last is None or last <= steps else last
