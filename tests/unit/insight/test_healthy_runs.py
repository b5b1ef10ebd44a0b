"""Runs without a defect have no finding, at any time."""

import threading
import weakref

import pytest
import torch

import labkit as lk

from .healthy import RUNS

SIGNED = {
    # The backbone requires gradients that are computed at every step and never used: setting
    # requires_grad to False makes the steps faster. The weights are as intended either way.
    "linear_probe": {"not-in-optimizer"},
}
"""Rules whose findings about a run are right although the training is."""
WITH_NOTICE = {"updates_by_hand"}
"""Runs in which something cannot be recorded."""


@pytest.mark.parametrize("make", RUNS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_healthy_run_has_no_finding_at_any_time(make, seed, shown_findings):
    torch.manual_seed(seed)
    run = make()
    assert run.steps >= 50
    signed = SIGNED.get(make.__name__, set())
    found = {finding.rule: finding.message for finding in (*shown_findings, *run.findings)}
    assert {rule: message for rule, message in found.items() if rule not in signed} == {}
    assert make.__name__ in WITH_NOTICE or run.notices == ()


@pytest.fixture
def shown_findings(monkeypatch):
    """All findings during the runs, polled on another thread as a dashboard does."""
    runs, findings, ended = [], [], threading.Event()
    original = lk.Run.__init__

    def init(run, *args, **kwargs):
        original(run, *args, **kwargs)
        runs.append(weakref.ref(run))

    def poll():
        while not ended.wait(0.02):
            for run in [reference() for reference in list(runs)]:
                findings.extend(run.findings if run is not None and run.steps else ())

    monkeypatch.setattr(lk.Run, "__init__", init)
    poller = threading.Thread(target=poll)
    poller.start()
    yield findings
    ended.set()
    poller.join()
