"""The number of steps that a run is to have, read from the loops around its steps."""

import contextlib
import math
import types

import pytest
import torch

import labkit as lk

from .counted_loop import loader


def test_the_number_of_steps_is_known_after_the_second_one(loop):
    with loop.watch():
        for _ in range(2):
            for _number in range(5):
                loop.step()
    assert loop.totals == [None] + [10] * 9


def test_epochs_over_a_loader_are_counted_before_the_first_has_ended(loop):
    data = loader()
    with loop.watch() as run:
        for _ in range(4):
            for _batch in data:
                loop.step()
    assert loop.totals == [None] + [12] * 11
    assert run.state().total_steps == 12


def test_the_source_and_the_remaining_time_are_stated(loop):
    epochs = 3
    with loop.watch() as run:
        for epoch in range(epochs):
            loop.step()
            if epoch == 1:
                state = run.state()
    assert state.length_source.startswith("for epoch in range(epochs) (test_loop_length.py:")
    assert state.remaining == pytest.approx(1 / state.steps_per_second)


def of_range(loop, n):
    for _ in range(n):
        loop.step()


def of_range_with_bounds(loop, n):
    for _ in range(3, 3 + 2 * n, 2):
        loop.step()


def of_range_backwards(loop, n):
    for _ in range(n, 0, -1):
        loop.step()


def of_attribute(loop, n):
    options = types.SimpleNamespace(epochs=n)
    for _ in range(options.epochs):
        loop.step()


def of_dict(loop, n):
    options = {"epochs": n}
    for _ in range(options["epochs"]):
        loop.step()


def of_quotient(loop, n):
    x = torch.zeros(4 * n - 1, 2)
    for _ in range(math.ceil(len(x) / 4)):
        loop.step()


def of_rows(loop, n):
    x = torch.zeros(4 * n - 1, 2)
    for _ in range(0, x.shape[0], 4):
        loop.step()


def of_enumerate(loop, n):
    data = loader(4 * n)
    for _number, _batch in enumerate(data, start=1):
        loop.step()


def of_enumerated_tensor(loop, n):
    rows = torch.zeros(n, 2)
    for _number, _row in enumerate(rows):
        loop.step()


def of_zip(loop, n):
    data = loader(4 * n)
    for _number, _batch in zip(range(n + 2), data, strict=False):
        loop.step()


def of_list(loop, n):
    batches = [(torch.zeros(4, 2), torch.zeros(4)) for _ in range(n)]
    for _x, _y in batches:
        loop.step()


def of_continue(loop, n):
    for number in range(n):
        loop.step()
        if number % 2:
            continue
        loop.backward()


def of_function(loop, n):
    for _ in range(n):
        step_in_function(loop)


def step_in_function(loop):
    with contextlib.nullcontext():
        loop.step()


def of_epochs_in_function(loop, n):
    data = loader(4)
    for _ in range(n):
        train_epoch(loop, data)


def train_epoch(loop, data):
    for _batch in data:
        loop.step()


def of_context(loop, n):
    for number in range(n):
        with torch.enable_grad(), contextlib.suppress(ValueError):
            loop.step()
            if number % 2:
                raise ValueError
        try:
            continue
        finally:
            pass


@pytest.mark.parametrize(
    "train",
    [
        of_range,
        of_range_with_bounds,
        of_range_backwards,
        of_attribute,
        of_dict,
        of_quotient,
        of_rows,
        of_enumerate,
        of_enumerated_tensor,
        of_zip,
        of_list,
        of_continue,
        of_function,
        of_epochs_in_function,
        of_context,
    ],
)
def test_lengths_are_read_from(loop, train):
    with loop.watch():
        train(loop, 6)
    assert loop.totals == [None] + [6] * 5


def test_the_length_is_that_of_the_loop_though_it_is_left_early(loop):
    with loop.watch():
        for number in range(100):
            loop.step()
            if number == 4:
                break
    assert loop.totals == [None] + [100] * 4


def test_a_second_loop_counts_from_the_steps_before(loop):
    with loop.watch():
        for _ in range(4):
            loop.step()
        for _ in range(6):
            loop.step()
    assert loop.totals == [None, 4, 4, 4, None, 10, 10, 10, 10, 10]


def test_an_argument_of_a_function_is_a_length_once_it_was_the_same_twice(loop):
    with loop.watch():
        for _ in range(4):
            of_range(loop, 3)
    assert loop.totals == [None] * 3 + [12] * 9


def test_a_loop_around_the_watch_is_not_part_of_the_run(loop):
    for _ in range(3):
        with loop.watch():
            for _number in range(4):
                loop.step()
    assert loop.totals == [None, 4, 4, 4] * 3


def test_a_loop_around_a_watch_without_block_is_not_part_of_the_run(loop):
    for _ in range(3):
        run = loop.watch()
        for _number in range(4):
            loop.step()
        run.close()
    assert loop.known == {4}


def test_nothing_is_said_if_a_run_continues_in_the_loop_in_which_it_was_created(loop):
    for number in range(6):
        if number == 0:
            loop.watch()
        loop.step()
    assert loop.known == set()


def test_accumulated_gradients_have_a_remaining_time_and_no_total(loop):
    with loop.watch() as run:
        for number in range(40):
            loop.backward()
            if number % 4 == 3:
                loop.optimizer.step()
                loop.optimizer.zero_grad()
                loop.record()
        state = run.state()
        assert run.steps == 10
    assert loop.known == set()
    assert state.remaining == 0


def test_skipped_steps_leave_no_total(loop):
    with loop.watch():
        for number in range(20):
            if number < 8 or number % 3:
                loop.step()
    assert loop.totals[:10] == [None] + [20] * 8 + [None]
    assert set(loop.totals[9:]) == {None}


def test_two_optimizers_that_step_once_have_the_length_of_the_loop(loop):
    other = torch.optim.SGD([loop.model.bias], lr=0.01)
    loop.optimizer = torch.optim.SGD([loop.model.weight], lr=0.01)
    with lk.watch(loop.model, [loop.optimizer, other], show=False) as loop.run:
        for _ in range(8):
            loop.optimizer.zero_grad()
            other.zero_grad()
            loop.backward()
            loop.optimizer.step()
            other.step()
            loop.record()
    assert loop.known == {8}


def test_updates_by_hand_have_the_length_of_the_loop(loop):
    del loop.optimizer
    with lk.watch(loop.model, show=False) as loop.run:
        for _ in range(8):
            loop.backward()
            with torch.no_grad():
                for parameter in loop.model.parameters():
                    parameter.sub_(parameter.grad, alpha=0.01)
                    parameter.grad = None
            loop.record()
    assert loop.known == {8}
    assert loop.run.steps == 8


def test_a_total_that_is_set_takes_priority(loop):
    with loop.watch() as run:
        run.total_steps = 50
        for _ in range(5):
            loop.step()
        assert (run.state().total_steps, run.state().length_source) == (50, "run.total_steps")
        run.total_steps = None
        assert run.total_steps == 5
    assert loop.totals == [50] * 5


@pytest.mark.parametrize("total", [0, -3])
def test_a_total_below_one_is_refused(total):
    with pytest.raises(ValueError, match=r"at least 1.*Example"):
        lk.watch(torch.nn.Linear(1, 1), show=False).total_steps = total


@pytest.mark.parametrize("total", [1.5, "3", True, [3]])
def test_a_total_that_is_no_whole_number_is_refused(total):
    with pytest.raises(TypeError, match=f"not {type(total).__name__}. Example"):
        lk.watch(torch.nn.Linear(1, 1), show=False).total_steps = total


def test_nothing_is_left_when_the_code_that_trains_has_ended(loop):
    run = loop.watch()
    for _ in range(3):
        loop.step()
    assert run.total_steps == 3
    run.code_ended("the cell ended")
    assert (run.status, run.total_steps, run.state().remaining) == ("idle", None, None)
    for _ in range(2):
        loop.step()
    assert loop.totals == [None, 3, 3, None, 5]


def test_a_network_that_steps_more_often_than_the_other_leaves_no_wrong_total(loop):
    generator, critic = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=0.01)
    c_optimizer = torch.optim.SGD(critic.parameters(), lr=0.01)
    with lk.watch({"G": generator, "C": critic}, show=False) as loop.run:
        for _ in range(6):
            for _critic_step in range(3):
                c_optimizer.zero_grad()
                critic(generator(torch.ones(4, 2)).detach()).mean().backward()
                c_optimizer.step()
            g_optimizer.zero_grad()
            critic(generator(torch.ones(4, 2))).mean().backward()
            g_optimizer.step()
            loop.record()
        steps = loop.run.steps
    assert loop.known <= {steps}
