"""Heavy use for half a minute per scenario, each in a separate process.

``LABKIT_HAMMER_SECONDS`` sets the duration.
"""

import pytest

from tests.apart import assert_passes

from .scenarios import SCENARIOS, SECONDS

pytestmark = pytest.mark.hammer


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_heavy_use_loses_and_mixes_no_values(scenario, tmp_path):
    assert_passes("tests.hammer.scenarios", scenario.__name__, tmp_path, seconds=2 * SECONDS + 60)
