"""What a trainer says of its loop: how it is stopped, its epochs and its length."""

import pytest

from labkit.run import Control, Run, Stopped
from labkit.run.loop_length import LoopLength


def test_a_trainer_ends_its_loop_once_instead_of_an_exception():
    control, calls = Control(), []
    control.stop_request.ends_by(lambda: calls.append("stop"))
    control.stop()
    assert control.pending
    control.at_step_end()
    control.at_step_end()
    assert (calls, control.stopping, control.pending) == (["stop"], True, False)


def test_a_trainer_that_goes_on_can_be_paused_and_asked_again():
    control, calls = Control(), []
    control.stop_request.ends_by(lambda: calls.append("stop"))
    control.stop()
    control.at_step_end()
    control.pause()
    assert control.pausing
    control.stop()
    control.at_step_end()
    assert calls == ["stop", "stop"]


def test_an_interrupt_is_raised_unless_the_trainer_takes_it():
    control, calls = Control(), []
    control.stop_request.ends_by(lambda: calls.append("stop"))
    control.interrupt(lambda: True)
    with pytest.raises(KeyboardInterrupt):
        control.at_step_end()
    control.stop_request.ends_by(lambda: calls.append("stop"), takes_interrupts=True)
    control.interrupt(lambda: True)
    control.at_step_end()
    assert calls == ["stop"]


def test_without_a_trainer_an_exception_ends_the_loop():
    control = Control()
    control.stop_request.ends_by(lambda: None)
    control.stop_request.ends_by(None)
    control.stop()
    with pytest.raises(Stopped):
        control.at_step_end()


def test_a_run_that_a_trainer_has_stopped_is_stopped():
    with Run() as run:
        run.control.stop_request.ends_by(lambda: None)
        run.stop()
        run.control.at_step_end()
    assert run.status == "stopped"


def interrupt():
    raise KeyboardInterrupt


def test_an_exit_after_an_interrupt_is_an_interrupt():
    run = Run()
    with pytest.raises(SystemExit), run:
        try:
            interrupt()
        except KeyboardInterrupt:
            raise SystemExit(1)  # noqa: B904 - as Lightning raises it
    assert run.status == "interrupted"


def test_an_exit_after_a_stop_is_a_stop_and_is_raised():
    run = Run()
    with pytest.raises(SystemExit), run:
        run.stop()
        try:
            run.control.at_step_end()
        except KeyboardInterrupt:
            raise SystemExit(1)  # noqa: B904 - as Lightning raises it
    assert run.status == "stopped"


def test_an_exit_of_the_code_itself_is_a_failure():
    run = Run()
    with pytest.raises(SystemExit), run:
        raise SystemExit(1)
    assert run.status == "failed"


def test_epochs_of_a_trainer_take_the_place_of_counted_ones():
    run = Run()
    run.advance_to(1)
    run.begin_epoch(50)
    run.set_epoch(1, steps=25)
    run.advance_to(25)
    run.set_epoch(2, steps=25)
    run.begin_epoch(50)
    assert (run.epoch, run.steps_per_epoch) == (2, 25)
    start = run.epoch_start
    assert (start.number, start.step, start.steps) == (2, 25, 25)


def test_the_length_that_a_trainer_gives_comes_after_that_of_the_user():
    run = Run()
    run.set_loop_length(LoopLength(0, 10, is_exact=True, source="for i in range(10)"))
    run.set_given_length(LoopLength(0, 20, is_exact=True, source="a trainer"))
    assert (run.total_steps, run.state().length_source) == (20, "a trainer")
    run.total_steps = 30
    assert run.total_steps == 30
    run.total_steps = None
    run.set_given_length(None)
    assert run.total_steps == 10
