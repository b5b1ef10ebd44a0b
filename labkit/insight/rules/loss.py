"""Rules about the loss and the logged metrics: not finite, not falling, overfitting."""

from __future__ import annotations

import math
import re

import numpy as np

from labkit.insight.curves import Curve
from labkit.insight.evidence import Evidence
from labkit.insight.recent_rows import largest
from labkit.insight.rule import Rule, RuleMatch

_PLATEAU_STEPS = 150
_NO_PROGRESS = 0.9
"""Loss over initial loss, above which the model has not learned."""
_STILL_FALLING = 0.97
"""Loss of the last quarter over that of the second quarter, below which the loss is falling."""
_GUESSING = 0.9
"""Loss over ln(classes), the cross entropy of guessing, above which a classifier guesses."""
_STATIONARY_RATIO = 1e-4
"""Largest update ratio of weights that hardly change."""
_LOSS_RISE = 1.1
"""Held-out loss over its minimum, above which the model overfits."""
_ACCURACY_DROP = 0.03
"""Decrease of a held-out accuracy from its maximum, above which the model overfits."""
_MIN_POINTS_AFTER_BEST = 3
_FIRST_STEPS = 5
"""Steps whose loss stands for that of a model that has not been trained."""
_HELD_OUT = re.compile(
    r"(^|[_/\- ])(val|valid|validation|test|eval|dev|heldout)([_/\- ]|$)", re.IGNORECASE
)
_LOWER_IS_BETTER = re.compile(r"loss|err|mse|mae|nll|entropy|perplexity|ppl", re.IGNORECASE)
_HIGHER_IS_BETTER = re.compile(r"acc|auc|f1|precision|recall|score|r2", re.IGNORECASE)


def _not_finite(evidence: Evidence) -> RuleMatch | None:
    for curve in evidence.losses:
        points = np.flatnonzero(~np.isfinite(curve.values))
        if not len(points):
            continue
        step = int(curve.steps[points[0]])
        value = "NaN" if np.isnan(curve.values[points[0]]) else "infinite"
        message = f"The {curve.name} became {value} at step {step:,}"
        steps = (step, int(curve.steps[points[-1]]))
        incident = evidence.run.incident
        if incident is None or incident.explanation is None or incident.step != step:
            return RuleMatch(f"{message}.", steps, series=(curve.name,))
        where = (incident.module,) if incident.module else ()
        return RuleMatch(
            f"{message}: {incident.explanation.rstrip('.')}.",
            steps,
            where,
            (curve.name,),
            incident.node,
            incident.line,
        )
    return None


def _plateau(evidence: Evidence) -> RuleMatch | None:
    curve = evidence.loss
    if curve is None or evidence.steps < _PLATEAU_STEPS or not np.isfinite(curve.values[-1]):
        return None
    first, last = curve.initial(), curve.final(0.5)
    chance = math.log(evidence.classes) if evidence.classes and evidence.classes > 1 else None
    if not last > _NO_PROGRESS * first or (chance is not None and last < _GUESSING * chance):
        return None
    if chance is None and _is_stationary(evidence):
        return None
    if curve.final(0.25) < _STILL_FALLING * curve.median_between(0.25, 0.5):
        return None
    message = (
        f"The loss does not fall: it began at {first:.4g} and is at {last:.4g} after "
        f"{evidence.steps:,} steps"
    )
    if chance is not None and last < chance / _GUESSING:
        message += (
            f". Guessing among the {evidence.classes} classes without looking gives {chance:.4g}"
        )
    return RuleMatch(f"{message}.", (int(curve.steps[0]), evidence.steps), series=(curve.name,))


def _is_stationary(evidence: Evidence) -> bool:
    """Return whether the weights hardly change, so that training may have converged."""
    ratios = evidence.table("update_ratio")
    if ratios is None or not len(ratios):
        return False
    return not largest(ratios.medians()) > _STATIONARY_RATIO


def _overfitting(evidence: Evidence) -> RuleMatch | None:
    training = evidence.loss
    if training is None:
        return None
    for curve in evidence.metrics:
        if _HELD_OUT.search(curve.name) and len(curve) > _MIN_POINTS_AFTER_BEST:
            match = _overfits(curve, training)
            if match is not None:
                return match
    return None


def _overfits(held_out: Curve, training: Curve) -> RuleMatch | None:
    """Match a held-out metric that gets worse while the training loss keeps falling."""
    higher_is_better = _HIGHER_IS_BETTER.search(held_out.name) is not None
    if not higher_is_better and not _LOWER_IS_BETTER.search(held_out.name):
        return None
    values = np.where(np.isfinite(held_out.values), held_out.values, np.nan)
    if np.isnan(values).all():
        return None
    best = int(np.nanargmax(values) if higher_is_better else np.nanargmin(values))
    after = values[best + 1 :]
    after = after[~np.isnan(after)]
    if len(after) < _MIN_POINTS_AFTER_BEST:
        return None
    now, peak = float(np.median(after[-_MIN_POINTS_AFTER_BEST:])), float(values[best])
    is_worse = now < peak - _ACCURACY_DROP if higher_is_better else now > peak * _LOSS_RISE
    # A metric that was logged before the first step is compared with the first losses.
    then = training.values[training.steps <= max(held_out.steps[best], _FIRST_STEPS)][-50:]
    if not is_worse or not len(then) or not training.final(0.1) < float(np.median(then)):
        return None
    steps = (int(held_out.steps[best]), int(held_out.steps[-1]))
    return RuleMatch(
        f"{held_out.name} was best at step {steps[0]:,} ({peak:.4g}) and is worse since "
        f"({now:.4g}), while the training loss goes on falling.",
        steps,
        series=(held_out.name, training.name),
    )


RULES = (
    Rule(
        id="loss-not-finite",
        severity="error",
        cause="A division by zero, the logarithm or root of a number that is not positive, an "
        "exponential that is too large, or weights that were pushed away by too large a step.",
        advice=(
            (
                "Look at the operation that is named: keep its input away from zero (an epsilon), "
                "or use the stable form (log_softmax, binary_cross_entropy_with_logits, logsumexp)."
            ),
            "Lower the learning rate, or clip the gradients with clip_grad_norm_.",
            "Look for NaN or infinite values in the data.",
        ),
        match=_not_finite,
        chapter="02_autograd",
    ),
    Rule(
        id="plateau",
        severity="warning",
        cause="The model does not get what it needs from the data: a learning rate that does not "
        "suit, labels that do not belong to the inputs, or a gradient that does not arrive.",
        advice=(
            (
                "Try to learn one single batch by heart. If that fails, something is wrong with "
                "the model, the loss or the labels; if it works, look at the data."
            ),
            "Try learning rates ten times larger and ten times smaller.",
        ),
        match=_plateau,
        chapter="03_linear_regression",
        explained_by=("*",),
    ),
    Rule(
        id="overfitting",
        severity="warning",
        cause="The model learns its training data by heart: it is large for the amount of data, "
        "or it has been trained for too long.",
        advice=(
            "Stop at the step where the held-out data were met best, and keep those weights.",
            "Use more data, or vary what there is (augmentation).",
            "Use weight decay or dropout, or a smaller model.",
        ),
        match=_overfitting,
        chapter="08_cnn",
    ),
)
