import threading
import weakref

import pytest
import torch

import labkit as lk

SEEDS = 0, 1, 2


def pytest_generate_tests(metafunc):
    """Train each run of a file's `HEALTHY` with one of the seeds, or with all (`make healthy`)."""
    if not {"make", "seed"} <= set(metafunc.fixturenames):
        return
    every = metafunc.config.getoption("--all-seeds")
    cases = [
        pytest.param(make, seed, id=f"{make.__name__}-{seed}")
        for number, make in enumerate(metafunc.module.HEALTHY)
        for seed in (SEEDS if every else SEEDS[number % len(SEEDS) :][:1])
    ]
    metafunc.parametrize(("make", "seed"), cases)


@pytest.fixture(autouse=True)
def one_thread():
    """Limit torch to one thread, as the test workers share the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
