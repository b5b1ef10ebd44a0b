"""Trainings on several threads, each checked by itself; `test_threads` runs them one by one."""

import gc
import queue
import sys
import threading
import traceback

import torch
from torch import nn
from torch.optim import optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

import labkit as lk

STEPS = 800


def network():
    return nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 16), nn.Linear(16, 1))


class Training(threading.Thread):
    """Trains a model of its own; every step's loss is `constant`, its gradients are not zero.

    Parameters
    ----------
    constant : float
    steps : int
    watched : bool
        Whether the run is opened on this very thread.
    """

    def __init__(self, constant, steps=STEPS, *, watched=False):
        super().__init__()
        self.model = network()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.0)
        self.constant, self.steps, self.watched = constant, steps, watched
        self.x = torch.randn(16, 16)
        self.made = 0
        self.wrong = None
        self.run_ = None

    def watch(self):
        self.run_ = lk.watch(self.model, show=False)
        return self.run_

    def run(self):
        try:
            if self.watched:
                with self.watch():
                    self.train(self.steps)
            else:
                self.train(self.steps)
        except BaseException:  # noqa: BLE001 - shown by the test
            self.wrong = traceback.format_exc()

    def train(self, steps):
        for _ in range(steps):
            self.step()

    def backward(self):
        self.optimizer.zero_grad()
        out = self.model(self.x).sum()
        (out - out.detach() + self.constant).backward()

    def step(self):
        self.backward()
        self.optimizer.step()
        self.made += 1

    def check(self):
        """Check that nothing was raised in the loop, and what was recorded of it."""
        assert self.wrong is None, self.wrong
        if self.run_ is not None:
            check_run(self.run_, self.made, self.constant)


def check_run(run, steps, constant, at_least=None):
    faults = [notice.text for notice in run.notices if "Error" in notice.text]
    assert not faults, faults
    if at_least is None:
        assert run.steps == steps, f"{run.steps} steps were counted, {steps} were made"
    else:
        assert at_least <= run.steps <= steps, f"{run.steps} steps were counted"
    found, values = run.series("loss")
    assert (found[1:] > found[:-1]).all(), "the steps of the loss do not rise"
    assert found[-1] == run.steps, f"the loss ends at step {found[-1]} of {run.steps}"
    assert set(values.tolist()) == {constant}, f"losses {set(values.tolist())}, not {constant}"


def together(*trainings):
    for each in trainings:
        each.start()
    for each in trainings:
        each.join()
    for each in trainings:
        each.check()


def watched_beside_unwatched():
    together(Training(1.0, watched=True), Training(2.0))


def watched_on_the_main_thread_beside_unwatched():
    mine, other = Training(1.0), Training(2.0)
    with mine.watch():
        other.start()
        mine.train(STEPS)
        other.join()
    mine.check()
    other.check()


def two_watched():
    together(Training(1.0, watched=True), Training(2.0, watched=True))


def four_watched_with_the_clock_at_its_finest():
    sys.setswitchinterval(1e-5)
    together(*(Training(float(number), 300, watched=True) for number in range(1, 5)))


def two_watched_on_the_main_thread():
    pair = [Training(1.0), Training(2.0)]
    runs = [each.watch() for each in pair]
    for each in pair:
        each.start()
    for each in pair:
        each.join()
    for run in runs:
        run.close()
    for each in pair:
        each.check()


def two_models_of_one_run_on_two_threads():
    """Losses and gradients of each; how the steps are counted together is left open."""
    pair = {"a": Training(1.0), "b": Training(2.0)}
    with lk.watch({name: each.model for name, each in pair.items()}, show=False) as run:
        together(*pair.values())
    for name, each in pair.items():
        steps, values = run.series(f"loss/{name}")
        assert (steps[1:] > steps[:-1]).all()
        assert set(values.tolist()) == {each.constant}, set(values.tolist())


def opened_on_the_main_thread_and_trained_on_another():
    training = Training(1.0)
    with training.watch():
        together(training)
    training.check()


def moved_from_thread_to_thread():
    training = Training(1.0)
    with training.watch():
        for _ in range(6):
            mover = threading.Thread(target=training.train, args=(100,))
            mover.start()
            mover.join()
            training.train(100)
    training.check()
    assert training.made == 1200


def moved_while_others_train():
    other = Training(2.0, 2000)
    other.start()
    moved_from_thread_to_thread()
    other.join()
    other.check()


def a_pass_on_one_thread_and_its_step_on_another():
    training, passes = Training(1.0), queue.Queue()

    def steps():
        while passes.get() is not None:
            training.optimizer.step()
            training.made += 1
            passes.task_done()

    with training.watch() as run:
        stepper = threading.Thread(target=steps)
        stepper.start()
        for _ in range(200):
            training.backward()
            passes.put(1)
            passes.join()
        passes.put(None)
        stepper.join()
    check_run(run, 200, 1.0)


def opened_and_closed_while_others_train():
    others = [Training(1.0, 600, watched=True), Training(2.0, 1500)]
    for each in others:
        each.start()
    while any(each.is_alive() for each in others):
        training = Training(3.0, 5)
        with training.watch():
            training.train(5)
        training.check()
    for each in others:
        each.check()


def abandoned_and_collected_while_others_train():
    others = [Training(1.0, 600, watched=True), Training(2.0, 1500)]
    for each in others:
        each.start()
    while any(each.is_alive() for each in others):
        training = Training(3.0)
        run = training.watch()
        run.cycle = run
        training.train(3)
        del run, training
        gc.collect()
    for each in others:
        each.check()


def closed_from_another_thread_while_training():
    for _ in range(10):
        training, other = Training(1.0, 400), Training(2.0, 400)
        run = training.watch()
        started = threading.Event()
        step = training.step

        def noted(step=step, training=training, started=started):
            step()
            if training.made == 50:
                started.set()

        training.step = noted
        training.start()
        other.start()
        assert started.wait(20)
        run.close()
        assert run.closed
        steps = run.steps
        training.join()
        other.join()
        assert training.wrong is None, training.wrong
        other.check()
        assert run.steps == steps, "steps were counted after close"
        check_run(run, training.made, 1.0, at_least=49)


def collected_at_every_allocation():
    gc.set_threshold(1)
    trainings = [Training(float(number), 150, watched=number != 3) for number in (1, 2, 3)]
    together(*trainings)


def the_users_own_global_hooks_come_and_go():
    """torch's own dictionary of hooks is not for several threads; the loop they belong to owns it.

    They are added and removed on the thread that trains alone, beside a watched one that does not
    touch them.
    """
    calls = []

    def hook(optimizer, args, kwargs):
        calls.append(1)

    training = Training(1.0)
    with training.watch():
        for _ in range(STEPS // 10):
            handles = [
                register_optimizer_step_pre_hook(hook),
                register_optimizer_step_post_hook(hook),
            ]
            training.train(5)
            for handle in handles:
                handle.remove()
            training.train(5)
    training.check()
    assert len(calls) == STEPS


def no_global_hook_is_added_or_removed_while_steps_run():
    def hooks():
        return [
            list(optimizer._global_optimizer_pre_hooks),
            list(optimizer._global_optimizer_post_hooks),
        ]

    training = Training(1.0)
    with training.watch():
        training.step()
        before = hooks()
        for _ in range(2000):
            training.step()
            assert hooks() == before
    training.check()


def series_are_read_on_another_thread():
    training = Training(1.0, 200)
    run = training.watch()
    training.start()
    while training.is_alive():
        for name in run.names():
            steps, values = run.series(name)
            assert len(steps) == len(values)
            assert (steps[1:] > steps[:-1]).all(), f"the steps of {name} do not rise"
        assert run.findings is not None
        run.state()
    training.join()
    run.close()
    training.check()


def values_are_logged_on_another_thread():
    training = Training(1.0, 200)
    run = training.watch()
    training.start()
    while training.is_alive():
        run.log(seen=1.0)
    training.join()
    run.close()
    training.check()
    steps, values = run.series("seen")
    assert set(values.tolist()) <= {1.0}
    assert (steps[1:] >= steps[:-1]).all()


def paused_resumed_and_stopped_from_another_thread():
    training, other = Training(1.0, 10**7), Training(2.0)
    run = training.watch()

    def loop():
        with run:
            training.train(training.steps)

    thread = threading.Thread(target=loop)
    thread.start()
    other.start()
    for _ in range(20):
        run.pause()
        run.resume()
    run.stop()
    thread.join(20)
    assert not thread.is_alive(), "the loop was not stopped"
    assert run.status == "stopped"
    other.join()
    other.check()
    # The step in which a stop is taken may end before the loop has counted it.
    check_run(run, training.made + 1, 1.0, at_least=training.made)


SCENARIOS = (
    watched_beside_unwatched,
    watched_on_the_main_thread_beside_unwatched,
    two_watched,
    four_watched_with_the_clock_at_its_finest,
    two_watched_on_the_main_thread,
    two_models_of_one_run_on_two_threads,
    opened_on_the_main_thread_and_trained_on_another,
    moved_from_thread_to_thread,
    moved_while_others_train,
    a_pass_on_one_thread_and_its_step_on_another,
    opened_and_closed_while_others_train,
    abandoned_and_collected_while_others_train,
    closed_from_another_thread_while_training,
    collected_at_every_allocation,
    the_users_own_global_hooks_come_and_go,
    no_global_hook_is_added_or_removed_while_steps_run,
    series_are_read_on_another_thread,
    values_are_logged_on_another_thread,
    paused_resumed_and_stopped_from_another_thread,
)
