"""Runs without a defect have no finding."""

import threading
import weakref

import pytest
import torch

import labkit as lk

from .sound_loops import SOUND


@pytest.mark.parametrize("make", SOUND, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_sound_run_has_no_finding_at_any_time(make, seed, shown_findings):
    torch.manual_seed(seed)
    run = make()
    assert run.steps >= 50
    assert [finding.message for finding in (*shown_findings, *run.findings)] == []
    assert run.notices == ()


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
