"""A gradient scaler skips some updates in every run; only those at any scale are a finding."""

import pytest

from labkit.insight import RuleEvaluator
from labkit.insight.rules import mixed_precision
from labkit.run import Run


def findings_with(skipped, steps):
    run = Run("demo")
    run.advance_to(steps)
    run.observations.skipped.extend(skipped)
    return RuleEvaluator(mixed_precision.RULES).evaluate(run)


@pytest.mark.parametrize(
    ("skipped", "steps"),
    [([1] * 17, 50), (range(10, 210, 10), 210), ([1] * 64, 300)],
    ids=["large first scale", "scale that grows often", "long ago"],
)
def test_the_search_for_a_scale_is_no_finding(skipped, steps):
    assert findings_with(skipped, steps) == ()


def test_a_run_without_any_update_is_a_finding():
    (finding,) = findings_with([1] * 30, 0)
    assert finding.message.startswith("The gradient scaler skipped 30 of the last 30 updates")
    assert finding.steps == (1, 1)
    assert finding.severity == "error"
