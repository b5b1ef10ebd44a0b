"""Evaluation of all rules on a run, cached until something new is recorded."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule
from labkit.insight.rules import RULES
from labkit.run import Run
from labkit.run.error_text import described
from labkit.run.finding import Finding

_SEVERITY_ORDER = {"error": 0, "warning": 1, "hint": 2}


class RuleEvaluator:
    """Evaluates rules on one run. Thread-safe.

    The findings are those of the newest evaluation: they change, appear and disappear with the
    recorded data.

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
        self._rules = tuple(rules)
        self._lock = threading.Lock()
        self._evaluated: tuple[object, ...] = ()
        self._findings: tuple[Finding, ...] = ()
        self._faulty: set[str] = set()

    def evaluate(self, run: Run) -> tuple[Finding, ...]:
        """Return the findings, most severe first.

        The previous findings are returned if the step, status, graph and number of series have not
        changed.

        Parameters
        ----------
        run : Run
            Running or ended; the same in every call.
        """
        with self._lock:
            state = (run.steps, run.status, run.graph, len(run.names()))
            if state != self._evaluated:
                self._findings = self._evaluate_all(run)
                self._evaluated = state
            return self._findings

    def _evaluate_all(self, run: Run) -> tuple[Finding, ...]:
        evidence = Evidence(run)
        candidates = [self._evaluate_rule(rule, evidence) for rule in self._rules]
        found = [finding for finding in candidates if finding is not None]
        names = {finding.rule for finding in found}
        explained = {
            rule.id
            for rule in self._rules
            if names & (names - {rule.id} if "*" in rule.explained_by else set(rule.explained_by))
        }
        reported = [finding for finding in found if finding.rule not in explained]
        return tuple(sorted(reported, key=lambda finding: _SEVERITY_ORDER[finding.severity]))

    def _evaluate_rule(self, rule: Rule, evidence: Evidence) -> Finding | None:
        if rule.id in self._faulty:
            return None
        try:
            with np.errstate(all="ignore"):  # no warnings in the user's output
                return rule.evaluate(evidence)
        except Exception as error:  # noqa: BLE001 - the other rules must still be evaluated
            self._faulty.add(rule.id)
            evidence.run.add_notice(
                "findings",
                f"The rule {rule.id} failed and is not asked again. ({described(error)})",
            )
            return None
