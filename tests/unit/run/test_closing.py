"""Closing a run: once, whole, whatever its parts do and whoever asks for it."""

import threading

import pytest

from labkit.run import Run


def raising(error):
    def closer():
        raise error

    return closer


class WordlessError(Exception):
    def __str__(self):
        raise RuntimeError("an error without a text")


@pytest.mark.parametrize("error", [ZeroDivisionError("zero"), WordlessError(), IndexError()])
def test_a_closer_that_raises_becomes_a_notice_and_the_others_are_called(error):
    called = []
    with Run() as run:
        run.on_close(lambda: called.append(1))
        run.on_close(raising(error))
        run.on_close(lambda: called.append(2))
    assert called == [1, 2]
    assert run.status == "finished"
    (notice,) = run.notices
    assert type(error).__name__ in notice.text


def test_the_users_own_error_passes_unchanged():
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught, Run() as run:
        run.on_close(raising(ZeroDivisionError()))
        raise error
    assert caught.value is error
    assert (run.status, run.message) == ("failed", "the loop raised ValueError: mine")


def test_an_error_without_a_text_passes_unchanged():
    with pytest.raises(WordlessError), Run() as run:
        raise WordlessError
    assert run.message == "the loop raised WordlessError"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_closer_is_delivered_after_all_have_been_called(interrupt):
    called = []
    run = Run()
    run.on_close(raising(interrupt()))
    run.on_close(lambda: called.append(1))
    with pytest.raises(interrupt):
        run.close()
    assert called == [1]
    assert run.closed


def test_several_threads_close_a_run_once():
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


def test_a_closer_may_close_the_run_and_wait_for_another_thread_that_does():
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


def test_a_closer_that_comes_late_is_called_at_once():
    run = Run()
    called = []
    run.on_close(lambda: run.on_close(lambda: called.append(1)))
    run.close()
    run.on_close(lambda: called.append(2))
    assert called == [1, 2]


def test_a_closer_that_was_taken_back_is_not_called():
    run = Run()
    called = []
    take_back = run.on_close(lambda: called.append(1))
    take_back()
    take_back()
    run.close()
    take_back()
    assert not called
