"""Rule about weight decay that shrinks a layer to nothing."""

from __future__ import annotations

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch

_MIN_ROWS = 3
_SHRUNK = 0.3
"""Weight norm over its initial value."""
_BALANCED_PULL = 0.5
"""Gradient norm over the pull of the decay, above which the gradient balances it."""
_BALANCED_NORM = 0.1
"""Weight norm over its initial value, above which a balanced weight is not reported."""
_PROGRESS = 0.8
"""Final loss over initial loss, below which the model learns although its weights shrink."""


def _decay_too_strong(evidence: Evidence) -> RuleMatch | None:
    decay, curve = evidence.observed.weight_decay, evidence.loss
    if curve is not None and curve.final() < _PROGRESS * curve.initial():
        return None
    weights, first = evidence.table("weight_norm"), evidence.first_values("weight_norm")
    if decay <= 0 or weights is None or first is None or len(weights) < _MIN_ROWS:
        return None
    now = weights.newest()[0]
    matrices = [column for column, name in enumerate(weights.names) if name in evidence.matrices]
    shrunk = [c for c in matrices if first[c] > 0 and now[c] < _SHRUNK * first[c]]
    if not shrunk:
        return None
    rate = max((float(r.values[-1]) for r in evidence.rates if len(r)), default=1.0)
    worst = min(shrunk, key=lambda column: float(now[column] / first[column]))
    name, before, after = weights.names[worst], float(first[worst]), float(now[worst])
    gradients = evidence.table("grad_norm")
    if gradients is not None and name in gradients.names and len(gradients):
        pull = float(gradients.medians()[gradients.names.index(name)])
        is_balanced = pull > _BALANCED_PULL * max(decay, decay * rate) * before
        if is_balanced and after > _BALANCED_NORM * before:
            return None
    return RuleMatch(
        f"Weight decay ({decay:g}) swallows {name}: its norm has shrunk from {before:.3g} to "
        f"{after:.3g}, as the decay pulls harder than the gradient.",
        (int(weights.steps[0]), int(weights.steps[-1])),
        tuple(weights.names[column] for column in shrunk[:8]),
        (f"weight_norm/{name}",),
    )


RULES = (
    Rule(
        id="weight-decay-too-strong",
        severity="warning",
        cause="Weight decay pulls every weight towards zero at each step; where the gradient is "
        "weaker, it wins.",
        advice=(
            "Use a smaller weight_decay: 0.01 for AdamW and 0.0001 for SGD are customary.",
            "Leave biases, norms and embeddings out of it, in a parameter group of their own.",
        ),
        match=_decay_too_strong,
        chapter="03_linear_regression",
    ),
)
