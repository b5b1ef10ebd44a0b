"""Checks and data sets leave the random state as it was, and stubs are told from answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from labkit.learn import diabetes, digits, moons
from labkit.learn.chapters import chapter_names, load_plan
from labkit.learn.checks import Case, check_answer
from labkit.learn.checks.stub import is_open


def _noisy(*arguments):
    torch.manual_seed(123)
    return torch.rand(3)


def _random_states():
    return torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002 - the global state


@pytest.mark.parametrize("action", [digits, diabetes, moons])
def test_the_global_random_state_is_unchanged(action):
    before = [
        state.copy() if hasattr(state, "copy") else state.clone() for state in _random_states()
    ]
    action()
    for old, new in zip(before, _random_states(), strict=True):
        assert (np.asarray(old) == np.asarray(new)).all()


def test_checking_exercises_does_not_change_the_random_state():
    before = torch.get_rng_state()
    for name in chapter_names():
        for exercise in load_plan(name).exercises:
            check_answer(exercise, _noisy)
    assert torch.equal(before, torch.get_rng_state())


def test_in_place_changes_apply_to_a_copy_of_the_arguments():
    table = torch.zeros(2)
    case = Case(table)
    case.build()[0].add_(1)
    assert table.tolist() == case.build()[0].tolist() == [0, 0]


def test_a_function_without_code_is_open():
    def untouched(x): ...

    def with_a_comment(x):
        """Return the mean."""
        # Put your code in place of the dots.

    def forgot_to_return(x):
        x + 1

    def constant(x):
        return 3

    assert is_open(untouched)
    assert is_open(with_a_comment)
    assert not is_open(forgot_to_return)
    assert not is_open(constant)
