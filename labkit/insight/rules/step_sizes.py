"""Rules about steps that something makes negligible: a schedule, or the clipping of gradients."""

from __future__ import annotations

import numpy as np

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch

_DECAYED = 1e-4
"""Learning rate over its largest value, below which steps are negligible."""
_MIN_STEPS_DECAYED = 50
_LOW, _HIGH = 1e-3, 0.8
"""Learning rate over its largest value: the ends of a swing."""
_MIN_SWINGS = 3
_MIN_RISE = 2
"""Steps from the lower to the upper end of a swing; a restart takes one."""
_MAX_PERIOD = 100
_MIN_CHANGES = 3
"""Distinct learning rates of a schedule that decays, after the largest one."""
_MIN_GRADIENT = 1e-3
"""Gradient norm over weight norm, below which training has converged."""
_CLIPPED = 1e-3
"""Norm of the clipped gradient over that before clipping."""
_MIN_ROWS = 3
_MIN_STEPS_CLIPPED = 100
_NO_PROGRESS = 0.95
"""Final loss over initial loss, above which the model has not learned."""


def _decayed(evidence: Evidence) -> RuleMatch | None:
    return _decayed_to_nothing(evidence) or _swinging(evidence)


def _swinging(evidence: Evidence) -> RuleMatch | None:
    """Match a rate that falls to 0 and rises again, as past the end of a cosine schedule.

    Restarts rise in one step, and cycles that are meant do not reach 0.
    """
    for curve in evidence.rates:
        rates = curve.finite.astype(np.float64)
        if len(rates) < _MIN_STEPS_DECAYED or not rates.max() > 0:
            continue
        is_low, is_high = rates <= _LOW * rates.max(), rates >= _HIGH * rates.max()
        ends = np.flatnonzero(is_low | is_high)
        rises = ends[1:][is_high[ends[1:]] & is_low[ends[:-1]]]
        starts = ends[:-1][is_high[ends[1:]] & is_low[ends[:-1]]]
        if len(rises) < _MIN_SWINGS or np.median(rises - starts) < _MIN_RISE:
            continue
        period = float(np.median(np.diff(rises)))
        if period > _MAX_PERIOD:
            continue
        return RuleMatch(
            f"The learning rate swings: it falls from {rates.max():.3g} to {rates.min():.1g} and "
            f"rises again every {period:.0f} steps, {len(rises)} times so far.",
            (int(curve.steps[0]), int(curve.steps[-1])),
            series=(f"lr/{curve.name}", *([evidence.loss.name] if evidence.loss else [])),
        )
    return None


def _decayed_to_nothing(evidence: Evidence) -> RuleMatch | None:
    for curve in evidence.rates:
        known = np.isfinite(curve.values)
        steps, rates = curve.steps[known], curve.values[known].astype(np.float64)
        if not len(rates) or not rates.max() > 0:
            continue
        peak = int(rates.argmax())
        after, later = rates[peak:], steps[peak:]
        negligible = np.flatnonzero(after > _DECAYED * rates[peak])
        first = int(negligible[-1]) + 1  # all later rates are negligible
        if first >= len(after) or len(np.unique(after)) <= _MIN_CHANGES:
            continue
        since, last = int(later[first]), int(later[-1])
        is_long = last - since >= max(_MIN_STEPS_DECAYED, since - int(later[0]))
        if not is_long or not _has_gradient(evidence):
            continue
        now = f"{after[-1]:.1g}" if after[-1] > 0 else "0"
        return RuleMatch(
            f"The learning rate has decayed to nothing: from {rates[peak]:.3g} to "
            f"{now}. Since step {since:,} it is below {_DECAYED:g} of its largest value, "
            f"so the {last - since:,} steps since then hardly move a weight.",
            (since, last),
            series=(f"lr/{curve.name}", *([evidence.loss.name] if evidence.loss else [])),
        )
    return None


def _has_gradient(evidence: Evidence) -> bool:
    """Return whether there is still a gradient to follow, so that training has not converged."""
    gradients, weights = evidence.table("grad_norm"), evidence.table("weight_norm")
    if gradients is None or weights is None or not len(gradients) or not len(weights):
        return False
    now = float(np.median(gradients.recent(_MIN_ROWS).row_norms()))
    return now > _MIN_GRADIENT * weights.norm_of_medians()


def _clipped(evidence: Evidence) -> RuleMatch | None:
    before, after = evidence.table("grad_norm_unclipped"), evidence.table("grad_norm")
    curve = evidence.loss
    if before is None or after is None or curve is None:
        return None
    if evidence.steps < _MIN_STEPS_CLIPPED or len(before) < _MIN_ROWS or len(after) < _MIN_ROWS:
        return None
    if not curve.final() > _NO_PROGRESS * curve.initial():
        return None
    is_common = np.isin(after.steps, before.steps)
    whole = float(np.median(before.row_norms()))
    used = float(np.median(after.row_norms()[is_common])) if is_common.any() else 0.0
    if not 0 < used < _CLIPPED * whole:
        return None
    return RuleMatch(
        f"The gradients are clipped to nothing: their norm is {whole:.3g} before clipping and "
        f"{used:.1g} after it, and in {evidence.steps:,} steps the loss went from "
        f"{curve.initial():.4g} to {curve.final():.4g}.",
        (int(before.steps[0]), int(after.steps[-1])),
        series=(curve.name, *(f"grad_norm/{name}" for name in after.names[:1])),
    )


RULES = (
    Rule(
        id="rate-decayed",
        severity="warning",
        about_standstill=True,
        cause="scheduler.step() is called after every batch, though the schedule counts epochs, or "
        "the factor of the decay is too small for so many steps. Past the end of its period, a "
        "cosine schedule rises again.",
        advice=(
            "Call scheduler.step() once per epoch, or give the schedule its length in steps.",
            "Print scheduler.get_last_lr() at the end of each epoch.",
        ),
        match=_decayed,
        chapter="03_linear_regression",
        explained_by=("loss-not-finite", "no-change"),
    ),
    Rule(
        id="clipped-to-nothing",
        severity="warning",
        cause="The limit of clip_grad_norm_ or clip_grad_value_ is far below the usual size of the "
        "gradients, so each step is shortened by as much.",
        advice=(
            "Clip to a norm of 1, or to a value that few gradients exceed: plot grad_norm first.",
            "Look at whether the limit was meant for another optimizer or another loss.",
        ),
        match=_clipped,
        chapter="09_rnn",
        explained_by=("loss-not-finite",),
    ),
)
