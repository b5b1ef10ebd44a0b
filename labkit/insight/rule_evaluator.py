"""Evaluation of all rules on a run, cached until something new is recorded."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule
from labkit.insight.rules import RULES
from labkit.insight.withdrawal import describe_change, is_contradicted
from labkit.run import Run
from labkit.run.error_text import described
from labkit.run.finding import CERTAINTIES, SEVERITIES, Finding


class RuleEvaluator:
    """Evaluates rules on one run. Thread-safe.

    The findings are those of the newest evaluation: they change, appear and disappear with the
    recorded data. While one holds, its first step does not increase. A finding about layers that
    have stopped learning is kept until they learn again.

    Parameters
    ----------
    rules : sequence of Rule, optional
        By default all rules of labkit.

    Examples
    --------
    >>> run = Run("demo")
    >>> table = run.add_table("loss", "loss", ["loss"])
    >>> table.append(1, float("nan"))
    >>> [finding.rule for finding in RuleEvaluator().evaluate(run)]
    ['loss-not-finite']
    """

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._lock = threading.Lock()
        self._thread: int | None = None
        """The thread that evaluates rules."""
        self._evaluated: tuple[object, ...] = ()
        self._findings: tuple[Finding, ...] = ()
        self._matched: dict[str, Finding] = {}
        """The findings by rule, with the steps of their newest evaluation."""
        self._came: dict[str, int] = {}
        """Number of completed steps when each finding of the last evaluation came, by rule."""
        self._faulty: set[str] = set()

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the rules."""
        return tuple(self._rules)

    def evaluate(self, run: Run, *, wait: bool = True) -> tuple[Finding, ...]:
        """Return the findings, most severe first, and record them in the run's `findings_log`.

        Of equally severe findings the most certain come first.

        The previous findings are returned if nothing that rules depend on has changed, and by a
        finalizer that reads the findings during an evaluation on its thread.

        Parameters
        ----------
        run : Run
            Running or ended; the same in every call.
        wait : bool
            Whether to wait for an evaluation on another thread; otherwise the previous findings are
            returned.
        """
        me = threading.get_ident()
        if self._thread == me or not self._lock.acquire(blocking=wait):
            return self._findings
        try:
            self._thread = me
            state = _state(run)
            if state != self._evaluated:
                with np.errstate(all="ignore"):  # no warnings in the user's output
                    self._evaluate_all(run)
                self._evaluated = state
            return self._findings
        finally:
            self._thread = None
            self._lock.release()

    def _evaluate_all(self, run: Run) -> None:
        evidence = Evidence(run)
        before = self._matched
        candidates = {
            rule.id: finding
            for rule in self._rules.values()
            if (finding := self._evaluate_rule(rule, evidence)) is not None
        }
        for id, finding in before.items():
            if self._is_kept(id, finding, candidates, evidence):
                candidates[id] = finding
        came = {id: self._came.get(id, evidence.steps) for id in candidates}
        explained = {id: by for id in self._rules if (by := self._explanation(id, came))}
        reported = [
            candidates[id] for id in self._rules if id in candidates and id not in explained
        ]
        gone = {
            id: f"explained by {explained[id]}"
            if id in explained and (id in candidates or explained[id] not in before)
            else describe_change(finding, evidence)
            for id, finding in before.items()
            if id in explained or id not in candidates
        }
        self._came = {finding.rule: came[finding.rule] for finding in reported}
        self._matched = {finding.rule: finding for finding in reported}
        first = {finding.rule: finding.steps[0] for finding in self._findings}
        shown = [_continued(finding, first.get(finding.rule, math.inf)) for finding in reported]
        run.findings_log.record(shown, gone, evidence.steps, run.elapsed)
        self._findings = tuple(sorted(shown, key=_rank))

    def _is_kept(
        self,
        id: str,
        finding: Finding,
        candidates: Mapping[str, Finding],
        evidence: Evidence,
    ) -> bool:
        """Return whether a finding about stopped layers is kept without a match of its rule."""
        stopped = self._rules[id].about_stopped_layers and id not in candidates
        return stopped and not is_contradicted(finding, evidence)

    def _explanation(self, id: str, came: Mapping[str, int]) -> str | None:
        """Return the id of a rule whose finding suppresses that of a rule; None without one.

        `came` are the steps at which the findings came, by rule.
        """
        rule = self._rules[id]
        for other, step in came.items():
            if other == id or not {other, "*"} & set(rule.explained_by):
                continue
            is_earlier = id in came and came[id] < step
            if not (
                is_earlier and rule.about_stopped_layers and self._rules[other].about_standstill
            ):
                return other
        return None

    def _evaluate_rule(self, rule: Rule, evidence: Evidence) -> Finding | None:
        if rule.id in self._faulty:
            return None
        try:
            return rule.evaluate(evidence)
        except Exception as error:  # noqa: BLE001 - the other rules must still be evaluated
            self._faulty.add(rule.id)
            evidence.run.add_notice(
                "findings",
                f"The rule {rule.id} failed and is not asked again. ({described(error)})",
            )
            return None


def _continued(finding: Finding, before: float) -> Finding:
    """Return a finding with the first step that it had before.

    Rules look at the newest rows, so their first step moves on with the run.
    """
    first, last = finding.steps
    return finding if first <= before else replace(finding, steps=(int(before), last))


def _state(run: Run) -> tuple[object, ...]:
    """Return what changes whenever rules may find something new, also before the first step."""
    observed = run.observations
    without_step = (observed.passes_before_first_step, len(observed.skipped))
    return run.steps, run.status, run.graph, len(run.names()), without_step, observed.scaler_factor


def _rank(finding: Finding) -> tuple[int, int]:
    return SEVERITIES.index(finding.severity), CERTAINTIES.index(finding.certainty)
