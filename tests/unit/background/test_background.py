"""`lk.background` outside of a notebook: results, errors, stopping, and one loop for each model."""

import contextvars
import functools
import gc
import threading
import traceback
import weakref

import pytest
import torch

import labkit as lk

from .loops import Loop

SECONDS = 30


@pytest.fixture
def begin():
    """Return a function that starts a task, which is ended after the test."""
    tasks = []

    def begin_(function, *args, **kwargs):
        tasks.append(lk.background(function, *args, **kwargs))
        return tasks[-1]

    yield begin_
    for task in tasks:
        while not task.wait(0.2):
            task.stop()


@pytest.fixture
def loop():
    return Loop()


def watched(loop, runs=None):
    def train():
        with lk.watch(loop.model, show=False) as run:
            if runs is not None:
                runs.append(run)
            loop.train()

    return train


def test_the_result_and_the_arguments_are_those_of_the_function(begin):
    task = begin(lambda *args, **kwargs: (args, kwargs), 1, 2, key=3)
    assert task.result(SECONDS) == ((1, 2), {"key": 3})
    assert task.done
    assert task.status == "finished"
    assert task.wait()


def test_the_function_runs_on_another_thread_and_the_call_returns_at_once(begin):
    proceed = threading.Event()
    task = begin(proceed.wait, SECONDS)
    assert not task.done
    assert task.status == "running"
    assert not task.wait(0.01)
    with pytest.raises(TimeoutError, match=r"has not ended within 0\.01 s; it runs on"):
        task.result(0.01)
    proceed.set()
    assert task.result(SECONDS) is True


def test_an_error_is_printed_and_raised_by_result_each_time(begin, capsys):
    def fails():
        raise ValueError("no such layer")

    task = begin(fails)
    depths = []
    for _ in range(2):
        with pytest.raises(ValueError, match="no such layer") as raised:
            task.result(SECONDS)
        depths.append(len(traceback.extract_tb(raised.value.__traceback__)))
    assert depths[0] == depths[1]
    assert traceback.extract_tb(raised.value.__traceback__)[-1].name == "fails"
    assert task.status == "failed"
    printed = capsys.readouterr().err
    assert "ValueError: no such layer" in printed
    assert "labkit" not in printed


def test_what_is_not_callable_is_refused_with_an_example():
    with pytest.raises(TypeError, match=r"takes a function, not list.*lk\.background\(train\)"):
        lk.background([1])


async def coroutine():
    """Do nothing."""


def generator():
    yield


@pytest.mark.parametrize("function", [coroutine, generator, functools.partial(generator)])
def test_a_function_whose_call_runs_nothing_is_refused(function):
    with pytest.raises(TypeError, match=r"runs nothing. Example: lk.background\(lambda: \w+"):
        lk.background(function)


def test_no_thread_is_left_when_a_stopped_loop_has_ended(begin, loop, monkeypatch):
    monkeypatch.setattr("labkit.run.background.task._STEP_SECONDS", 600)
    threads = set(threading.enumerate())
    task = begin(watched(loop))
    loop.await_steps()
    task.stop()
    assert task.wait(SECONDS)
    for thread in set(threading.enumerate()) - threads:
        thread.join(SECONDS)
        assert not thread.is_alive()


def test_a_function_in_the_background_starts_no_other_one(begin):
    task = begin(lambda: lk.background(print))
    with pytest.raises(RuntimeError, match="runs in the background itself"):
        task.result(SECONDS)


def test_a_function_cannot_wait_for_its_own_result(begin):
    tasks, started = [], threading.Event()

    def waits():
        started.wait(SECONDS)
        tasks[0].result()

    tasks.append(begin(waits))
    started.set()
    with pytest.raises(RuntimeError, match="waits for its own end"):
        tasks[0].result(SECONDS)


def test_stop_ends_a_watched_loop_at_the_end_of_a_step(begin, loop):
    runs = []
    task = begin(watched(loop, runs))
    loop.await_steps()
    task.stop()
    assert task.wait(SECONDS)
    assert task.status == "stopped"
    assert runs[0].status == "interrupted"
    # The interrupt is raised in `optimizer.step`, after the step and before the loop counts it.
    assert runs[0].steps == loop.steps + 1
    with pytest.raises(KeyboardInterrupt):
        task.result()


def test_stop_ends_a_loop_that_is_paused(begin, loop):
    runs = []
    task = begin(watched(loop, runs))
    loop.await_steps()
    runs[0].pause()
    task.stop()
    assert task.wait(SECONDS)
    assert task.status == "stopped"


def test_the_stop_of_a_run_ends_its_block_and_the_code_below_runs(begin, loop):
    after, runs = [], []

    def train():
        watched(loop, runs)()
        after.append(runs[0].status)

    task = begin(train)
    loop.await_steps()
    runs[0].stop()
    assert task.wait(SECONDS)
    assert after == ["stopped"]
    assert task.status == "stopped"
    assert task.result() is None


def test_a_loop_that_is_not_watched_is_stopped_at_once(begin, loop):
    task = begin(loop.train)
    loop.await_steps()
    task.stop()
    assert task.wait(SECONDS)
    assert task.status == "stopped"


def test_a_second_stop_does_not_wait_for_the_end_of_the_step(begin, loop):
    reached = threading.Event()

    def hangs():
        with lk.watch(loop.model, show=False):
            loop.step()
            reached.set()
            while True:
                pass

    task = begin(hangs)
    assert reached.wait(SECONDS)
    task.stop()
    assert task.status == "stopping"
    task.stop()
    assert task.wait(SECONDS)
    assert task.status == "stopped"


def test_a_step_that_does_not_end_is_interrupted_after_a_moment(begin, loop):
    reached = threading.Event()

    def hangs():
        with lk.watch(loop.model, show=False):
            loop.step()
            reached.set()
            while True:
                pass

    task = begin(hangs)
    assert reached.wait(SECONDS)
    task.stop()
    assert task.wait(SECONDS)


def test_a_run_that_was_opened_elsewhere_stops_at_the_end_of_a_step(begin, loop):
    with lk.watch(loop.model, show=False) as run:
        task = begin(loop.train)
        loop.await_steps()
        task.stop()
        assert task.wait(SECONDS)
        assert run.steps == loop.steps + 1


@pytest.fixture
def without_collections():
    """No garbage collection: Python drops an interrupt that arrives in a collector's callback.

    Hypothesis registers such a callback in a process whose tests have used it.
    """
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collections")
def test_stopping_at_any_moment_leaves_no_interrupt_behind(begin):
    """An interrupt that arrives as the function ends is not raised in labkit's own code."""
    for count in range(300):
        task = begin(lambda count: sum(range(count)), count)
        task.stop()
        assert task.wait(SECONDS)
        assert task.status in ("finished", "stopped")


def test_a_model_in_the_background_is_not_watched_elsewhere(begin, loop):
    task = begin(watched(loop))
    loop.await_steps()
    container = torch.nn.Sequential(loop.model)
    for model in (loop.model, container, {"G": loop.model}):
        with pytest.raises(RuntimeError, match=r"is trained in the background by .*train\(\)"):
            lk.watch(model, show=False)
    other = begin(watched(loop))
    with pytest.raises(RuntimeError, match="two loops on one model"):
        other.result(SECONDS)
    before = loop.steps
    loop.await_steps()
    assert loop.steps > before
    task.stop()
    assert task.wait(SECONDS)
    with lk.watch(loop.model, show=False) as run:
        loop.step()
    assert run.steps == 1


def test_other_models_are_trained_in_the_background_at_the_same_time(begin):
    loops, runs = [Loop(2), Loop(5)], []
    tasks = [begin(watched(each, runs)) for each in loops]
    for each in loops:
        each.await_steps(50)
        each.ending.set()
    assert [task.result(SECONDS) for task in tasks] == [None, None]
    assert sorted(run.steps for run in runs) == sorted(each.steps for each in loops)


def test_a_pass_through_a_model_in_the_background_is_refused(begin, loop):
    task = begin(watched(loop))
    loop.await_steps()
    with pytest.raises(RuntimeError, match="two loops on one model"):
        loop.model(loop.inputs).sum().backward()
    inputs = loop.inputs.clone().requires_grad_()
    # A step between the two passes changes the weights in place, which torch refuses.
    with loop.turn:
        (gradient,) = torch.autograd.grad(loop.model(inputs).sum(), inputs)
    assert gradient.shape == inputs.shape
    loop.await_steps()
    loop.ending.set()
    task.result(SECONDS)


def test_threads_of_the_function_train_its_model(begin, loop):
    """The refusal of a second loop concerns other cells, not what the loop itself starts."""

    def train():
        with lk.watch(loop.model, show=False) as run:
            loop.step()
            helper = threading.Thread(target=loop.step)
            helper.start()
            helper.join()
            return run.steps

    assert begin(train).result(SECONDS) == 2
    assert loop.steps == 2


def test_a_thread_of_the_same_identity_is_not_the_earlier_task(begin):
    """A run that stays open after its task does not belong to the next one."""
    first, runs = Loop(), []

    def train(loop):
        runs.append(lk.watch(loop.model, show=False))
        loop.step()

    begin(train, first).result(SECONDS)
    second = Loop()
    task = begin(watched(second))
    second.await_steps()
    with lk.watch(first.model, show=False) as run:
        first.step()
    assert run.steps == 1
    second.ending.set()
    task.result(SECONDS)


def test_a_task_that_has_ended_holds_no_model(begin):
    loop = Loop()
    loop.ending.set()
    task = begin(watched(loop))
    task.result(SECONDS)
    model = weakref.ref(loop.model)
    del loop
    gc.collect()
    assert model() is None


variable = contextvars.ContextVar("variable", default="default")


def test_context_variables_are_those_of_the_caller(begin):
    token = variable.set("of the caller")
    try:
        task = begin(variable.get)
        assert task.result(SECONDS) == "of the caller"
        begin(variable.set, "of the function").result(SECONDS)
        assert variable.get() == "of the caller"
    finally:
        variable.reset(token)
