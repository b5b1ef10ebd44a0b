"""What the main thread does with a model while it trains in the background."""

import copy
import threading

import pytest
import torch

import labkit as lk
from labkit.run.control.request_queue import RequestRefusedError

from .loops import Loop

SECONDS = 30


@pytest.fixture
def training():
    """A loop that trains in the background, and its task."""
    loop = Loop()

    def train():
        with lk.watch(loop.model, show=False):
            loop.train()

    task = lk.background(train)
    loop.await_steps()
    yield loop, task
    loop.ending.set()
    assert task.wait(SECONDS)


def weights(loop):
    return copy.deepcopy(loop.model.state_dict())["weight"]


def test_a_held_loop_takes_no_step_and_continues(training):
    loop, task = training
    with task.held():
        before = weights(loop)
        steps = loop.steps
        task.wait(0.1)
        assert torch.equal(weights(loop), before)
        assert loop.steps == steps
    loop.await_steps()
    assert not torch.equal(weights(loop), before)


def test_a_loop_that_is_held_can_be_stopped(training):
    _, task = training
    with task.held():
        task.stop()
        assert not task.wait(0.1)
    assert task.wait(SECONDS)
    assert task.status == "stopped"


def test_graphs_of_a_model_in_training_change_nothing():
    """A graph restores the model after its forward pass, which must not undo steps of the loop."""
    loop, alone = Loop(), Loop()
    alone.model.load_state_dict(loop.model.state_dict())

    def train():
        with lk.watch(loop.model, show=False):
            loop.train()

    task = lk.background(train)
    for _ in range(30):
        loop.await_steps(3)
        lk.graph.capture(loop.model, loop.inputs)
        lk.graph(loop.model, loop.inputs).close()
        lk.graph(loop.model(loop.inputs).sum(), model=loop.model).close()
    loop.ending.set()
    task.result(SECONDS)
    for _ in range(loop.steps):
        alone.step()
    assert torch.equal(weights(loop), weights(alone))


def test_the_stepper_walks_through_a_model_in_training(training):
    loop, _ = training
    walk = lk.stepper.walk(lambda: loop.model(loop.inputs).square().mean())
    assert walk.events
    lk.stepper(lambda: loop.model(loop.inputs).square().mean()).close()
    loop.await_steps()


def test_a_cell_that_holds_a_loop_may_hold_it_again_and_change_it(training):
    loop, task = training
    (run,) = lk.Run.open_runs()
    with task.held():
        before, steps = weights(loop), loop.steps
        with task.held():
            graph = lk.graph.capture(loop.model, loop.inputs)
        assert graph.nodes
        (event,) = run.adjust(lr=0.001)
        run.undo(event)
        run.budget = 0.5
        assert run.inspect("weight") is not None
        with pytest.raises(RuntimeError, match="is held by this block, so that it cannot end"):
            task.result()
        assert torch.equal(weights(loop), before)
        assert loop.steps == steps
    assert [each.kind for each in run.events] == ["lr", "budget"]
    loop.await_steps()


def test_a_loop_that_is_not_watched_cannot_be_held(monkeypatch):
    monkeypatch.setattr("labkit.run.background.task.CELL_SECONDS", 0.1)
    loop = Loop()
    task = lk.background(loop.train)
    loop.await_steps()
    with pytest.raises(RequestRefusedError, match="trains no watched model at present"):
        task.held()
    loop.ending.set()
    assert task.wait(SECONDS)
    with task.held():  # nothing to hold
        assert task.done


def test_a_loop_is_held_that_opens_its_watch_in_a_moment():
    loop, may_open = Loop(), threading.Event()

    def train():
        may_open.wait(SECONDS)
        with lk.watch(loop.model, show=False):
            loop.train()

    task = lk.background(train)
    threading.Timer(0.05, may_open.set).start()
    with task.held():
        before = weights(loop)
        assert not task.wait(0.1)
        assert torch.equal(weights(loop), before)
    loop.ending.set()
    assert task.wait(SECONDS)
