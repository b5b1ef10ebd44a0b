"""What is said of the length of any nest of loops is true."""

import linecache

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from labkit.capture.hooks import loaders
from labkit.capture.loop_length.estimate import LoopEstimate
from labkit.capture.loop_length.nest import read_nest
from labkit.capture.loop_length.surroundings import Surroundings

KINDS = {
    "range": "for a{0} in range({1}):",
    "bounds": "for a{0} in range(7, 7 + 3 * {1}, 3):",
    "name": "for a{0} in range(n{0}):",
    "list": "for a{0} in items{0}:",
    "enumerate": "for a{0}, b{0} in enumerate(items{0}):",
    "zip": "for a{0}, b{0} in zip(range({1}), items{0}):",
    "loader": "for b{0} in loader{0}:",
    "iterator": "for b{0} in iter(items{0}):",
    "argument": "for a{0} in range(length({1})):",
}
# Not that which explains a failure, as the variables of functions that are traced are not read.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
levels = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 4)), max_size=3)


@pytest.fixture(scope="module", autouse=True)
def hooks():
    loaders.install()
    yield
    loaders.uninstall()


class Counter:
    """Counts steps, and collects what is said after each of them."""

    def __init__(self):
        self.surroundings, self.estimate = Surroundings(), LoopEstimate()
        self.steps, self.said = 0, []

    def step(self):
        self.steps += 1
        length = self.estimate.add(self.steps, read_nest(self.surroundings))
        self.said.append(None if length is None else length.total)


def loader(length):
    return DataLoader(TensorDataset(torch.zeros(2 * length)), batch_size=2)


def program(outer, inner, skip, stop):
    """Return the source of a function: loops that call a function with further loops."""
    lines = ["def inner():"]
    indent = "    "
    for number, (kind, length) in enumerate(inner, start=len(outer)):
        lines.append(indent + KINDS[kind].format(number, length))
        indent += "    "
    lines += [f"{indent}count[0] += 1"]
    lines += [f"{indent}if count[0] % {skip} == 0: return" if skip else f"{indent}pass"]
    lines += [f"{indent}counter.step()", "def run():", "    pass"]
    indent = "    "
    for number, (kind, length) in enumerate(outer):
        lines.append(indent + KINDS[kind].format(number, length))
        indent += "    "
    lines += [f"{indent}inner()"]
    lines += [f"{indent}if count[0] == {stop}: break" if stop and outer else f"{indent}pass"]
    return "\n".join(lines) + "\n"


@settings(max_examples=150, deadline=None, phases=PHASES)
@given(outer=levels, inner=levels, stop=st.integers(0, 6))
def test_a_total_is_the_number_of_steps_that_the_loops_take(outer, inner, stop):
    all_levels = [*outer, *inner]
    total, counter = execute(outer, inner, 0, stop)
    said = {each for each in counter.said if each is not None}
    assert said <= {total}
    kinds = {kind for kind, _ in all_levels}
    if "iterator" in kinds or "argument" in kinds or not all_levels:
        assert said == set()
    elif counter.steps and not inner and (len(outer) == 1 or not stop):
        assert counter.said == [None, *[total] * (counter.steps - 1)]


@settings(max_examples=50, deadline=None, phases=PHASES)
@given(outer=levels, inner=levels, skip=st.integers(2, 4))
def test_no_total_is_said_after_a_step_was_left_out(outer, inner, skip):
    _, counter = execute(outer, inner, skip, 0)
    assert all(each is None for each in counter.said[skip:])


def execute(outer, inner, skip, stop):
    """Execute a program; return the number of steps without `skip` and `stop`, and its counter."""
    source, total = program(outer, inner, skip, stop), 1
    space = {"count": [0], "length": lambda length: length, "counter": Counter()}
    for number, (_, length) in enumerate([*outer, *inner]):
        total *= length
        space |= {f"n{number}": length, f"items{number}": [object() for _ in range(length)]}
        space[f"loader{number}"] = loader(length)
    name = f"<program {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), space)
    try:
        space["run"]()
    finally:
        linecache.cache.pop(name)
    return total, space["counter"]
