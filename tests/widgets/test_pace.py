"""The pace in the messages of a run: a frame for each step, and requests of a page."""

import threading

import pytest
import torch
import torch.nn.functional as F

import labkit as lk
from labkit.run import Run
from labkit.run.control.pace import Pace
from labkit.views import publisher
from labkit.views.frame_rate import FrameRate

from .pages import Page

STEPS = 6


@pytest.fixture
def run():
    run = Run("demo")
    yield run
    run.close()


@pytest.mark.parametrize("pace", [1, 20, 0.5 + 2, 1000, None])
def test_a_page_sets_the_pace_and_receives_the_state(run, pace, monkeypatch):
    run.pace = 7
    page = Page(run, monkeypatch)
    page.ask({"type": "pace", "pace": pace, "request": 41})
    assert page.answer_to(41)["type"] == "acknowledged"
    assert run.pace == pace
    assert page.first(lambda content: content.get("run", {}).get("pace") == pace)


@pytest.mark.parametrize("pace", [0, 1001, "fast", True, [20]])
def test_an_invalid_pace_of_a_page_is_refused(run, pace, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask({"type": "pace", "pace": pace, "request": 41})
    assert page.answer_to(41)["type"] == "refused"
    assert run.pace is None


def test_an_ended_run_answers_a_request(run, monkeypatch):
    run.close()
    page = Page(run, monkeypatch)
    page.ask({"type": "pace", "pace": 5, "request": 41})
    assert page.answer_to(41)["type"] == "acknowledged"


class StoppedClock:
    """A clock that the test advances, so that a loop waits for as long as the test wants."""

    now_ns = 0

    def __call__(self):
        return self.now_ns


@pytest.mark.parametrize("pace", [1, 10])
def test_each_step_has_a_frame_when_it_ends(pace, monkeypatch):
    for name in ("MIN_INTERVAL_SECONDS", "_PACED_INTERVAL_SECONDS"):
        monkeypatch.setattr(publisher, name, 3600.0)  # no frame is due without a step
    monkeypatch.setattr(FrameRate, "has_viewer", lambda rate, now: True)
    clock = StoppedClock()
    monkeypatch.setattr("labkit.run.control.control.Pace", lambda: Pace(clock))
    torch.manual_seed(0)
    model, x = torch.nn.Linear(3, 1), torch.randn(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, pace=pace, show=False)
    page = Page(run, monkeypatch)
    begins = threading.Barrier(2, timeout=10)

    def loop():
        begins.wait()
        for _ in range(STEPS):
            optimizer.zero_grad()
            F.mse_loss(model(x), x[:, :1]).backward()
            optimizer.step()

    thread = threading.Thread(target=loop)
    thread.start()
    begins.wait()
    for step in range(1, STEPS + 1):
        frame = page.first(lambda content, step=step: content.get("run", {}).get("step") == step)
        kinds = {table["kind"] for table in frame["tables"]}
        assert {"loss", "grad_norm", "act_mean", "weight_norm"} <= kinds
        clock.now_ns += 2 * 10**9 // pace
        run.control.submit(lambda: None)  # wakes the loop
    thread.join(timeout=10)
    assert not thread.is_alive()
    run.close()
