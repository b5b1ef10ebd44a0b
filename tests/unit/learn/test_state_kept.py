"""Checks and data sets leave the random state as it was, and stubs are told from answers."""

from __future__ import annotations

import functools
import io
import os
import sys
import time
import warnings

import numpy as np
import pytest
import torch

from labkit.learn import diabetes, digits, moons
from labkit.learn.chapters import chapter_names, load_plan
from labkit.learn.checks import Case, Exercise, check_answer
from labkit.learn.checks.endless import check_patiently
from labkit.learn.checks.kernel_state import MODES
from labkit.learn.checks.stub import is_open

DOUBLE = Exercise(
    name="double",
    task="Twice a number.",
    solution=lambda a: 2 * a,
    cases=(Case(2), Case(3), Case(0)),
    praise="Yes.",
    hints=("", "", ""),
)


async def _coroutine(a):
    return 2 * a


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


@pytest.mark.parametrize("constant", ["3", "300", "-1", "2.303", "'GRU'", "True", "()", "(1, 2)"])
def test_a_function_that_returns_a_constant_is_an_answer(constant):
    space = {}
    exec(f"def answer(x):\n    return {constant}\nshort = lambda x: {constant}", space)
    assert not is_open(space["answer"])
    assert not is_open(space["short"])


def _right(a):
    return 2 * a


def _many_threads(a):
    torch.set_num_threads(torch.get_num_threads() + 1)
    return 2 * a


def _deterministic(a):
    torch.use_deterministic_algorithms(True)
    return 2 * a


def _anomalies(a):
    torch.autograd.set_detect_anomaly(True)
    return 2 * a


def _elsewhere(a):
    os.chdir("/")
    return 2 * a


def _seed_assigned(a):
    torch.manual_seed = 0
    return 2 * a


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_many_threads, "number of threads"),
        (_deterministic, "deterministic algorithms"),
        (_anomalies, "detection of anomalies"),
        (_elsewhere, "working directory"),
        (_seed_assigned, "in the place of `torch.manual_seed`"),
    ],
)
def test_what_an_answer_leaves_changed_is_put_back_and_named(answer, words):
    # PyTorch wraps functions of its own when its compiler is first loaded, as this does.
    torch.use_deterministic_algorithms(torch.are_deterministic_algorithms_enabled())
    before = [mode.read() for mode in MODES], torch.manual_seed
    verdict = check_answer(DOUBLE, answer)
    assert verdict.mistake == "kernel_changed"
    assert words in verdict.paragraphs[0]
    assert ([mode.read() for mode in MODES], torch.manual_seed) == before


def test_what_changes_no_result_is_put_back_without_a_word():
    def answer(a):
        warnings.simplefilter("error")
        np.seterr(divide="raise")
        sys.setrecursionlimit(sys.getrecursionlimit() + 1)
        sys.stdout = io.StringIO()
        return 2 * a

    before = [*warnings.filters], np.geterr(), sys.getrecursionlimit(), sys.stdout
    assert check_answer(DOUBLE, answer).outcome == "right"
    assert ([*warnings.filters], np.geterr(), sys.getrecursionlimit(), sys.stdout) == before


class _Silent(Exception):  # noqa: N818 - a learner's name
    def __str__(self):
        raise RuntimeError("no text")


class _Cancelled(BaseException):
    pass


@pytest.mark.parametrize("error", [_Silent, _Cancelled, GeneratorExit, SystemExit])
def test_whatever_an_answer_raises_is_named(error):
    def answer(a):
        raise error

    assert f"raised `{error.__name__}`" in check_answer(DOUBLE, answer).paragraphs[0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda a: torch.empty(2, device="meta"), "on the device `meta`, which holds no values"),
        (lambda a: torch.eye(2).to_sparse(), "whose layout is `torch.sparse_coo`"),
        (_coroutine, "a coroutine (`async def` makes one; write `def`)"),
    ],
    ids=["meta", "sparse", "coroutine"],
)
def test_results_without_readable_values_are_described(make, words):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert words in check_answer(DOUBLE, make).paragraphs[0]


@pytest.mark.parametrize(
    "answer",
    [
        functools.partial(lambda factor, a: factor * a, 2),
        type("Doubling", (), {"__call__": lambda self, a: 2 * a})(),
        functools.lru_cache(_right),
        torch.no_grad()(_right),
        eval("lambda a: 2 * a"),
        (2).__mul__,
    ],
    ids=["partial", "object", "cached", "decorated", "no source", "built in"],
)
def test_anything_that_can_be_called_is_an_answer(answer):
    assert check_answer(DOUBLE, answer).outcome == "right"


def test_an_answer_that_takes_long_is_mentioned_and_an_interrupted_one_located(capsys):
    def answer(a):
        while "interrupt the kernel" not in capsys.readouterr().out:
            time.sleep(0.001)
        raise KeyboardInterrupt  # as the kernel does

    with pytest.raises(KeyboardInterrupt) as stopped:
        check_patiently(DOUBLE, answer, patience=0.001)
    assert "in the line `raise KeyboardInterrupt" in stopped.value.__notes__[0]


def test_a_default_device_that_is_named_leaves_no_mode():
    def answer(a):
        torch.set_default_device("cpu")
        return 2 * a

    before = len(torch.overrides._get_current_function_mode_stack())
    assert check_answer(DOUBLE, answer).outcome == "right"
    assert len(torch.overrides._get_current_function_mode_stack()) == before
