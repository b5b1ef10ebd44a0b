"""Asks all rules about a run, as often as something new was recorded."""

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

_ORDER = {"error": 0, "warning": 1, "hint": 2}


class RuleEvaluator:
    """Finds what is wrong with a run.

    A finding appears once for each rule, changes with what is recorded, and is withdrawn when the
    rule sees it no more.

    Parameters
    ----------
    rules : sequence of Rule, optional
        All that labkit has by default.

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
        """Return what is wrong, the gravest first.

        Parameters
        ----------
        run : Run
            Growing or ended.
        """
        with self._lock:
            state = (run.steps, run.status, run.graph, len(run.names()))
            if state != self._evaluated:
                self._findings = self._ask(run)
                self._evaluated = state
            return self._findings

    def _ask(self, run: Run) -> tuple[Finding, ...]:
        evidence = Evidence(run)
        found = [each for rule in self._rules if (each := self._one(rule, evidence)) is not None]
        names = {finding.rule for finding in found}
        explained = {
            rule.id
            for rule in self._rules
            if names & (names - {rule.id} if "*" in rule.explained_by else set(rule.explained_by))
        }
        told = [finding for finding in found if finding.rule not in explained]
        return tuple(sorted(told, key=lambda finding: _ORDER[finding.severity]))

    def _one(self, rule: Rule, evidence: Evidence) -> Finding | None:
        if rule.id in self._faulty:
            return None
        try:
            with np.errstate(all="ignore"):  # an overflow is no matter for the user's terminal
                return rule.evaluate(evidence)
        except Exception as error:  # noqa: BLE001 - a fault of one rule must not silence the others
            self._faulty.add(rule.id)
            evidence.run.add_notice(
                "findings",
                f"The rule {rule.id} failed and is not asked again. ({described(error)})",
            )
            return None
