"""Runs without a defect have no finding at any time: models, losses and data of many kinds."""

from .healthy import MODELS
from .healthy.checks import check

HEALTHY = MODELS


def test_a_healthy_run_has_no_finding_at_any_time(make, seed, shown_findings):
    check(make, seed, shown_findings)
