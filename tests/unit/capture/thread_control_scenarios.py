"""Runs that are opened, closed, read, logged to and stopped while other threads train."""

import gc
import sys
import threading

from .thread_training import Training, check_run


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
        assert training.error is None, training.error
        other.check()
        assert run.steps == steps, "steps were counted after close"
        check_run(run, training.made, 1.0, at_least=49)


def series_are_read_on_another_thread():
    _switch_often()
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
    _switch_often()
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


def _switch_often():
    """Shorten the switch interval, which each operation of torch waits for beside a busy thread."""
    sys.setswitchinterval(1e-4)


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
    # The step that ends with the stop may be recorded before the loop counts it.
    check_run(run, training.made + 1, 1.0, at_least=training.made)


CONTROL_SCENARIOS = (
    opened_and_closed_while_others_train,
    abandoned_and_collected_while_others_train,
    closed_from_another_thread_while_training,
    series_are_read_on_another_thread,
    values_are_logged_on_another_thread,
    paused_resumed_and_stopped_from_another_thread,
)
