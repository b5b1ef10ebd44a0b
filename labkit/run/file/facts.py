"""What a run's file says of the run as a whole."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import replace
from typing import Literal

from labkit.run.config import plain_config
from labkit.run.error_text import described
from labkit.run.file.saved_run import SavedRun
from labkit.run.file.writer import process_namespace
from labkit.run.finding import SEVERITIES, Finding
from labkit.run.findings_log import FindingsLog
from labkit.run.state import FINAL_STATUSES, RunState


def writer_facts() -> dict[str, object]:
    """Return which process writes the file, and when it last did."""
    return {
        "process": os.getpid(),
        "host": platform.node(),
        "namespace": process_namespace(),
        "written_at": time.time(),
    }


FileEnd = Literal["process", "copy"]


def run_facts(run: SavedRun, end: FileEnd | None = None) -> dict[str, object]:
    """Return the state, the configuration and the progress of a run, by the names in the file.

    The status is final if something ends the file before the run has ended.
    """
    observed, log = run.observations, run.findings_log
    state = run.state() if end is None else _final(run.state(), end)
    facts: dict[str, object] = {
        "id": run.id,
        "name": str(run.name),
        "started_at": run.started_at,
        "config": plain_config(run.config),
        "note": str(run.note or ""),
        "environment": run.environment,
        "model": run.model,
        "setup": run.setup,
        "state": state,
        "findings": run.findings if state.status in FINAL_STATUSES else _evaluated(log),
        "rules": {"known": log.rules, "ignored": log.ignored, "dropped": log.dropped},
        "progress": {
            "epochs": [list(knot) for knot in run.epochs.begun.knots()],
            "seconds": [list(knot) for knot in run.step_times.knots()],
        },
        "logged": {series.name: series.logged for series in run.sample_log.series()},
        "loading_seconds": observed.loading_ns / 1e9,
    }
    if run.ranks is not None:
        facts |= {"ranks": run.ranks, "shards": dict(run.shard_counts)}
    groups = run.parameter_groups
    if groups:  # an ended run has none
        facts["parameter_groups"] = groups
    return facts


def _evaluated(log: FindingsLog) -> list[Finding]:
    """Return the findings of the last evaluation, the most severe first.

    The training thread evaluates the rules from time to time; a further evaluation at each write
    would take some milliseconds of it.
    """
    found = [entry.finding for entry in log.entries() if entry.holds]
    shown = [finding for finding in found if finding.rule not in log.ignored]
    return sorted(shown, key=lambda finding: SEVERITIES.index(finding.severity))


def _final(state: RunState, end: FileEnd) -> RunState:
    """Return the state of a run whose file ends."""
    if state.status in FINAL_STATUSES:
        return state
    if end == "copy":
        message = f"this file was saved after step {state.step:,}, while the run went on"
        return replace(state, status="stopped", message=message, remaining=None)
    error = getattr(sys, "last_value", None)  # what has ended the main program, if anything
    if isinstance(error, KeyboardInterrupt):
        return replace(state, status="interrupted", message="the process was interrupted")
    if isinstance(error, BaseException):
        return replace(state, status="failed", message=f"the process ended: {described(error)}")
    return replace(state, status="finished", message=None)
