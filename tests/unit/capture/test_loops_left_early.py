"""Loops that may have fewer steps than iterations: their number of steps is a limit."""

import pytest


def with_break(loop):
    for number in range(10):
        loop.step()
        if number == 4:
            break


def with_break_before_the_step(loop):
    for _epoch in range(2):
        for number in range(10):
            if number == 4:
                break
            loop.step()


def with_return(loop):
    for number in range(10):
        for _ in range(2):
            loop.step()
            if number == 4:
                return


def with_continue_before_the_step(loop):
    for number in range(10):
        if number > 5:
            continue
        loop.step()


def with_step_in_a_branch(loop):
    for number in range(10):
        if number < 6:
            loop.step()


def with_step_in_a_case(loop):
    for number in range(10):
        match number:
            case 8 | 9:
                pass
            case _:
                loop.step()


def with_step_after_what_may_fail(loop):
    for number in range(10):
        try:
            assert number < 6
        except AssertionError:
            pass
        else:
            loop.step()


def in_function_that_returns(loop):
    def epoch():
        for number in range(10):
            loop.step()
            if number == 3:
                return

    for _ in range(2):
        epoch()


@pytest.mark.parametrize(
    "train",
    [
        with_break,
        with_break_before_the_step,
        with_return,
        with_continue_before_the_step,
        with_step_in_a_branch,
        with_step_in_a_case,
        with_step_after_what_may_fail,
        in_function_that_returns,
    ],
)
def test_the_number_of_steps_is_a_limit(loop, train):
    limits = []
    with loop.watch() as run:
        original = loop.record

        def record():
            original()
            limits.append(run.total_steps is None or run.state().may_end_early)

        loop.record = record
        train(loop)
    assert loop.totals[2] is not None
    assert all(limits)


def with_break_of_another_loop(loop):
    for _ in range(6):
        loop.step()
        for number in range(3):
            if number:
                break


def with_break_in_another_function(loop):
    for _ in range(6):

        def first():
            for number in range(3):
                if number:
                    return

        loop.step()
        first()


def with_continue_after_the_step(loop):
    for number in range(6):
        loop.step()
        if number % 2:
            continue
        loop.backward()


def with_step_in_try(loop):
    for _ in range(6):
        try:
            loop.step()
        finally:
            pass


@pytest.mark.parametrize(
    "train",
    [
        with_break_of_another_loop,
        with_break_in_another_function,
        with_continue_after_the_step,
        with_step_in_try,
    ],
)
def test_the_number_of_steps_is_exact(loop, train):
    with loop.watch() as run:
        train(loop)
        assert not run.state().may_end_early
    assert loop.known == {6}


def test_a_total_that_was_exceeded_is_not_used(loop):
    with loop.watch() as run:
        run.total_steps = 3
        for _ in range(5):
            loop.step()
        run.total_steps = 2
        assert run.total_steps == 5
    assert loop.totals == [3, 3, 3, 5, 5]
