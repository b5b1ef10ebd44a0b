"""Closing a run: callbacks, errors, interrupts and several threads."""

import copy
import pickle
import threading

import pytest

from labkit.run import Run


def raising(error):
    def callback():
        raise error

    return callback


class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("an error without a text")


@pytest.mark.parametrize("error", [ZeroDivisionError("zero"), UnprintableError(), IndexError()])
def test_a_close_callback_that_raises_becomes_a_notice_and_the_others_run(error):
    called = []
    with Run() as run:
        run.on_close(lambda: called.append(1))
        run.on_close(raising(error))
        run.on_close(lambda: called.append(2))
    assert called == [1, 2]
    assert run.status == "finished"
    (notice,) = run.notices
    assert type(error).__name__ in notice.text


def test_an_error_in_the_block_propagates_unchanged():
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught, Run() as run:
        run.on_close(raising(ZeroDivisionError()))
        raise error
    assert caught.value is error
    assert (run.status, run.message) == ("failed", "the loop raised ValueError: mine")


def test_an_error_whose_str_raises_propagates_unchanged():
    with pytest.raises(UnprintableError), Run() as run:
        raise UnprintableError
    assert run.message == "the loop raised UnprintableError"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_close_callback_is_raised_after_all_callbacks(interrupt):
    called = []
    run = Run()
    run.on_close(raising(interrupt()))
    run.on_close(lambda: called.append(1))
    with pytest.raises(interrupt):
        run.close()
    assert called == [1]
    assert run.closed


def test_close_callbacks_run_once_when_several_threads_close():
    called = []
    run = Run()
    for number in range(50):
        run.on_close(lambda number=number: called.append(number))
    start = threading.Barrier(8)

    def close():
        start.wait(timeout=10)
        run.close()

    threads = [threading.Thread(target=close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert called == list(range(50))


def test_a_close_callback_can_close_the_run_and_wait_for_another_thread_that_closes_it():
    run = Run()

    def close_elsewhere():
        run.close()
        thread = threading.Thread(target=run.close)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()

    run.on_close(close_elsewhere)
    run.close()
    assert not run.notices


def test_a_close_callback_added_after_closing_runs_at_once():
    run = Run()
    called = []
    run.on_close(lambda: run.on_close(lambda: called.append(1)))
    run.close()
    run.on_close(lambda: called.append(2))
    assert called == [1, 2]


def test_a_removed_close_callback_is_not_called():
    run = Run()
    called = []
    take_back = run.on_close(lambda: called.append(1))
    take_back()
    take_back()
    run.close()
    take_back()
    assert not called


def test_an_ended_run_cannot_be_entered_as_it_would_record_nothing():
    with Run("first") as run:
        run.log(accuracy=0.5)
    with pytest.raises(RuntimeError, match=r"'first' has ended \(finished\).*Watch anew"), run:
        pass
    assert run.status == "finished"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_run_is_neither_copied_nor_pickled(duplicate):
    with pytest.raises(TypeError, match=r"cannot be copied or pickled.*to_frame"):
        duplicate(Run())
