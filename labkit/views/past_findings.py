"""Builds the history of a run's findings that the page displays."""

from __future__ import annotations

from labkit.run import FindingEntry, Run
from labkit.run.findings_log import RUN_ENDED
from labkit.views.messages.run import FindingsHistory, PastFinding, SilencedRule


def findings_history(run: Run) -> FindingsHistory:
    """Return the findings that have gone, newest first, and the silenced rules of a run.

    Findings that held at the end of the run are not among them, as `Run.findings` has them.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.ignore("plateau")
    >>> findings_history(run)["silenced"]
    [{'rule': 'plateau', 'severity': None, 'message': None, 'holds': False}]
    """
    entries = run.findings_history
    ignored = run.ignored
    newest = {entry.finding.rule: entry for entry in entries}
    past = [
        _past(entry, entry.ended_step, entry.reason or "")
        for entry in reversed(entries)
        if entry.ended_step is not None
        and entry.reason != RUN_ENDED
        and entry.finding.rule not in ignored
    ]
    return {
        "rules": len(run.findings_log.rules),
        "silenced": [_silenced(rule, newest.get(rule)) for rule in ignored],
        "past": past,
        "dropped": run.findings_log.dropped,
    }


def _past(entry: FindingEntry, ended_step: int, reason: str) -> PastFinding:
    finding = entry.finding
    return {
        "id": entry.id,
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "steps": list(finding.steps),
        "step": entry.step,
        "ended_step": ended_step,
        "reason": reason,
    }


def _silenced(rule: str, entry: FindingEntry | None) -> SilencedRule:
    finding = None if entry is None else entry.finding
    return {
        "rule": rule,
        "severity": None if finding is None else finding.severity,
        "message": None if finding is None else finding.message,
        "holds": entry is not None and (entry.holds or entry.reason == RUN_ENDED),
    }
