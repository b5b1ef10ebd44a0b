"""Changes of the training that a page requests: applied by the training thread, or refused."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from labkit.run.control.control import Stopped
from labkit.views import tuning
from labkit.views.run_updates import RunUpdates

from .pages import HELLO, Page


class Training:
    """A loop on a thread of its own, and a page that displays its run."""

    def __init__(self, monkeypatch):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.run = lk.watch(self.model, show=False)
        self.page = Page(self.run, monkeypatch, acknowledges=True)
        self.may_step = threading.Event()
        self.may_step.set()
        self.thread = threading.Thread(target=self._train)
        self.thread.start()
        self.page.first(lambda content: content["type"] == "frame" and content["run"]["step"] > 5)

    def _train(self):
        x, y = torch.randn(16, 4), torch.randn(16, 1)
        try:
            while True:
                self.may_step.wait()
                self.optimizer.zero_grad()
                F.mse_loss(self.model(x), y).backward()
                self.optimizer.step()
        except Stopped:
            self.run.close()

    def ask(self, type, request=41, **more):
        self.page.ask({"type": type, "request": request, **more})
        return self.page.answer_to(request)

    def set_rate(self, value, request=41, **more):
        given = {"group": "0", "quantity": "lr", "value": [value], "schedule": "scale", **more}
        return self.ask("adjust", request, **given)

    def first_tuning(self, name, wanted):
        """Wait for a message that contains a part of the tuning, and return the part."""

        def has(content):
            return name in content.get("tuning", {}) and wanted(content["tuning"][name])

        return self.page.first(has)["tuning"][name]

    def end(self):
        self.may_step.set()
        self.run.stop()
        self.thread.join()


@pytest.fixture
def training(monkeypatch):
    loop = Training(monkeypatch)
    yield loop
    loop.end()


def test_a_change_is_acknowledged_and_sent_as_an_event(training):
    assert training.set_rate(0.01)["type"] == "acknowledged"
    (event,) = training.first_tuning("events", bool)
    assert event["text"] == "learning rate of group 0: 0.1 → 0.01"
    (group,) = training.first_tuning(
        "groups", lambda groups: groups[0]["values"][0]["used"] == [0.01]
    )
    assert group["values"][0]["own"] == [0.1]
    assert training.ask("undo", 42, event=event["id"])["type"] == "acknowledged"
    (undone,) = training.first_tuning("events", lambda events: events[0]["taken_back"] is not None)
    assert undone["taken_back"] >= event["step"]


def test_a_module_is_frozen_and_thawed(training):
    assert training.ask("freeze", module="0", frozen=True)["type"] == "acknowledged"
    modules = training.first_tuning("modules", lambda modules: modules[0]["frozen_here"] > 0)
    assert modules[0] == {
        "path": "0",
        "type": "Linear",
        "parameters": 40,
        "frozen": 40,
        "frozen_here": 40,
    }
    assert training.ask("freeze", 42, module="0", frozen=False)["type"] == "acknowledged"
    assert training.ask("freeze", 43, module="0", frozen=False)["type"] == "refused"


def test_a_budget_is_changed(training):
    assert training.ask("budget", budget=0.2)["type"] == "acknowledged"
    assert training.run.budget == 0.2


@pytest.mark.parametrize(
    ("type", "content", "reason"),
    [
        ("adjust", {"value": [-1]}, "must be 0 or more"),
        ("adjust", {"value": []}, "nothing to change"),
        ("adjust", {"value": ["fast"]}, "must be 0 or more"),
        ("adjust", {"group": "9"}, "no parameter group '9'"),
        ("adjust", {"quantity": "betas", "value": [0.9, 0.9]}, "has no betas"),
        ("adjust", {"schedule": "odd"}, "neither 'scale'"),
        ("adjust", {"quantity": "eps"}, "does not know this message"),
        ("freeze", {"module": "9", "frozen": True}, "no module '9'"),
        ("freeze", {"module": "0", "frozen": False}, "labkit has frozen no parameter"),
        ("budget", {"budget": 0}, "above 0 and up to 1"),
        ("budget", {"budget": "much"}, "takes a number"),
        ("undo", {"event": 10**9}, "not one of this run's"),
    ],
)
def test_what_is_not_possible_is_refused_with_the_reason(training, type, content, reason):
    base = {"group": "0", "quantity": "lr", "value": [0.1], "schedule": "scale"}
    reply = training.ask(type, **{**(base if type == "adjust" else {}), **content})
    assert reply["type"] == "refused"
    assert reason in reply["reason"]
    assert training.run.events == ()


def test_a_change_that_waits_for_a_long_step_is_acknowledged_before(training):
    training.may_step.clear()
    assert training.set_rate(0.01)["type"] == "acknowledged"
    training.may_step.set()
    training.first_tuning("events", bool)


def test_a_snapshot_contains_all_and_a_frame_what_changed(training):
    training.page.ask(HELLO)
    snapshot = training.page.first(lambda content: content["type"] == "snapshot")
    assert [group["name"] for group in snapshot["tuning"]["groups"]] == ["0"]
    assert [module["path"] for module in snapshot["tuning"]["modules"]] == ["0", "2"]
    assert snapshot["tuning"]["events"] == []


def test_frames_without_changes_contain_none():
    model = nn.Linear(2, 1)
    with lk.watch(model, show=False) as run:
        updates = RunUpdates(run)
        updates.snapshot()
        assert "tuning" not in updates.frame().content


def test_what_is_sent_is_bounded():
    model = nn.Sequential(*[nn.Sequential(nn.Linear(1, 1)) for _ in range(400)])
    groups = [{"params": [parameter], "lr": 0.1} for parameter in model.parameters()]
    optimizer = torch.optim.SGD(groups)
    with lk.watch(model, show=False) as run:
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()
        run.adjust(lr=0.01)
        sent = tuning.tuning(run)
    assert len(run.events) == 800
    assert len(sent["groups"]) == tuning.MAX_GROUPS
    assert len(sent["modules"]) == tuning.MAX_MODULES
    assert {module["path"].count(".") for module in sent["modules"]} == {0}
    assert len(sent["events"]) == tuning.MAX_EVENTS
