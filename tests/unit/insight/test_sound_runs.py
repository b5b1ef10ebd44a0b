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
    """Everything that a dashboard would have shown of the runs while they went on."""
    runs, seen, over = [], [], threading.Event()
    make = lk.Run.__init__

    def noted(run, *args, **kwargs):
        make(run, *args, **kwargs)
        runs.append(weakref.ref(run))

    def look():
        while not over.wait(0.02):
            for run in [reference() for reference in list(runs)]:
                seen.extend(run.findings if run is not None and run.steps else ())

    monkeypatch.setattr(lk.Run, "__init__", noted)
    looker = threading.Thread(target=look)
    looker.start()
    yield seen
    over.set()
    looker.join()
