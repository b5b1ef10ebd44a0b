"""Scenarios of heavy use; `test_hammer` runs each in a separate process."""

import gc
import itertools
import os
import random
import threading
import time
import traceback

import numpy as np
import torch
from torch import nn

import labkit as lk
from labkit.views.channel import RunChannel
from tests.unit.capture.thread_training import Training, check_run
from tests.widgets.pages import received
from tests.widgets.reassembly import Reassembly

SECONDS = float(os.environ.get("LABKIT_HAMMER_SECONDS", "30"))
ANSWER_SECONDS = 10.0
"""The time limit for the answer to a request."""
ENDLESS = 10**9


class TimedTraining(Training):
    """Trains until the time is over or `ended` is set."""

    def __init__(self, constant, seconds=SECONDS, *, watched=False):
        super().__init__(constant, ENDLESS, watched=watched)
        self.seconds = seconds
        self.ended = threading.Event()

    def train(self, steps):
        ends = time.monotonic() + self.seconds
        while time.monotonic() < ends and not self.ended.is_set():
            for _ in range(20):
                self.step()


class RecordingChannel(RunChannel):
    """A channel that stores its messages by the request that they answer."""

    def __init__(self, run):
        self.arrived = threading.Condition()
        self.answers = {}
        self.snapshots = self.graphs = 0
        self.reassembly = Reassembly()
        super().__init__(run)

    def send(self, content, buffers=None):
        with self.arrived:
            whole = self.reassembly.whole(content, buffers)
            if whole is None:
                return
            content, buffers = whole
            if "request" in content:
                self.answers[content["request"]] = (content, buffers)
            elif content["type"] == "graph":
                self.graphs += 1
            elif content["type"] == "snapshot":
                self.snapshots += 1
            self.arrived.notify_all()

    def await_answer(self, key):
        with self.arrived:
            answered = self.arrived.wait_for(lambda: key in self.answers, ANSWER_SECONDS)
            assert answered, f"no answer to {key} within {ANSWER_SECONDS} s"
            return self.answers.pop(key)


class RequestThread(threading.Thread):
    """Sends requests as a page does, each after the answer to the one before."""

    def __init__(self, channel, numbers, training, run):
        super().__init__()
        self.channel, self.numbers, self.training, self.watched = channel, numbers, training, run
        self.requested = dict.fromkeys(("inspect", "histograms", "subjects", "picture", "graph"), 0)
        self.refused = self.values_seen = 0
        self.error = None

    def run(self):
        try:
            names = [name for name, _ in self.training.model.named_parameters()]
            for name in itertools.cycle(names):
                if not self.training.is_alive():
                    return
                self.request_values(name)
                self.read()
        except BaseException:  # noqa: BLE001 - shown by the test
            self.error = traceback.format_exc()

    def request_answer(self, type, **content):
        request = next(self.numbers)
        self.requested[type] += 1
        self.channel._on_message(None, {"type": type, "request": request, **content}, [])
        answer, buffers = self.channel.await_answer(request)
        self.refused += answer["type"] == "refused"
        return None if answer["type"] == "refused" else (answer, buffers)

    def request_values(self, name):
        self.check_values(name, self.request_answer("inspect", name=name))
        self.request_answer("histograms", names=[name], bins="even", step=None)
        found = self.request_answer("subjects")
        for subject in (found[0]["subjects"] if found else [])[:2]:
            self.request_answer(
                "picture", module=subject["module"], kind=subject["kind"], step=None
            )
        graph = self.watched.graph
        if graph is not None:
            self.requested["graph"] += 1
            question = {"type": "graph", "signature": graph.signature}
            self.channel._on_message(None, question, [])

    def check_values(self, name, found):
        """Check the values of a parameter, which are constant at a learning rate of 0."""
        if found is None or found[0]["value"] is None:
            return
        answer, buffers = found
        numbers = np.frombuffer(buffers[answer["value"]["numbers"]], "<f8")
        weight = dict(self.training.model.named_parameters())[name].detach()
        expected = [weight.min().item(), weight.max().item(), weight.mean().item()]
        assert np.allclose(numbers[:3], expected, rtol=1e-4, atol=1e-6), (name, numbers, expected)
        self.values_seen += 1

    def read(self):
        for name in self.watched.names():
            steps, values = self.watched.series(name)
            assert len(steps) == len(values)
            assert (steps[1:] > steps[:-1]).all(), f"the steps of {name} do not rise"
        assert self.watched.findings is not None
        assert self.watched.state().step <= self.training.made + 1
        assert self.watched.graphs is not None
        with self.channel.arrived:
            before = self.channel.snapshots
        hello = {"type": "hello", "protocol": self.channel.protocol, "again": True}
        self.channel._on_message(None, hello, [])
        with self.channel.arrived:
            came = self.channel.arrived.wait_for(
                lambda: self.channel.snapshots > before, ANSWER_SECONDS
            )
        assert came, "no snapshot for a page that came"
        self.channel._on_message(None, received(1), [])


def inspected_by_three_threads():
    """A watched loop, while three threads send requests of all kinds."""
    training = TimedTraining(1.0)
    run = lk.watch(training.model, show=False, budget=0.3)
    channel = RecordingChannel(run)
    training.run_ = run
    numbers = itertools.count(1)
    training.start()
    requesters = [RequestThread(channel, numbers, training, run) for _ in range(3)]
    for each in requesters:
        each.start()
    for each in (*requesters, training):
        each.join()
    # After the end of the loop, requests are still answered or refused in time.
    last = RequestThread(channel, numbers, training, run)
    last.request_values("0.weight")
    run.close()
    last.request_values("0.weight")
    for each in requesters:
        assert each.error is None, each.error
        assert each.requested["inspect"] >= 5, each.requested
    assert sum(each.values_seen for each in requesters) >= 5, "hardly a question had an answer"
    graphs = sum(each.requested["graph"] for each in (*requesters, last))
    with channel.arrived:
        assert channel.arrived.wait_for(lambda: channel.graphs >= graphs, ANSWER_SECONDS)
    training.check()


def two_watched_and_two_unwatched():
    """Four models on four threads, two of them watched."""
    trainings = [TimedTraining(float(number), watched=number <= 2) for number in (1, 2, 3, 4)]
    for each in trainings:
        each.start()
    for each in trainings:
        each.join()
    for each in trainings:
        each.check()
        assert each.made >= 20


def opened_abandoned_and_collected():
    """Runs are opened and ended while others train, with garbage collection at every allocation."""
    gc.set_threshold(1)
    trainings = [TimedTraining(float(number), watched=number <= 2) for number in (1, 2, 3)]
    for each in trainings:
        each.start()
    opened = 0
    while any(each.is_alive() for each in trainings):
        for way in ("closed", "abandoned", "cycle", "unused", "with", "model first"):
            open_and_leave(way)
            opened += 1
    for each in trainings:
        each.check()
        assert each.made >= 20
    assert opened >= 6


def open_and_leave(way):
    """Open a run and end it in a given way."""
    training = Training(3.0)
    run = training.watch()
    if way == "unused":
        return
    training.train(4)
    if way == "closed":
        run.close()
        check_run(run, 4, 3.0)
    elif way == "cycle":
        run.itself = run
        run.on_close(lambda run=run: run)
    elif way == "with":
        with run:
            training.train(2)
        check_run(run, 6, 3.0)
    elif way == "model first":
        training.model = training.optimizer = None
        gc.collect()
        check_run(run, 4, 3.0)


def many_small_models():
    """Four threads each open runs of new models, and train them for some steps."""
    errors, ends = [], time.monotonic() + SECONDS / 2  # some 20 models a second

    def loop(constant, way):
        try:
            while time.monotonic() < ends:
                training = Training(constant)
                run = training.watch() if way != "unwatched" else None
                training.train(30)
                if way == "closed":
                    run.close()
                if run is not None:
                    check_run(run, 30, constant)
                training.check()
        except BaseException:  # noqa: BLE001 - shown by the test
            errors.append(traceback.format_exc())

    ways = enumerate(("closed", "abandoned", "abandoned", "unwatched"), 1)
    threads = [threading.Thread(target=loop, args=(float(k), way)) for k, way in ways]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not errors, errors[0]


def several_networks():
    """Models with activations, batch norm and dropout, one of them paused repeatedly."""
    torch.manual_seed(0)
    trainings = [TimedTraining(float(number), watched=number < 3) for number in (1, 2, 3)]
    for each in trainings:
        each.model = nn.Sequential(
            nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1)
        )
        each.optimizer = torch.optim.SGD(each.model.parameters(), lr=0.0)
        each.start()
    while any(each.is_alive() for each in trainings):
        run = trainings[0].run_
        if run is not None and not run.closed:
            run.pause()
            run.step()
            run.resume()
            run.pace = random.choice((None, 2, 100, 1000))
        time.sleep(0.01)
    for each in trainings:
        each.check()


SCENARIOS = (
    inspected_by_three_threads,
    two_watched_and_two_unwatched,
    opened_abandoned_and_collected,
    many_small_models,
    several_networks,
)
