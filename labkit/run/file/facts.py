"""What a run's file says of the run as a whole."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import replace

from labkit.run.error_text import described
from labkit.run.file.saved_run import SavedRun
from labkit.run.state import FINAL_STATUSES, RunState


def writer_facts() -> dict[str, object]:
    """Return which process writes the file, and when it last did."""
    return {
        "process": os.getpid(),
        "host": platform.node(),
        "written_at": time.time(),
    }


def run_facts(run: SavedRun, *, process_ends: bool = False) -> dict[str, object]:
    """Return the state, the configuration and the progress of a run, by the names in the file.

    With `process_ends`, the status is final.
    """
    observed, log = run.observations, run.findings_log
    facts: dict[str, object] = {
        "id": run.id,
        "name": run.name,
        "config": run.config,
        "note": run.note,
        "environment": run.environment,
        "model": run.model,
        "setup": run.setup,
        "state": _final(run.state()) if process_ends else run.state(),
        "findings": run.findings,
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


def _final(state: RunState) -> RunState:
    """Return the state of a run whose process ends."""
    if state.status in FINAL_STATUSES:
        return state
    error = getattr(sys, "last_value", None)  # what has ended the main program, if anything
    if isinstance(error, BaseException):
        return replace(state, status="failed", message=f"the process ended: {described(error)}")
    return replace(state, status="finished", message=None)
