"""Rule about updates that a gradient scaler skipped."""

from __future__ import annotations

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch

_RECENT_STEPS = 100
_MIN_SKIPPED = 20
"""A scale of 2**16 is below 1 after 17 skipped updates, so it was not just too large at first."""


def _skipped_at_any_scale(evidence: Evidence) -> RuleMatch | None:
    since = evidence.steps - _RECENT_STEPS
    skipped = [step for step in evidence.observed.skipped if step > since]
    if len(skipped) < _MIN_SKIPPED:
        return None
    first = min(skipped[0], evidence.steps)
    done = max(evidence.steps - skipped[0] + 1, 0)
    return RuleMatch(
        f"The gradient scaler skipped {len(skipped)} of the last {len(skipped) + done} updates: "
        "the gradients are not finite at any scale.",
        (max(first, 1), max(evidence.steps, 1)),
    )


RULES = (
    Rule(
        id="updates-skipped",
        severity="error",
        certainty="certain",
        cause="Some operation has an infinite gradient though its value is finite (sqrt, norm or "
        "log at zero), or overflows in half precision.",
        advice=(
            "Add a small number before sqrt, log or a division: torch.sqrt(x + 1e-8).",
            "Find the operation: run one step within torch.autograd.detect_anomaly().",
            (
                "Compute what overflows in float32, within "
                "torch.autocast(device_type, enabled=False)."
            ),
        ),
        match=_skipped_at_any_scale,
        explained_by=("loss-not-finite",),
    ),
)
