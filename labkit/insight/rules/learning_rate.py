"""Rules about the size of the updates: too large, too small, zero, or dominated by decay."""

from __future__ import annotations

import numpy as np

from labkit.insight.evidence import Evidence
from labkit.insight.recent_rows import RecentRows
from labkit.insight.rule import Rule, RuleMatch

_MIN_ROWS = 3
_MIN_STEPS = 20
_LARGE_RATIO = 0.1
"""Update ratio of a learning rate that is too high."""
_SMALL_RATIO = 1e-5
"""Update ratio of a learning rate that is too low."""
_REPORTED_RATIO = 0.01
"""Update ratio above which the message mentions it."""
_CONVERGED_RATIO = 1e-3
"""Total gradient norm over total weight norm, below which training has converged."""
_DIVERGED = 3.0
"""Final loss over the initial and the lowest loss, above which the loss diverges."""
_NO_PROGRESS = 0.9
"""Final loss over initial loss, above which large updates have no effect."""
_SLOW_STEPS = 100
_SLOW_PROGRESS = 0.95
"""Final loss over initial loss, above which small updates are too small."""
_SHRUNK = 0.3
"""Weight norm over its initial value."""
_BALANCED_PULL = 0.5
"""Gradient norm over the pull of the decay, above which the gradient balances it."""
_BALANCED_NORM = 0.1
"""Weight norm over its initial value, above which a balanced weight is not reported."""


def _too_high(evidence: Evidence) -> RuleMatch | None:
    curve = evidence.loss
    if curve is None or evidence.steps < _MIN_STEPS:
        return None
    first, last = curve.initial(1), curve.final()
    finite = curve.values[np.isfinite(curve.values)]
    if not len(finite):
        return None
    lowest = float(finite.min())
    ratios = evidence.table("update_ratio")
    ratio = _update_ratio(ratios, evidence) if ratios is not None and len(ratios) else 0.0
    diverges = last > _DIVERGED * max(first, 1e-12) and last > _DIVERGED * max(lowest, 1e-12)
    oscillates = (
        ratio > _LARGE_RATIO and last > _NO_PROGRESS * first and evidence.steps >= _SLOW_STEPS
    )
    if not diverges and not oscillates:
        return None
    moved = f", and a step moves a typical weight by {ratio:.0%} of its size"
    moved = moved if ratio > _REPORTED_RATIO else ""
    change = f"went from {first:.4g} to {last:.4g}" if diverges else f"stays at {last:.4g}"
    rates = [f"lr/{rate.name}" for rate in evidence.rates[:1]]
    return RuleMatch(
        f"The learning rate is too high: the loss {change} (lowest {lowest:.4g}){moved}.",
        (int(curve.steps[0]), int(curve.steps[-1])),
        series=(curve.name, *rates),
    )


def _too_low(evidence: Evidence) -> RuleMatch | None:
    curve, ratios = evidence.loss, evidence.table("update_ratio")
    if curve is None or ratios is None or len(ratios) < _MIN_ROWS:
        return None
    if evidence.steps < _SLOW_STEPS or not curve.final() > _SLOW_PROGRESS * curve.initial():
        return None
    ratio = _update_ratio(ratios, evidence, of="largest")
    if not 0 < ratio < _SMALL_RATIO or _has_converged(evidence):
        return None
    rates = [f"lr/{rate.name}" for rate in evidence.rates[:1]]
    return RuleMatch(
        f"The learning rate is too low: a step moves no weight by more than {ratio:.0e} of its "
        f"size (0.001 is customary), and in {evidence.steps:,} steps the loss went from "
        f"{curve.initial():.4g} to {curve.final():.4g}.",
        (int(curve.steps[0]), int(curve.steps[-1])),
        series=(curve.name, *rates),
    )


def _has_converged(evidence: Evidence) -> bool:
    """Return whether the gradients are negligible compared with the weights."""
    gradients, weights = evidence.table("grad_norm"), evidence.table("weight_norm")
    if gradients is None or weights is None or not len(gradients) or not len(weights):
        return False
    return float(np.median(gradients.row_norms())) < _CONVERGED_RATIO * weights.norm_of_medians()


def _no_change(evidence: Evidence) -> RuleMatch | None:
    ratios = evidence.table("update_ratio")
    if ratios is None or len(ratios) < _MIN_ROWS:
        return None
    recent = ratios.recent(_MIN_ROWS)
    newest = ratios.newest()
    read, known = recent.values[~np.isnan(recent.values)], newest[~np.isnan(newest)]
    if not len(read) or (read != 0).any() or (known != 0).any():
        return None
    rates = [float(rate.values[-1]) for rate in evidence.rates if len(rate)]
    if rates and max(rates) == 0:
        why = "the learning rate is 0"
    elif _has_gradients(evidence):
        why = "they have gradients, but the steps are too small for the precision of the weights"
        why = why if rates else "they have gradients, but no optimizer uses them"
    else:
        why = "their gradients are 0"
    return RuleMatch(
        f"The optimizer's steps change nothing: no weight has moved since step "
        f"{int(recent.steps[0]):,}; {why}.",
        (int(recent.steps[0]), int(recent.steps[-1])),
        series=tuple(f"lr/{rate.name}" for rate in evidence.rates[:1]),
    )


def _has_gradients(evidence: Evidence) -> bool:
    gradients = evidence.table("grad_norm")
    return gradients is not None and bool((gradients.newest()[-1] > 0).any())


def _decay_too_strong(evidence: Evidence) -> RuleMatch | None:
    decay = evidence.observed.weight_decay
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


def _update_ratio(ratios: RecentRows, evidence: Evidence, of: str = "median") -> float:
    """Return the recent update ratio of the weights; 0 if none was read.

    Parameters
    ----------
    ratios : RecentRows
        Rows of the kind ``"update_ratio"``.
    evidence : Evidence
    of : {"median", "largest"}
        The reduction over the weights.
    """
    weights = ratios.only(evidence.matrices) if evidence.matrices else ratios
    medians = (weights if weights.names else ratios).recent(8).medians()
    medians = medians[np.isfinite(medians)]
    if not len(medians):
        return 0.0
    return float(medians.max() if of == "largest" else np.median(medians))


RULES = (
    Rule(
        id="learning-rate-too-high",
        severity="error",
        cause="Each step goes too far: over the valley and up its other side.",
        advice=(
            "Divide the learning rate by ten.",
            "Scale the inputs, so that one learning rate suits all weights.",
            "Clip the gradients, or let the rate rise slowly at the beginning.",
        ),
        match=_too_high,
        chapter="03_linear_regression",
        explained_by=("gradients-not-cleared", "input-not-scaled", "weight-decay-too-strong"),
    ),
    Rule(
        id="learning-rate-too-low",
        severity="warning",
        cause="Each step is too short to get anywhere in a reasonable time.",
        advice=("Multiply the learning rate by ten, and again, until the loss becomes unsteady.",),
        match=_too_low,
        chapter="03_linear_regression",
        explained_by=(
            "no-change",
            "vanishing-gradients",
            "exploding-gradients",
            "rate-decayed",
            "clipped-to-nothing",
        ),
    ),
    Rule(
        id="no-change",
        severity="error",
        cause="A learning rate of 0 (a schedule that has ended, a warm-up that begins at 0), "
        "gradients that are all zero, or an optimizer that holds other parameters than the "
        "model's.",
        advice=(
            "Print optimizer.param_groups[0]['lr'], and look at the scheduler.",
            "Look whether the optimizer was made with the parameters of this very model.",
        ),
        match=_no_change,
        chapter="03_linear_regression",
    ),
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
