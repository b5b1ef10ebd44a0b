"""Every sick run is found by its rule within its steps, and no other rule has a false finding."""

import pytest

from .found_steps import outcome
from .sick import SICK

FOUND = [run for run in SICK if not run.reason]


@pytest.mark.parametrize("sick", FOUND, ids=lambda sick: sick.name)
def test_a_sick_run_is_named_rightly(sick):
    result = outcome(sick.make, seed=0)
    right = {sick.rule, *sick.also}
    assert set(result.found) <= right, result.messages
    steps = [step for rule, step in result.found.items() if rule in right]
    assert steps, "not found"
    assert min(steps) <= sick.by
    for message in result.messages.values():
        assert message.endswith(".")


def test_most_sick_runs_can_be_found():
    assert len(FOUND) >= 40
    assert len(FOUND) > 0.9 * len(SICK)


def test_names_are_unique():
    assert len({run.name for run in SICK}) == len(SICK)
