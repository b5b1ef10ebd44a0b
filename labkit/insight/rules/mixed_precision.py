"""Rule about updates that a gradient scaler skipped."""

from __future__ import annotations

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch

_RECENT_STEPS = 100
_MIN_SKIPPED = 3
_LOW_FACTOR = 2.0**-4
"""Below it a scaler does not search for the largest factor that does not overflow.

It begins at 2**16, and gradients that overflow half precision at this factor are above 10**6.
"""
_MIN_SKIPPED_AT_UNKNOWN_FACTOR = 20
"""A factor of 2**16 is below `_LOW_FACTOR` after 21 skipped updates."""


def _skipped_at_any_scale(evidence: Evidence) -> RuleMatch | None:
    since = evidence.steps - _RECENT_STEPS
    skipped = [step for step in tuple(evidence.observed.skipped) if step > since]
    factor = evidence.observed.scaler_factor
    if factor is None:
        is_found = len(skipped) >= _MIN_SKIPPED_AT_UNKNOWN_FACTOR
    else:
        is_found = len(skipped) >= _MIN_SKIPPED and factor < _LOW_FACTOR
    if not is_found:
        return None
    first = min(skipped[0], evidence.steps)
    done = max(evidence.steps - skipped[0] + 1, 0)
    lowered = "" if factor is None else f", though it lowered its scale to {factor:.2g}"
    return RuleMatch(
        f"The gradient scaler skipped {len(skipped)} of the last {len(skipped) + done} updates"
        f"{lowered}: the gradients are not finite at any scale.",
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
