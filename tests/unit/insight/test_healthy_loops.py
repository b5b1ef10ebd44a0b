"""Runs without a defect have no finding at any time: loops of many forms."""

from .healthy import LOOPS
from .healthy.checks import check

HEALTHY = LOOPS


def test_a_healthy_run_has_no_finding_at_any_time(make, seed, shown_findings):
    check(make, seed, shown_findings)
