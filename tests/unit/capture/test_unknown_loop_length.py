"""Loops whose length is not certain: nothing is said of them."""

import linecache
import types

import pytest

from .counted_loop import loader


def in_while(loop):
    number = 0
    while number < 5:
        number += 1
        for _ in range(2):
            loop.step()


def in_comprehension(loop):
    return [loop.step() for _ in range(5)]


def in_generator(loop):
    def steps():
        for _ in range(5):
            loop.step()
            yield

    for _ in range(2):
        list(steps())


def over_generator(loop):
    for _ in (number for number in range(5)):
        loop.step()


def over_unknown_inner(loop):
    for _ in range(3):
        for _number in iter([1, 2]):
            loop.step()


def with_changed_variable(loop):
    for number in range(5):
        loop.step()
        number += 1  # noqa: PLW2901


def with_changed_length(loop):
    n = 5
    for _ in range(n):
        loop.step()
        n = 3


def with_growing_list(loop):
    queue = [object()]
    for _ in queue:
        loop.step()
        if len(queue) < 5:
            queue.append(object())


def with_dependent_length(loop):
    for outer in range(4):
        for _ in range(outer):
            loop.step()


def of_range(loop, n):
    for _ in range(n):
        loop.step()


def with_varying_argument(loop):
    for length in (2, 3, 4, 3, 4):
        of_range(loop, length)


def with_own_range(loop):
    def range(n):
        return [*"abc"]

    for _ in range(5):
        loop.step()


def with_property(loop):
    class Options:
        @property
        def epochs(self):
            pytest.fail("code of the user was executed")

    options = Options()
    for _ in [1, 2, 3]:
        for _number in range(3) if loop else range(options.epochs):
            loop.step()


@pytest.mark.parametrize(
    "train",
    [
        in_while,
        in_comprehension,
        in_generator,
        over_generator,
        over_unknown_inner,
        with_changed_variable,
        with_changed_length,
        with_growing_list,
        with_dependent_length,
        with_varying_argument,
        with_own_range,
        with_property,
    ],
)
def test_nothing_is_said_of_a_loop(loop, train):
    with loop.watch() as run:
        train(loop)
        assert run.state().remaining is None
    assert loop.known == set()
    assert run.notices == ()


CELL = """
for epoch in range(EPOCHS):
    for number, (batch,) in enumerate(data):
        loop.step()
"""


def run_cell(shown, space, name="<ipython-input-1>"):
    """Execute a cell as a notebook does: its lines are known, and its code is that of a module."""
    linecache.cache[name] = (len(shown), None, shown.splitlines(keepends=True), name)
    code = compile(shown.replace("%%train", ""), name, "exec")
    host = types.FunctionType(
        compile("def host():\n exec(code, space)\n", "host", "exec").co_consts[0],
        {"__name__": "IPython.core", "code": code, "space": space},
    )
    host()


def test_a_run_of_an_earlier_cell_has_the_length_of_the_cell_that_trains(loop):
    loop.watch()
    space = {"EPOCHS": 3, "data": loader(), "loop": loop, "__name__": "__main__"}
    run_cell(CELL, space)
    assert loop.known == {9}
    assert loop.run.state().length_source == (
        "for epoch in range(EPOCHS), for number, (batch,) in enumerate(data) (line 2)"
    )


def test_a_cell_may_begin_with_a_cell_magic(loop):
    loop.watch()
    space = {"EPOCHS": 3, "data": loader(), "loop": loop, "__name__": "__main__"}
    run_cell(f"\n%%train{CELL}", space, "<ipython-input-2>")
    assert loop.known == {9}


def test_nothing_is_said_of_code_without_source(loop):
    loop.watch()
    space = {"EPOCHS": 3, "data": loader(), "loop": loop, "__name__": "__main__"}
    exec(compile(f"\n\n\n{CELL}", "<no source>", "exec"), space)
    assert loop.known == set()
