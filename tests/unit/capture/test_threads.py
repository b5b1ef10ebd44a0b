"""Trainings on several threads: nothing is raised, mixed or lost. Each in a process of its own."""

import pytest

from tests.apart import assert_passes

from .thread_scenarios import SCENARIOS

SECONDS = 60
"""After so many a scenario counts as hanging; it takes one or two."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_threads(scenario, tmp_path):
    module = "tests.unit.capture.thread_scenarios"
    assert_passes(module, scenario.__name__, tmp_path, seconds=SECONDS)
