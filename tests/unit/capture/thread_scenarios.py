"""Training on several threads; `test_threads` runs each scenario in a separate process."""

import gc
import queue
import sys
import threading

from torch.optim import optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

import labkit as lk

from .thread_training import STEPS, Training, check_run, together


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


def four_watched_with_short_switch_intervals():
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
    """Each model has its losses; the common number of steps is not checked."""
    pair = {"a": Training(1.0), "b": Training(2.0)}
    with lk.watch({name: each.model for name, each in pair.items()}, show=False) as run:
        together(*pair.values())
    for name, each in pair.items():
        steps, values = run.series(f"loss/{name}")
        assert (steps[1:] > steps[:-1]).all()
        assert set(values.tolist()) == {each.constant}, set(values.tolist())


def a_pass_of_another_model_on_another_thread_within_a_pass():
    """The gradients that the other pass changes are not counted for the pass around it."""
    pair = {"a": Training(1.0), "b": Training(2.0)}
    first, second = pair.values()

    def within_the_pass(gradient):
        other = threading.Thread(target=second.backward)
        other.start()
        other.join()

    with lk.watch({name: each.model for name, each in pair.items()}, show=False) as run:
        for each in (first, second):
            each.train(20)
        for _ in range(20):
            handle = first.model[0].weight.register_hook(within_the_pass)
            first.step()
            handle.remove()
            second.optimizer.step()
    for name, each in pair.items():
        _, values = run.series(f"loss/{name}")
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


def collected_at_every_allocation():
    gc.set_threshold(1)
    trainings = [Training(float(number), 150, watched=number != 3) for number in (1, 2, 3)]
    together(*trainings)


def the_user_adds_and_removes_global_optimizer_hooks():
    """Hooks added and removed on the training thread are called at every step.

    The global hook dictionary of torch is not thread-safe, so only this thread changes it.
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


TRAINING_SCENARIOS = (
    watched_beside_unwatched,
    watched_on_the_main_thread_beside_unwatched,
    two_watched,
    four_watched_with_short_switch_intervals,
    two_watched_on_the_main_thread,
    two_models_of_one_run_on_two_threads,
    a_pass_of_another_model_on_another_thread_within_a_pass,
    opened_on_the_main_thread_and_trained_on_another,
    moved_from_thread_to_thread,
    moved_while_others_train,
    a_pass_on_one_thread_and_its_step_on_another,
    collected_at_every_allocation,
    the_user_adds_and_removes_global_optimizer_hooks,
    no_global_hook_is_added_or_removed_while_steps_run,
)
