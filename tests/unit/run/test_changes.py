"""The public face of changes to a training: what is refused at once, and the events."""

import math
import threading
from decimal import Decimal

import pytest

from labkit.run import Run
from labkit.run.hyperparameters import ParameterGroup, TunableModule
from labkit.run.run_event import MAX_EVENTS, EventLog


class FakeTuner:
    """Adds an event for each change."""

    def __init__(self, run):
        self.run = run
        self.in_step = False

    def groups(self):
        values = {"lr": 0.1, "betas": (0.9, 0.999)}
        return (ParameterGroup("0", 4, values, values),)

    def modules(self):
        return (TunableModule("encoder", 10, 0, 0),)

    def is_in_step(self):
        return self.in_step

    def adjust(self, adjustment):
        log = self.run.event_log
        return tuple(
            log.add(self.run.steps, name, "0", 0.1, value, text=f"{name} changed")
            for name, value in adjustment.values.items()
        )

    def freeze(self, path):
        return self.run.event_log.add(self.run.steps, "freeze", path, text=f"{path} frozen")

    def thaw(self, path):
        raise ValueError(f"labkit has frozen no parameter of {path!r}")

    def undo(self, event):
        return self.run.event_log.take_back(event.id, self.run.steps)


class FakeModel:
    """A live model of which only the tuner is used."""

    def __init__(self, run):
        self.tuner = FakeTuner(run)

    def write(self):
        pass

    def steps(self):
        return 3

    def device_memory(self):
        return None

    def findings(self):
        return ()

    def code_ended(self):
        """Do nothing: no passes follow."""

    def before_end(self):
        pass


@pytest.fixture
def run():
    run = Run("demo")
    run.attach(FakeModel(run))
    run.control.owner = threading.get_ident()
    return run


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({}, TypeError, "nothing to change; it takes lr, momentum, betas, weight_decay"),
        ({"lr": -1}, ValueError, "lr=-1 was given, but the learning rate must be 0 or more"),
        ({"lr": "fast"}, TypeError, "lr='fast' was given"),
        ({"lr": True}, TypeError, "lr=True was given"),
        ({"lr": math.nan}, ValueError, "must be 0 or more"),
        ({"lr": math.inf}, ValueError, "must be 0 or more"),
        ({"lr": 10**400}, ValueError, "must be 0 or more"),
        ({"momentum": 1.0}, ValueError, "from 0 to below 1"),
        ({"betas": 0.9}, TypeError, "two numbers, each from 0 to below 1"),
        ({"betas": (0.9, 0.99, 0.999)}, TypeError, "two numbers"),
        ({"betas": (0.9, 1.5)}, ValueError, r"run.adjust\(betas=\(0.9, 0.99\)\)"),
        ({"weight_decay": [0.1]}, TypeError, "weight decay must be 0 or more"),
        ({"lr": 0.1, "schedule": "fix"}, ValueError, "neither 'scale'"),
        ({"group": 1, "lr": 0.1}, ValueError, "no parameter group '1'; there is: '0' with lr"),
        ({"group": 1.5, "lr": 0.1}, TypeError, "the name or the number of a parameter group"),
        ({"group": 0, "momentum": 0.5}, ValueError, "Parameter group '0' has no momentum"),
    ],
)
def test_bad_arguments_raise_at_once(run, given, error, text):
    with pytest.raises(error, match=text):
        run.adjust(**given)
    assert run.events == ()


@pytest.mark.parametrize("lr", [1, 0, -0.0, Decimal("0.25")])
def test_any_number_is_a_rate(run, lr):
    (event,) = run.adjust(lr=lr)
    assert event.after == float(lr)
    assert not event.text.endswith("-0")


def test_modules_and_events_are_checked(run):
    with pytest.raises(ValueError, match=r"no module 'decoder' with .* there is: 'encoder'"):
        run.freeze("decoder")
    with pytest.raises(TypeError, match=r"run.thaw\(0\) takes the path of a module, not int"):
        run.thaw(0)
    with pytest.raises(ValueError, match="labkit has frozen no parameter"):
        run.thaw("encoder")
    with pytest.raises(TypeError, match="takes an event of this run, not int"):
        run.undo(3)
    other = Run("other")
    event = other.event_log.add(1, "freeze", "encoder", text="frozen elsewhere")
    with pytest.raises(ValueError, match="not one of this run's"):
        run.undo(event)


def test_a_run_without_a_model_says_so():
    run = Run("demo")
    assert run.parameter_groups == ()
    for change in (lambda: run.adjust(lr=0.1), lambda: run.freeze("encoder")):
        with pytest.raises(RuntimeError, match="trains no model in this process"):
            change()
    run.budget = 0.2
    assert run.budget == 0.2


def test_a_change_within_a_step_waits_for_its_end(run):
    run.live.tuner.in_step = True
    assert run.freeze("encoder") == ()
    assert run.thaw("encoder") == ()
    assert run.events == ()
    run.control.at_step_end()
    assert [event.text for event in run.events] == ["encoder frozen"]
    assert "labkit has frozen no parameter" in run.notices[0].text


def test_a_change_of_another_thread_is_refused_when_the_run_ends(run):
    refusals = []

    def change():
        try:
            run.freeze("encoder")
        except RuntimeError as error:
            refusals.append(str(error))

    person = threading.Thread(target=change)
    person.start()
    while not run.control.pending:  # until the request is queued
        pass
    run.close()
    person.join()
    assert refusals == ["The run has ended, so nothing was changed."]


def test_events_are_in_the_frames(run):
    run.log(accuracy=0.5)
    assert "event" not in run.to_frame()
    run.adjust(lr=0.01, betas=(0.8, 0.9))
    run.undo(run.events[0])
    frame = run.to_frame()
    assert frame.columns[-1] == "event"
    assert frame.index.name == "step"
    assert frame["event"][3] == "lr changed; taken back: lr changed; betas changed"
    events = run.events_frame()
    assert events["kind"].tolist() == ["lr", "betas"]
    assert events["taken_back"][0] == 3
    assert events.columns[0] == "step"


def test_the_newest_events_are_stored():
    log = EventLog()
    for step in range(MAX_EVENTS + 5):
        log.add(step, "freeze", "encoder", text="frozen")
    assert (len(log.all()), log.dropped, log.all()[0].step) == (MAX_EVENTS, 5, 5)
