"""Training on several threads: no error, and no run records another's values or loses its own."""

import pytest

from tests.apart import assert_passes

from .thread_control_scenarios import CONTROL_SCENARIOS
from .thread_scenarios import TRAINING_SCENARIOS

SECONDS = 60
"""The time limit of a scenario, which takes one or two seconds."""


@pytest.mark.parametrize(
    "scenario", [*TRAINING_SCENARIOS, *CONTROL_SCENARIOS], ids=lambda scenario: scenario.__name__
)
def test_training_on_threads(scenario, tmp_path):
    module = f"tests.unit.capture.{scenario.__module__.rpartition('.')[2]}"
    assert_passes(module, scenario.__name__, tmp_path, seconds=SECONDS)
