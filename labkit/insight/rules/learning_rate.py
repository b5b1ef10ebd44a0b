"""Rules about the size of the updates: too large, too small, zero, or dominated by decay."""

from __future__ import annotations

import numpy as np

from labkit.insight.convergence import has_converged, has_fallen
from labkit.insight.curves import Curve
from labkit.insight.evidence import Evidence
from labkit.insight.recent_rows import RecentRows
from labkit.insight.rule import Rule, RuleMatch

_MIN_ROWS = 3
_MIN_STEPS = 20
_LARGE_RATIO = 0.1
"""Update ratio of a learning rate that is too high."""
_DIVERGED_RATIO = 0.3
"""Largest update ratio of a run, above which a rise of the loss is due to the updates."""
_SMALL_RATIO = 1e-5
"""Update ratio of a learning rate that is too low."""
_REPORTED_RATIO = 0.01
"""Update ratio above which the message mentions it."""
_DIVERGED = 3.0
"""Final loss over the initial and the lowest loss, above which the loss diverges."""
_PEAK = 30.0
"""Largest loss over the first one, above which the first one was not just a low value."""
_SPOILED = 10.0
"""Largest loss over the first one, above which the updates of that step went too far."""
_STEPS_TO_RECOVER = 50
_RISEN = 1.05
"""Largest loss over the first one, above which large updates have made it worse at some step."""
_NO_PROGRESS = 0.9
"""Final loss over initial loss, above which large updates have no effect."""
_SLOW_STEPS = 100
_SLOW_PROGRESS = 0.05
"""Fall of the loss over its initial value, below which small updates are too small."""
_UNCHANGED_STEPS = 30
_ZERO_STEPS = 150
"""Steps with a loss of 0, from which on gradients of 0 are reported."""
_PROGRESS = 0.8
"""Final loss over initial loss, below which the model has recovered."""


def _too_high(evidence: Evidence) -> RuleMatch | None:
    curve = evidence.loss
    if curve is None or evidence.steps < _MIN_STEPS or not len(curve.finite):
        return None
    ratios = evidence.table("update_ratio")
    has_ratios = ratios is not None and len(ratios) > 0
    ratio = _update_ratio(ratios, evidence) if ratios is not None and has_ratios else 0.0
    # A loss may rise because the task has changed. Then the updates are as small as before.
    moves_far = not has_ratios or _largest_ratio(ratios, evidence) > _DIVERGED_RATIO
    diverges = moves_far and _diverges(curve)
    # Weights that begin near 0 have large ratios, too; but then no step makes the loss worse.
    oscillates = (
        ratio > _LARGE_RATIO
        and evidence.steps >= _SLOW_STEPS
        and _makes_no_progress(curve)
        and float(curve.finite.max()) > _RISEN * curve.initial(1)
    )
    if not diverges and not oscillates and not (moves_far and _was_spoiled(curve, evidence)):
        return None
    first, last = curve.initial(1), curve.final()
    lowest, highest = float(curve.finite.min()), float(curve.finite.max())
    change = f"went from {first:.4g} to {last:.4g}" if diverges else f"stays at {last:.4g}"
    extremes = f"lowest {lowest:.4g}, highest {highest:.4g} at step {_step_of_highest(curve):,}"
    moved = f", and a step moves a typical weight by {ratio:.0%} of its size"
    rates = [f"lr/{rate.name}" for rate in evidence.rates[:1]]
    return RuleMatch(
        f"The learning rate is too high: the loss {change} ({extremes})"
        f"{moved if ratio > _REPORTED_RATIO else ''}.",
        (int(curve.steps[0]), int(curve.steps[-1])),
        series=(curve.name, *rates),
    )


def _step_of_highest(curve: Curve) -> int:
    return int(curve.steps[np.where(np.isfinite(curve.values), curve.values, -np.inf).argmax()])


def _diverges(curve: Curve) -> bool:
    """Return whether the loss has risen far above its first, its early and its lowest values."""
    finite = curve.finite
    first, last, lowest = curve.initial(1), curve.final(), float(finite.min())
    if lowest >= 0:
        stands_out = last > _DIVERGED * curve.initial() or finite.max() > _PEAK * first
        return bool(last > _DIVERGED * max(first, lowest) > 0 and stands_out)
    # A negative loss has no ratio. The unit is the range that the loss had at the beginning.
    early = finite[: max(5, len(finite) // 4)]
    unit = max(abs(first), float(early.max() - early.min()))
    return last > max(first, float(np.median(early))) + _DIVERGED * unit


def _makes_no_progress(curve: Curve) -> bool:
    """Return whether a loss that is never negative does not fall; others have no such level."""
    return bool(
        curve.finite.min() >= 0
        and curve.final() > _NO_PROGRESS * curve.initial(1)
        and not curve.is_falling()
    )


def _was_spoiled(curve: Curve, evidence: Evidence) -> bool:
    """Return whether the loss once rose far above its first value, and did not recover."""
    first = curve.initial(1)
    if evidence.steps - _step_of_highest(curve) < _STEPS_TO_RECOVER or curve.finite.min() < 0:
        return False
    return bool(curve.finite.max() > _SPOILED * first > 0 and curve.final() > _PROGRESS * first)


def _too_low(evidence: Evidence) -> RuleMatch | None:
    curve, ratios = evidence.loss, evidence.table("update_ratio")
    if curve is None or ratios is None or len(ratios) < _MIN_ROWS:
        return None
    first, last = curve.initial(), curve.final()
    if evidence.steps < _SLOW_STEPS or not first - last < _SLOW_PROGRESS * abs(first):
        return None
    ratio = _largest_ratio(ratios, evidence)
    if not 0 < ratio < _SMALL_RATIO or evidence.rates_rise or has_converged(evidence):
        return None
    rates = [f"lr/{rate.name}" for rate in evidence.rates[:1]]
    return RuleMatch(
        f"The learning rate is too low: no step has moved a weight by more than {ratio:.0e} of "
        f"its size (0.001 is customary), and in {evidence.steps:,} steps the loss went from "
        f"{first:.4g} to {last:.4g}.",
        (int(curve.steps[0]), int(curve.steps[-1])),
        series=(curve.name, *rates),
    )


def _no_change(evidence: Evidence) -> RuleMatch | None:
    ratios = evidence.table("update_ratio")
    if ratios is None or len(ratios) < _MIN_ROWS:
        return None
    moved = ((ratios.values != 0) & ~np.isnan(ratios.values)).any(axis=1)
    since = int(np.flatnonzero(moved)[-1]) + 1 if moved.any() else 0
    still = ratios.recent(len(ratios) - since) if since < len(ratios) else None
    if still is None or len(still) < _MIN_ROWS or np.isnan(still.values).all():
        return None
    if evidence.steps - still.steps[0] < _UNCHANGED_STEPS:
        return None
    why = _why_still(evidence, still, has_moved=bool(moved.any()))
    if why is None:
        return None
    return RuleMatch(
        f"The optimizer's steps change nothing: no weight has moved since step "
        f"{int(still.steps[0]):,}; {why}.",
        (int(still.steps[0]), int(still.steps[-1])),
        series=tuple(f"lr/{rate.name}" for rate in evidence.rates[:1]),
    )


def _why_still(evidence: Evidence, still: RecentRows, *, has_moved: bool) -> str | None:
    """Return why no weight has moved in some rows; None if nothing is wrong."""
    rates = [float(rate.values[-1]) for rate in evidence.rates if len(rate)]
    if rates and max(rates) == 0:
        return "the learning rate is 0"
    if has_moved and has_fallen(evidence):
        return None
    if _gradients_are_zero(evidence):
        return None if _loss_is_zero(evidence, still) else "their gradients are 0"
    if has_converged(evidence):
        return None
    if not rates:
        return "they have gradients, but no optimizer uses them"
    return "they have gradients, but each step is smaller than the precision of the weights"


def _gradients_are_zero(evidence: Evidence) -> bool:
    gradients = evidence.table("grad_norm")
    if gradients is None:
        return False
    newest = gradients.newest()
    return bool((newest[~np.isnan(newest)] == 0).all())


def _loss_is_zero(evidence: Evidence, still: RecentRows) -> bool:
    """Return whether the loss was 0 at the rows, as without a reward or beyond a margin.

    There is then nothing to learn from. False if it has been 0 for long: something is wrong.
    """
    curve = evidence.loss
    if curve is None:
        return False
    since = curve.values[curve.steps >= still.steps[0]]
    if len(since) >= _ZERO_STEPS and not since.any():
        return False
    at_rows = curve.values[np.isin(curve.steps, still.steps)]
    return len(at_rows) > 0 and not at_rows.any()


def _update_ratio(ratios: RecentRows, evidence: Evidence) -> float:
    """Return the recent update ratio of a typical weight matrix; 0 if none was read."""
    medians = _of_matrices(ratios, evidence).recent(8).medians()
    medians = medians[np.isfinite(medians)]
    return float(np.median(medians)) if len(medians) else 0.0


def _largest_ratio(ratios: RecentRows | None, evidence: Evidence) -> float:
    """Return the largest update ratio of any weight matrix at any step that was read."""
    if ratios is None:
        return 0.0
    values = _of_matrices(ratios, evidence).values
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else 0.0


def _of_matrices(ratios: RecentRows, evidence: Evidence) -> RecentRows:
    """Return the columns of weight matrices: biases that begin at 0 have large update ratios."""
    weights = ratios.only(evidence.matrices)
    return weights if weights.names else ratios


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
        certainty="possible",
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
        certainty="certain",
        about_standstill=True,
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
)
