"""When the rules are evaluated during training, and the user's callback for new findings.

Rules are evaluated at the end of a step: at first when the number of steps has doubled, later every
few seconds, as their share of the budget allows. A page that displays the run also evaluates them,
on the publisher thread.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import Protocol

from labkit.run import Finding, Run
from labkit.run.error_text import described

OnFinding = Callable[[Finding], object]

_FIRST_STEP = 4
_GROWTH = 2
"""Factor between the numbers of steps at which rules are evaluated."""
_INTERVAL_NS = 1_000_000_000
"""Time after the last evaluation at which the next one is due, in ns.

Twice as long while a page displays the run, as the publisher then evaluates the rules.
"""
_EXPECTED_NS = 5_000_000
"""Assumed time of the first evaluation, in ns."""
_MAX_DEBT_NS = 20_000_000
"""Maximum debt after an evaluation that took longer than the last one, in ns: the first does."""
_SHARE_OF_BUDGET = 1 / 12
"""Share of the budget for evaluating rules, after the start of the run."""


class Rules(Protocol):
    """Rules that can be evaluated on a run."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the rules."""

    def evaluate(self, run: Run, *, wait: bool = True) -> tuple[Finding, ...]:
        """Return the findings, the most severe first, and record them in the run's log.

        Parameters
        ----------
        run : Run
        wait : bool
            Whether to wait for an evaluation on another thread; otherwise the findings of the
            previous evaluation are returned.
        """


class NoRules:
    """Rules of a run without findings."""

    ids: tuple[str, ...] = ()

    def evaluate(self, run: Run, *, wait: bool = True) -> tuple[Finding, ...]:
        """Return no findings."""
        return ()


class Evaluation:
    """Evaluates the rules on one run, and calls the user's callback for new findings.

    Parameters
    ----------
    rules : Rules
    on_finding : callable or None
        Called with each new `Finding`, on the training thread at the end of a step.
    budget : float
        Fraction of the loop's time that watching may take, 0 to 1; can be set.
    """

    def __init__(self, rules: Rules, on_finding: OnFinding | None, budget: float) -> None:
        self._rules = rules
        self._on_finding = on_finding
        self.budget = budget
        self._due_step = _FIRST_STEP
        self._last_ns = time.perf_counter_ns()
        self._cost_ns = _EXPECTED_NS
        self._credit_ns = 0.0
        self._is_start = True
        """Whether the run is in its start, which may spend more and is not part of its cost."""
        self._loop_ns = 0
        """The loop's time up to which credit was earned, in ns, with its waits for the pace."""
        self._announced: set[int] = set()
        """Ids of the entries of the run's log for which the callback was called."""
        self._requested = False
        """Whether a request to the training thread is queued."""
        self._calling = threading.Lock()

    def findings(self, run: Run) -> tuple[Finding, ...]:
        """Return the findings of a run; on any thread. The callback is called at a step's end."""
        found = self._rules.evaluate(run)
        self._evaluated(run)
        if self._on_finding is not None and not self._requested and self._new_entries(run):
            self._request(run, self.announce)
        return found

    def after_plan(self, run: Run) -> None:
        """Request an evaluation at the end of this step, if it is due; on the training thread."""
        cost = run.cost_totals
        if self._is_start and not cost.includes_start:
            self._is_start, self._credit_ns = False, min(0.0, self._credit_ns)
        share = self.budget * (1 if self._is_start else _SHARE_OF_BUDGET)
        loop_ns = cost.loop_ns + run.control.pace.waited_ns
        self._credit_ns += share * (loop_ns - self._loop_ns)
        self._loop_ns = loop_ns
        if self._requested or self._credit_ns < self._cost_ns:
            return
        interval_ns = _INTERVAL_NS * (2 if run.viewers.present else 1)
        is_due = run.steps >= self._due_step
        if is_due or time.perf_counter_ns() - self._last_ns > interval_ns:
            self._request(run, self._evaluate)

    def before_end(self, run: Run) -> None:
        """Call the callback for new findings of the whole run; on the training thread."""
        if self._on_finding is not None:
            self._rules.evaluate(run)
            self.announce(run)

    def announce(self, run: Run) -> None:
        """Call the callback for each entry of the run's log for which it was not called.

        Raises
        ------
        BaseException
            An interrupt that the callback raises. Any `Exception` becomes a notice.
        """
        if self._on_finding is None or not self._calling.acquire(blocking=False):
            return
        try:
            for number, finding in self._new_entries(run):
                self._announced.add(number)
                self._call(run, self._on_finding, finding)
            self._announced &= {entry.id for entry in run.findings_history}
        finally:
            self._calling.release()

    def _call(self, run: Run, on_finding: OnFinding, finding: Finding) -> None:
        try:
            on_finding(finding)
        except Exception as error:  # noqa: BLE001 - an error of the callback must not end training
            run.add_notice("findings", f"on_finding failed for {finding.rule}: {described(error)}.")

    def _new_entries(self, run: Run) -> list[tuple[int, Finding]]:
        return [
            (entry.id, entry.finding)
            for entry in run.findings_history
            if entry.id not in self._announced and not entry.silenced
        ]

    def _evaluate(self, run: Run) -> None:
        began_ns = time.thread_time_ns()
        self._rules.evaluate(run, wait=False)
        self._evaluated(run)
        spent_ns = time.thread_time_ns() - began_ns
        self._cost_ns = max(spent_ns, self._cost_ns // 2)
        self._credit_ns = max(-_MAX_DEBT_NS, min(0.0, self._credit_ns - spent_ns))
        if not run.control.pace.has_spare_time:
            run.cost_totals.add_evaluating(spent_ns)
        self.announce(run)

    def _evaluated(self, run: Run) -> None:
        self._last_ns = time.perf_counter_ns()
        self._due_step = max(_FIRST_STEP, _GROWTH * run.steps)

    def _request(self, run: Run, work: Callable[[Run], None]) -> None:
        """Call a method with the run on the training thread at the end of its step."""
        reference = weakref.ref(run)

        def execute() -> None:
            self._requested = False
            run = reference()
            if run is None:
                return
            try:
                work(run)
            except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the loop
                run.add_notice("findings", f"Rules were not evaluated: {described(error)}.")

        self._requested = True
        self._requested = not run.control.submit(execute, at_step_end=True).done()
