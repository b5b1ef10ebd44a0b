"""Runs without a defect have no finding at any time: loops of many forms."""

import pytest

from .healthy import LOOPS
from .healthy.checks import check


@pytest.mark.parametrize("make", LOOPS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_healthy_run_has_no_finding_at_any_time(make, seed, shown_findings):
    check(make, seed, shown_findings)
